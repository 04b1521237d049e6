// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A callback that runs under a spinlock takes the same spinlock.
 *
 * scenario: self-deadlock
 * kind: soft-lockup
 * context: process
 * append: softlockup_panic=1 rcupdate.rcu_cpu_stall_suppress=1
 * cpus: 2
 * alone:
 * guilty: sd_remove
 * earlier: sd_for_each@lock
 * script: echo 1 > /proc/sys/kernel/watchdog_thresh; echo 1 > /sys/module/self_deadlock/parameters/expire; sleep 30
 * log: watchdog: BUG: soft lockup
 * frame: sd_remove@GUILTY
 * frame: sd_for_each@each
 * frame: sd_set@set
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/spinlock.h>

struct sd_entry {
	struct list_head list;
	bool expired;
};

static DEFINE_SPINLOCK(sd_lock);
static LIST_HEAD(sd_table);
static struct sd_entry sd_entries[3] = { [1] = { .expired = true } };

static noinline void sd_remove(struct sd_entry *entry)
{
	spin_lock(&sd_lock); /* GUILTY */
	list_del_init(&entry->list);
	spin_unlock(&sd_lock);
}

static noinline void sd_for_each(void (*visit)(struct sd_entry *entry))
{
	struct sd_entry *entry, *next;

	spin_lock(&sd_lock); /* @lock */
	list_for_each_entry_safe(entry, next, &sd_table, list)
		if (entry->expired)
			visit(entry); /* @each */
	spin_unlock(&sd_lock);
}

static int sd_set(const char *text, const struct kernel_param *param)
{
	sd_for_each(sd_remove); /* @set */
	pr_info("expired\n");
	return 0;
}

static const struct kernel_param_ops sd_ops = { .set = sd_set };
module_param_cb(expire, &sd_ops, NULL, 0200);

static int __init sd_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sd_entries); i++)
		list_add_tail(&sd_entries[i].list, &sd_table);
	return 0;
}

module_init(sd_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A spinlock taken twice");

/*
 * scenario: self-deadlock-lockdep
 * needs: lockdep
 * kind: deadlock
 * end: any
 * timeout: 40
 * script: echo 1 > /proc/sys/kernel/watchdog_thresh; echo 1 > /sys/module/self_deadlock/parameters/expire; sleep 30
 * log: WARNING: possible recursive locking detected
 */
