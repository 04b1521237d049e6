// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The module goes while a buffer is still lent out. The functions are in .exit.text.
 *
 * scenario: exit-bug
 * kind: bug
 * context: process
 * guilty: eb_release
 * script: rmmod exit_bug
 * log: kernel BUG at 
 * frame: eb_release@GUILTY
 * frame: eb_exit@exit
 */
#include <linux/module.h>

struct eb_pool {
	u32 buffers;
	u32 lent;
};

static struct eb_pool eb_pool = { .buffers = 8, .lent = 1 };

static noinline void __exit eb_release(struct eb_pool *pool)
{
	BUG_ON(pool->lent); /* GUILTY */
	pool->buffers = 0;
}

static int __init eb_init(void)
{
	return 0;
}

static void __exit eb_exit(void)
{
	eb_release(&eb_pool); /* @exit */
	pr_info("pool released\n");
}

module_init(eb_init);
module_exit(eb_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A BUG_ON in the module's exit");

/*
 * fault: pool->lent
 */
