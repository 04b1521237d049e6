// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A journal commits a transaction that was already committed. A BUG_ON stops it. The function is the
 * first of the module's text, so the kernel cannot read the bytes before RIP and prints no code.
 *
 * scenario: bug-commit
 * kind: bug
 * context: process
 * guilty: bc_commit
 * script: echo commit > /proc/bug_commit; echo commit > /proc/bug_commit
 * log: kernel BUG at 
 * frame: bc_commit@GUILTY
 * frame: bc_write@write
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>

enum bc_state { BC_RUNNING, BC_COMMITTED };

struct bc_transaction {
	enum bc_state state;
	u64 sequence;
};

static struct bc_transaction *bc_current;

static noinline void bc_commit(struct bc_transaction *transaction)
{
	BUG_ON(transaction->state != BC_RUNNING); /* GUILTY */
	transaction->state = BC_COMMITTED;
	pr_info("transaction %llu committed\n", transaction->sequence);
}

static ssize_t bc_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	bc_commit(bc_current); /* @write */
	return size;
}

static const struct proc_ops bc_ops = { .proc_write = bc_write };

static int __init bc_init(void)
{
	bc_current = kzalloc(sizeof(*bc_current), GFP_KERNEL);
	if (!bc_current)
		return -ENOMEM;
	bc_current->sequence = 41;
	if (!proc_create("bug_commit", 0200, NULL, &bc_ops)) {
		kfree(bc_current);
		return -ENOMEM;
	}
	return 0;
}

static void __exit bc_exit(void)
{
	remove_proc_entry("bug_commit", NULL);
	kfree(bc_current);
}

module_init(bc_init);
module_exit(bc_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A BUG_ON in a write");

/*
 * fault: transaction->state != BC_RUNNING
 */
