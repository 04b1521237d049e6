// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Two threads count in one variable without a lock. Only a kernel with KCSAN says so.
 *
 * scenario: data-race
 * needs: kcsan
 * kind: data-race
 * context: process
 * end: finished
 * cpus: 2
 * alone:
 * guilty: rc_count
 * script: echo 1 > /sys/module/data_race/parameters/count; sleep 6
 * log: BUG: KCSAN: data-race in rc_
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>

static unsigned long rc_packets;

static noinline void rc_count(unsigned long size)
{
	rc_packets += size; /* GUILTY */
}

static int rc_thread(void *unused)
{
	unsigned long round;

	for (round = 0; round < 2000; round++) {
		rc_count(round & 0xff); /* @thread */
		usleep_range(500, 1000);
	}
	pr_info("%lu\n", READ_ONCE(rc_packets));
	return 0;
}

static int rc_set(const char *text, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		kthread_run(rc_thread, NULL, "rc_count%u", i);
	return 0;
}

static const struct kernel_param_ops rc_ops = { .set = rc_set };
module_param_cb(count, &rc_ops, NULL, 0200);

static int __init rc_init(void)
{
	return 0;
}

module_init(rc_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A counter without a lock");
