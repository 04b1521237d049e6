// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Two receive queues, each with a thread of its own, count their bytes into one plain counter: an addition of one is lost when the other's falls between
 * its load and its store. Nothing crashes; the machine goes on with a wrong sum.
 *
 * scenario: counter-race
 * needs: kcsan
 * kind: data-race
 * context: process
 * cpus: 2
 * alone:
 * end: finished
 * guilty: qs_account
 * script: echo on > /sys/kernel/debug/kcsan; echo 1 > /sys/module/queue_stats/parameters/receive; until dmesg | grep -q 'KCSAN: data-race in qs_'; do sleep 0.2; done
 * script: echo off > /sys/kernel/debug/kcsan; echo 0 > /sys/module/queue_stats/parameters/receive
 * log: BUG: KCSAN: data-race in qs_poll
 * frame: qs_account@GUILTY < qs_receive@account < qs_poll@receive
 * frame: qs_thread@poll
 * frame: qs_account@GUILTY < qs_receive@account < qs_poll@receive
 * frame: qs_thread@poll
 */
#include <linux/kthread.h>
#include <linux/module.h>

struct qs_stats {
	u64 bytes;
};

struct qs_queue {
	struct qs_stats *stats;
	u32 seed;
};

static struct qs_stats qs_stats;
static struct qs_queue qs_queues[] = { { &qs_stats, 1 }, { &qs_stats, 2 } };
static struct task_struct *qs_threads[ARRAY_SIZE(qs_queues)];

static __always_inline void qs_account(struct qs_stats *stats, u32 length)
{
	stats->bytes += length; /* GUILTY: the other queue's thread does the same */
}

/* The length of the next packet. */
static noinline u32 qs_next(struct qs_queue *queue)
{
	queue->seed = queue->seed * 1103515245 + 12345;
	return 64 + queue->seed % 1437;
}

static __always_inline void qs_receive(struct qs_queue *queue)
{
	qs_account(queue->stats, qs_next(queue)); /* @account */
}

static noinline int qs_poll(struct qs_queue *queue, int budget)
{
	int done;

	for (done = 0; done < budget; done++)
		qs_receive(queue); /* @receive */
	return done;
}

static int qs_thread(void *queue)
{
	int packets = 0;

	while (!kthread_should_stop()) {
		packets += qs_poll(queue, 64); /* @poll */
		cond_resched();
	}
	return packets;
}

static int qs_set(const char *text, const struct kernel_param *param)
{
	unsigned int i;
	bool receive;
	int error = kstrtobool(text, &receive);

	for (i = 0; !error && i < ARRAY_SIZE(qs_queues); i++) {
		if (receive && !qs_threads[i]) {
			qs_threads[i] = kthread_create(qs_thread, &qs_queues[i], "qs_rx%u", i);
			if (IS_ERR(qs_threads[i]))
				return PTR_ERR(xchg(&qs_threads[i], NULL));
			kthread_bind(qs_threads[i], i % num_online_cpus());
			wake_up_process(qs_threads[i]);
		} else if (!receive && qs_threads[i]) {
			kthread_stop(xchg(&qs_threads[i], NULL));
		}
	}
	return error;
}

static const struct kernel_param_ops qs_ops = { .set = qs_set };
module_param_cb(receive, &qs_ops, NULL, 0200);

static int __init qs_init(void)
{
	return 0;
}

module_init(qs_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A data race on a counter of two threads");

/*
 * fault: stats->bytes
 */
