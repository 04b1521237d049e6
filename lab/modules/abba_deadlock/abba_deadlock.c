// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Two threads take two mutexes, one in each order.
 *
 * scenario: abba-deadlock
 * kind: hung-task
 * context: process
 * alone:
 * guilty: ab_move
 * script: echo 1 > /proc/sys/kernel/hung_task_panic; echo 2 > /proc/sys/kernel/hung_task_timeout_secs; echo 1 > /sys/module/abba_deadlock/parameters/move; sleep 30
 * log: INFO: task ab_
 * frame: ab_move@GUILTY
 * frame: ab_thread@thread
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>

struct ab_table {
	struct mutex lock;
	u32 entries;
};

struct ab_direction {
	struct ab_table *from, *to;
};

static struct ab_table ab_local, ab_remote;
static struct ab_direction ab_directions[] = { { &ab_local, &ab_remote }, { &ab_remote, &ab_local } };

static noinline void ab_move(struct ab_table *from, struct ab_table *to)
{
	mutex_lock(&from->lock);
	msleep(50);
	mutex_lock(&to->lock); /* GUILTY */
	from->entries--;
	to->entries++;
	mutex_unlock(&to->lock);
	mutex_unlock(&from->lock);
}

static int ab_thread(void *direction)
{
	struct ab_direction *moved = direction;

	ab_move(moved->from, moved->to); /* @thread */
	pr_info("moved\n");
	return 0;
}

static int ab_set(const char *text, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ab_directions); i++)
		kthread_run(ab_thread, &ab_directions[i], "ab_move%u", i);
	return 0;
}

static const struct kernel_param_ops ab_ops = { .set = ab_set };
module_param_cb(move, &ab_ops, NULL, 0200);

static int __init ab_init(void)
{
	mutex_init(&ab_local.lock);
	mutex_init(&ab_remote.lock);
	return 0;
}

module_init(ab_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Two mutexes in two orders");

/*
 * scenario: abba-deadlock-lockdep
 * needs: lockdep
 * kind: deadlock
 * end: any
 * script: echo 1 > /sys/module/abba_deadlock/parameters/move; sleep 3
 * log: WARNING: possible circular locking dependency detected
 */
