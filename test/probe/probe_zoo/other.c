// SPDX-License-Identifier: MIT
#include <linux/compiler.h>
#include "zoo.h"

/* Another one of this name is in zoo.c. */
static noinline __attribute__((noipa)) int zoo_twin(struct zoo_animal *animal)
{
	return animal->weight + animal->legs + 6;
}

/* In zoo.c its second parameter is a number, and there is no third. */
static noinline __attribute__((noipa)) long zoo_disagreed(const char *name, struct zoo_animal *animal, long two)
{
	return name[0] + animal->weight + two;
}

noinline int zoo_other(struct zoo_animal *animal)
{
	return zoo_twin(animal) + (int)zoo_disagreed("other", animal, animal->legs);
}
