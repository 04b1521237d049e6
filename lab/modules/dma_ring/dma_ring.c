// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A driver reads the status of a ring's descriptor without READ_ONCE(), while the device writes it by DMA. KCSAN sees that the value changes, but not who
 * changed it: the device is played by a function that it does not watch, as it would not see a real one.
 *
 * scenario: dma-race
 * needs: kcsan
 * kind: data-race
 * context: process
 * cpus: 2
 * alone:
 * end: finished
 * guilty: dr_ready
 * script: echo on > /sys/kernel/debug/kcsan; echo 1 > /sys/module/dma_ring/parameters/run; until dmesg | grep -q 'KCSAN: data-race in dr_'; do sleep 0.2; done
 * script: echo off > /sys/kernel/debug/kcsan; echo 0 > /sys/module/dma_ring/parameters/run
 * log: BUG: KCSAN: data-race in dr_clean+0x
 * frame: dr_ready@GUILTY < dr_clean@clean
 * frame: dr_driver@driver
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>

#define DR_SIZE 4

struct dr_descriptor {
	u32 status;
	u32 length;
};

struct dr_ring {
	struct dr_descriptor descriptors[DR_SIZE];
	u32 next;
	u32 cleaned;
};

static struct dr_ring dr_ring;
static struct task_struct *dr_threads[2];

static __always_inline bool dr_ready(const struct dr_descriptor *descriptor)
{
	return descriptor->status & 1; /* GUILTY */
}

static noinline bool dr_clean(struct dr_ring *ring)
{
	if (!dr_ready(&ring->descriptors[ring->next])) /* @clean */
		return false;
	ring->next = (ring->next + 1) % DR_SIZE;
	ring->cleaned++;
	return true;
}

static int dr_driver(void *ring)
{
	int cleaned = 0;

	while (!kthread_should_stop()) {
		cleaned += dr_clean(ring); /* @driver */
		cond_resched();
	}
	return cleaned;
}

/* The device: what it writes is seen by nobody. */
static noinline __no_kcsan void dr_dma(struct dr_ring *ring, u32 round)
{
	u32 i;

	for (i = 0; i < DR_SIZE; i++)
		*(volatile u32 *)&ring->descriptors[i].status = round;
}

static int dr_device(void *ring)
{
	int round = 0;

	while (!kthread_should_stop()) {
		dr_dma(ring, round++);
		usleep_range(20, 50);
	}
	return round;
}

static int dr_set(const char *text, const struct kernel_param *param)
{
	static int (*const functions[])(void *) = { dr_driver, dr_device };
	unsigned int i;
	bool start;
	int error = kstrtobool(text, &start);

	for (i = 0; !error && i < ARRAY_SIZE(functions); i++) {
		if (start && !dr_threads[i]) {
			dr_threads[i] = kthread_create(functions[i], &dr_ring, i ? "dr_device" : "dr_driver");
			if (IS_ERR(dr_threads[i]))
				return PTR_ERR(xchg(&dr_threads[i], NULL));
			kthread_bind(dr_threads[i], i % num_online_cpus());
			wake_up_process(dr_threads[i]);
		} else if (!start && dr_threads[i]) {
			kthread_stop(xchg(&dr_threads[i], NULL));
		}
	}
	return error;
}

static const struct kernel_param_ops dr_ops = { .set = dr_set };
module_param_cb(run, &dr_ops, NULL, 0200);

static int __init dr_init(void)
{
	return 0;
}

module_init(dr_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A plain read of what a device writes");

/*
 * fault: descriptor->status
 * fault: ring->descriptors[ring->next].status
 */
