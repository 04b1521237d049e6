// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A register is polled with msleep() while a spinlock is held.
 *
 * scenario: sleep-in-atomic
 * kind: sleep-in-atomic
 * context: process
 * end: any
 * guilty: sl_wait_idle
 * earlier: sl_reset@lock
 * script: echo 1 > /sys/module/sleep_in_atomic/parameters/reset
 * log: BUG: scheduling while atomic:
 * frame: sl_wait_idle@GUILTY < sl_reset@wait
 * frame: sl_set@set
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/spinlock.h>

struct sl_port {
	spinlock_t lock;
	u32 busy;
};

static struct sl_port sl_port = { .lock = __SPIN_LOCK_UNLOCKED(sl_port.lock), .busy = 3 };

static __always_inline void sl_wait_idle(struct sl_port *port)
{
	while (READ_ONCE(port->busy)) {
		msleep(10); /* GUILTY */
		WRITE_ONCE(port->busy, port->busy - 1);
	}
}

static noinline void sl_reset(struct sl_port *port)
{
	spin_lock(&port->lock); /* @lock */
	sl_wait_idle(port); /* @wait */
	spin_unlock(&port->lock);
}

static int sl_set(const char *text, const struct kernel_param *param)
{
	sl_reset(&sl_port); /* @set */
	pr_info("reset done\n");
	return 0;
}

static const struct kernel_param_ops sl_ops = { .set = sl_set };
module_param_cb(reset, &sl_ops, NULL, 0200);

static int __init sl_init(void)
{
	return 0;
}

module_init(sl_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A sleep under a spinlock");

/*
 * scenario: sleep-in-atomic-lockdep
 * needs: lockdep
 * log: BUG: scheduling while atomic:
 */
