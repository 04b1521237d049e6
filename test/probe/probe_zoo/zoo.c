// SPDX-License-Identifier: MIT
/*
 * A module that crashes nothing: one function for each reason why a function can, or cannot, be traced. The tests ask a kernel that has it loaded and hold what
 * it says, its refusals included, against `oopscope functions --why`. `cat /sys/kernel/debug/probe_zoo/run` calls all of them.
 */
#include <linux/debugfs.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include "zoo.h"

static struct dentry *folder;
static int zoo_sum;

/* Plain: all of it can be traced. */
noinline int zoo_plain(struct zoo_animal *animal, int food)
{
	animal->weight += food;
	return animal->weight;
}

/* Inlined everywhere: there is no code of its own. */
static __always_inline int zoo_inlined(struct zoo_animal *animal)
{
	return animal->weight * 3 + animal->legs;
}

/* Of its parameters one is never used, which the compiler takes away: zoo_trimmed.isra.0 or .constprop.0. */
static noinline int zoo_trimmed(struct zoo_animal *animal, int always, int unused)
{
	if (animal->legs > always)
		zoo_sum += animal->legs;
	return zoo_sum;
}

/* Part of it is behind a door that is hardly ever opened. */
static noinline __attribute__((noipa)) int zoo_partly_cold(struct zoo_animal *animal)
{
	if (unlikely(animal->legs > 1000)) {
		pr_err("zoo: too many legs: %d\n", animal->legs);
		dump_stack();
		return -1;
	}
	return animal->legs + zoo_sum;
}

/* Without a site for ftrace. */
noinline notrace int zoo_notrace(struct zoo_animal *animal)
{
	return animal->weight + 1;
}

/* On the blacklist of kprobes; ftrace may have it. */
noinline int zoo_nokprobe(struct zoo_animal *animal)
{
	return animal->weight + 2;
}
NOKPROBE_SYMBOL(zoo_nokprobe);

/* In the section of its own that kprobes keep out of; __kprobes is notrace for some compilers and not for others. */
noinline __kprobes int zoo_kprobes_section(struct zoo_animal *animal)
{
	return animal->weight + 3;
}

/* Variadic. */
noinline int zoo_variadic(int count, ...)
{
	va_list list;
	int sum = 0;

	va_start(list, count);
	while (count-- > 0)
		sum += va_arg(list, int);
	va_end(list);
	return sum;
}

noinline int zoo_six(int a, int b, int c, int d, int e, int f)
{
	return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + zoo_sum;
}

noinline int zoo_seven(int a, int b, int c, int d, int e, int f, int g)
{
	return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + zoo_sum;
}

noinline int zoo_twelve(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l)
{
	return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10 + k * 11 + l * 12 + zoo_sum;
}

noinline int zoo_thirteen(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l, int m)
{
	return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10 + k * 11 + l * 12 + m * 13 + zoo_sum;
}

/* Structs by value, of 8, 16 and 24 bytes: the first two travel in registers, the last on the stack. */
noinline int zoo_small_struct(struct zoo_small small)
{
	return small.a + small.b + zoo_sum;
}

noinline int zoo_pair_struct(struct zoo_pair pair)
{
	return (int)(pair.a + pair.b) + zoo_sum;
}

noinline int zoo_large_struct(struct zoo_large large)
{
	return (int)(large.a + large.b + large.c) + zoo_sum;
}

/* Five numbers and a pair: seven registers. */
noinline int zoo_crowded_struct(int a, int b, int c, int d, int e, struct zoo_pair pair)
{
	return a + b * 2 + c * 3 + d * 4 + e * 5 + (int)(pair.a + pair.b) + zoo_sum;
}

/* It gives a struct back. */
noinline struct zoo_pair zoo_returns_struct(int a)
{
	struct zoo_pair pair = { a, a + zoo_sum };

	return pair;
}

/* Another one of this name is in other.c. */
static noinline __attribute__((noipa)) int zoo_twin(struct zoo_animal *animal)
{
	return animal->weight + 5 + zoo_sum;
}

/* Also in other.c, with other parameters. */
static noinline __attribute__((noipa)) int zoo_disagreed(struct zoo_animal *animal, int one)
{
	return animal->weight + one + zoo_sum;
}

/* Nobody calls it and nobody can. */
static noinline __used int zoo_used_nowhere(int a)
{
	return a + zoo_sum;
}

static int zoo_run_show(struct seq_file *file, void *unused)
{
	struct zoo_animal animal = { .weight = zoo_sum, .legs = 4 };
	struct zoo_small small = { 1, 2 };
	struct zoo_pair pair = { 3, 4 };
	struct zoo_large large = { 5, 6, 7 };
	int sum = 0;

	sum += zoo_plain(&animal, 1) + zoo_inlined(&animal) + zoo_trimmed(&animal, 2, 3) + zoo_trimmed(&animal, 2, 4) + zoo_partly_cold(&animal);
	sum += zoo_notrace(&animal) + zoo_nokprobe(&animal) + zoo_kprobes_section(&animal) + zoo_variadic(2, sum, 3);
	sum += zoo_six(1, 2, 3, 4, 5, sum) + zoo_seven(1, 2, 3, 4, 5, 6, sum) + zoo_twelve(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, sum);
	sum += zoo_thirteen(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, sum);
	sum += zoo_small_struct(small) + zoo_pair_struct(pair) + zoo_large_struct(large) + zoo_crowded_struct(1, 2, 3, 4, sum, pair);
	sum += (int)zoo_returns_struct(sum).b + zoo_twin(&animal) + zoo_disagreed(&animal, sum) + zoo_other(&animal);
	seq_printf(file, "%d\n", sum);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zoo_run);

/* Its code is gone when the module is there. */
static noinline __attribute__((noipa)) int __init zoo_at_start(int a)
{
	return a + zoo_sum;
}

static int __init zoo_init(void)
{
	zoo_sum = zoo_at_start(7);
	folder = debugfs_create_dir("probe_zoo", NULL);
	debugfs_create_file("run", 0400, folder, NULL, &zoo_run_fops);
	return 0;
}

static void __exit zoo_exit(void)
{
	debugfs_remove_recursive(folder);
}

module_init(zoo_init);
module_exit(zoo_exit);
MODULE_DESCRIPTION("Functions that can and that cannot be traced");
MODULE_LICENSE("Dual MIT/GPL");
