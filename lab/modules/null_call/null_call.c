// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A protocol without an optional `poll` operation is polled all the same, from a kernel thread: the kernel jumps to address 0.
 *
 * scenario: null-call
 * kind: null-dereference
 * context: process
 * guilty: nl_poll_all
 * script: sleep 2
 * log: BUG: kernel NULL pointer dereference, address: 0000000000000000
 * frame: nl_poll_all@GUILTY
 * frame: nl_thread@thread
 */
#include <linux/module.h>
#include <linux/delay.h>
#include <linux/kthread.h>

struct nl_protocol {
	const char *name;
	int (*send)(u32 channel);
	int (*poll)(u32 channel);
};

static int nl_send(u32 channel)
{
	return channel & 1;
}

static int nl_poll(u32 channel)
{
	return channel >> 1;
}

static const struct nl_protocol nl_stream = { .name = "stream", .send = nl_send, .poll = nl_poll };
static const struct nl_protocol nl_datagram = { .name = "datagram", .send = nl_send };
static const struct nl_protocol *nl_protocols[] = { &nl_stream, &nl_datagram };
static struct task_struct *nl_task;

static noinline int nl_poll_all(u32 channel)
{
	unsigned int i;
	int ready = 0;

	for (i = 0; i < ARRAY_SIZE(nl_protocols); i++) {
		const struct nl_protocol *protocol = READ_ONCE(nl_protocols[i]);

		ready += protocol->poll(channel); /* GUILTY */
	}
	return ready;
}

static int nl_thread(void *unused)
{
	u32 channel = 0;

	while (!kthread_should_stop()) {
		channel += nl_poll_all(channel); /* @thread */
		msleep(100);
	}
	return 0;
}

static int __init nl_init(void)
{
	nl_task = kthread_run(nl_thread, NULL, "nl_poll");
	return PTR_ERR_OR_ZERO(nl_task);
}

static void __exit nl_exit(void)
{
	kthread_stop(nl_task);
}

module_init(nl_init);
module_exit(nl_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A call of a NULL function pointer");

/*
 * fault: protocol->poll(…)
 */
