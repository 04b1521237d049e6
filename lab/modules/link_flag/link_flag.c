// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A timer looks at the carrier and tells whether the link is up; the transmit thread reads that flag without READ_ONCE(), which its writer uses.
 * The report has two stacks, one of an interrupt.
 *
 * scenario: flag-race
 * needs: kcsan
 * kind: data-race
 * context: process
 * cpus: 2
 * alone:
 * end: finished
 * guilty: lf_is_up
 * earlier: lf_set@write
 * script: echo on > /sys/kernel/debug/kcsan; echo 1 > /sys/module/link_flag/parameters/transmit; until dmesg | grep -q 'KCSAN: data-race in lf_.* / '; do sleep 0.2; done
 * script: echo off > /sys/kernel/debug/kcsan; echo 0 > /sys/module/link_flag/parameters/transmit
 * log: BUG: KCSAN: data-race in lf_transmit [link_flag] / lf_watch [link_flag]
 * frame: lf_set@write < lf_watch@set
 * frame: lf_is_up@GUILTY < lf_transmit@check
 * frame: lf_thread@transmit
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/timer.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync del_timer_sync
#endif

struct lf_link {
	u32 up;
	u32 looks;
	u64 sent, held;
	struct timer_list timer;
};

static struct lf_link lf_link;
static struct task_struct *lf_sender;

static __always_inline void lf_set(struct lf_link *link, u32 up)
{
	WRITE_ONCE(link->up, up); /* @write */
}

static void lf_watch(struct timer_list *timer)
{
	lf_set(&lf_link, lf_link.looks++ & 1); /* @set */
	mod_timer(timer, jiffies + 1);
}

static __always_inline bool lf_is_up(const struct lf_link *link)
{
	return link->up; /* GUILTY */
}

static noinline bool lf_transmit(struct lf_link *link)
{
	if (!lf_is_up(link)) { /* @check */
		link->held++;
		return false;
	}
	link->sent++;
	return true;
}

static int lf_thread(void *link)
{
	int sent = 0;

	while (!kthread_should_stop()) {
		sent += lf_transmit(link); /* @transmit */
		cond_resched();
	}
	return sent;
}

static int lf_start(const char *text, const struct kernel_param *param)
{
	bool transmit;
	int error = kstrtobool(text, &transmit);

	if (error)
		return error;
	if (transmit && !lf_sender) {
		lf_sender = kthread_create(lf_thread, &lf_link, "lf_tx");
		if (IS_ERR(lf_sender))
			return PTR_ERR(xchg(&lf_sender, NULL));
		kthread_bind(lf_sender, 0);
		wake_up_process(lf_sender);
		lf_link.timer.expires = jiffies + 1;
		add_timer_on(&lf_link.timer, num_online_cpus() - 1);
	} else if (!transmit && lf_sender) {
		timer_delete_sync(&lf_link.timer);
		kthread_stop(xchg(&lf_sender, NULL));
	}
	return 0;
}

static const struct kernel_param_ops lf_ops = { .set = lf_start };
module_param_cb(transmit, &lf_ops, NULL, 0200);

static int __init lf_init(void)
{
	timer_setup(&lf_link.timer, lf_watch, TIMER_PINNED);
	return 0;
}

module_init(lf_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A data race of a timer and a thread on a flag");

/*
 * fault: link->up
 */
