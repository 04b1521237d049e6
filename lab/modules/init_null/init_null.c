// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The set-up of a driver reads a resource that this machine does not have. The functions are in .init.text.
 *
 * scenario: init-null
 * kind: null-dereference
 * guilty: in_claim
 * log: BUG: kernel NULL pointer dereference, address: 0000000000000008
 * log: Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008
 * frame: in_claim@GUILTY
 * frame: in_probe@probe < in_init@init
 */
#include <linux/module.h>

struct in_resource {
	u64 start;
	u64 size;
};

static struct in_resource in_memory = { .start = 0xfe000000, .size = 0x1000 };
static struct in_resource *in_resources[] = { &in_memory, NULL };
static u64 in_claimed;

static noinline int __init in_claim(unsigned int index)
{
	const struct in_resource *resource = READ_ONCE(in_resources[index]);

	in_claimed += resource->size; /* GUILTY */
	return in_claimed > 0x10000 ? -EBUSY : 0;
}

static __always_inline int __init in_probe(unsigned int count)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < count && !error; i++)
		error = in_claim(i); /* @probe */
	return error;
}

static int __init in_init(void)
{
	return in_probe(ARRAY_SIZE(in_resources)); /* @init */
}

module_init(in_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A NULL dereference in the module's init");

/*
 * fault: resource->size
 */
