// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A reader walks a circular list inside rcu_read_lock(): an entry points to itself, and the walk never meets the end.
 *
 * scenario: rcu-stall
 * kind: rcu-stall
 * context: process
 * append: nowatchdog rcupdate.rcu_cpu_stall_timeout=3
 * cpus: 2
 * alone:
 * guilty: rs_walk
 * script: echo 1 > /proc/sys/kernel/panic_on_rcu_stall; echo 1 > /sys/module/rcu_stall/parameters/count; sleep 30
 * log: rcu: INFO: rcu_
 * frame: rs_walk@GUILTY
 * frame: rs_count@count
 * frame: rs_thread@thread
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

struct rs_entry {
	struct rs_entry *next;
	u32 value;
};

static struct rs_entry rs_last = { .next = &rs_last, .value = 2 };
static struct rs_entry rs_first = { .next = &rs_last, .value = 1 };

static noinline u32 rs_walk(const struct rs_entry *entry)
{
	u32 sum = 0;

	for (; entry; entry = READ_ONCE(entry->next), sum += READ_ONCE(entry->value)) /* GUILTY */
		;
	return sum;
}

static noinline u32 rs_count(void)
{
	u32 sum;

	rcu_read_lock();
	sum = rs_walk(&rs_first); /* @count */
	rcu_read_unlock();
	return sum;
}

static int rs_thread(void *unused)
{
	u32 sum = rs_count(); /* @thread */

	pr_info("sum %u\n", sum);
	return 0;
}

static int rs_set(const char *text, const struct kernel_param *param)
{
	return PTR_ERR_OR_ZERO(kthread_run(rs_thread, NULL, "rs_count"));
}

static const struct kernel_param_ops rs_ops = { .set = rs_set };
module_param_cb(count, &rs_ops, NULL, 0200);

static int __init rs_init(void)
{
	return 0;
}

module_init(rs_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("An endless walk inside an RCU read-side critical section");
