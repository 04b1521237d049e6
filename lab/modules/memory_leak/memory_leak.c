// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A statistics thread keeps a record for each reading and frees none. The machine is told to panic when memory ends.
 *
 * scenario: memory-leak
 * kind: out-of-memory
 * context: process
 * memory: 256
 * guilty: ml_record
 * script: echo 2 > /proc/sys/vm/panic_on_oom; echo 1 > /sys/module/memory_leak/parameters/watch; sleep 30
 * log: invoked oom-killer
 * frame: ml_record@GUILTY < ml_sample@sample
 * frame: ml_thread@thread
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>

struct ml_record {
	struct ml_record *next;
	u64 time;
	u8 counters[4096 - 16];
};

static struct ml_record *ml_history;

static __always_inline struct ml_record *ml_record(void)
{
	return kzalloc(sizeof(struct ml_record), GFP_KERNEL); /* GUILTY */
}

static noinline int ml_sample(void)
{
	struct ml_record *record = ml_record(); /* @sample */

	if (!record)
		return -ENOMEM;
	record->time = ktime_get_ns();
	record->next = ml_history;
	ml_history = record;
	return 0;
}

static int ml_thread(void *unused)
{
	while (!kthread_should_stop() && ml_sample() == 0) /* @thread */
		cond_resched();
	return 0;
}

static int ml_set(const char *text, const struct kernel_param *param)
{
	return PTR_ERR_OR_ZERO(kthread_run(ml_thread, NULL, "ml_watch"));
}

static const struct kernel_param_ops ml_ops = { .set = ml_set };
module_param_cb(watch, &ml_ops, NULL, 0200);

static int __init ml_init(void)
{
	return 0;
}

module_init(ml_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Memory that is never freed");
