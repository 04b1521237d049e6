// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The module goes, its timer stays: the kernel calls code that is no longer mapped. The log can name the module only as the last one unloaded.
 *
 * scenario: unloaded-timer
 * kind: bad-access
 * context: softirq
 * guilty: ut_exit
 * script: rmmod unloaded_timer; sleep 3
 * log: BUG: unable to handle page fault for address: ffffffff
 */
#include <linux/module.h>
#include <linux/timer.h>

static u32 ut_beats;

static void ut_beat(struct timer_list *timer)
{
	ut_beats++;
	mod_timer(timer, jiffies + HZ);
}

static DEFINE_TIMER(ut_timer, ut_beat);

static int __init ut_init(void)
{
	mod_timer(&ut_timer, jiffies + HZ);
	return 0;
}

static void __exit ut_exit(void)
{
	pr_info("%u beats\n", ut_beats); /* GUILTY: the timer is still running */
}

module_init(ut_init);
module_exit(ut_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A timer that outlives its module");
