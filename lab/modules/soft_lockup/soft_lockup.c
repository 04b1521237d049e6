// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A kernel thread waits for a flag that nobody sets, with preemption off.
 *
 * scenario: soft-lockup
 * kind: soft-lockup
 * context: process
 * append: softlockup_panic=1 rcupdate.rcu_cpu_stall_suppress=1
 * alone:
 * guilty: sk_drain
 * script: echo 1 > /proc/sys/kernel/watchdog_thresh; echo 1 > /sys/module/soft_lockup/parameters/drain; sleep 30
 * log: watchdog: BUG: soft lockup
 * frame: sk_drain@GUILTY
 * frame: sk_thread@thread
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/processor.h>

static bool sk_empty;

static noinline void sk_drain(const bool *empty)
{
	preempt_disable();
	while (!READ_ONCE(*empty)) /* GUILTY */
		;
	preempt_enable();
}

static int sk_thread(void *unused)
{
	sk_drain(&sk_empty); /* @thread */
	pr_info("drained\n");
	return 0;
}

static int sk_set(const char *text, const struct kernel_param *param)
{
	return PTR_ERR_OR_ZERO(kthread_run(sk_thread, NULL, "sk_drain"));
}

static const struct kernel_param_ops sk_ops = { .set = sk_set };
module_param_cb(drain, &sk_ops, NULL, 0200);

static int __init sk_init(void)
{
	return 0;
}

module_init(sk_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A loop without an end, with preemption off");
