// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A command waits for a completion without a time limit, and the interrupt that would complete it was never asked for.
 *
 * scenario: hung-task
 * kind: hung-task
 * context: process
 * alone:
 * guilty: ht_command
 * script: echo 1 > /proc/sys/kernel/hung_task_panic; echo 2 > /proc/sys/kernel/hung_task_timeout_secs; echo 1 > /sys/module/hung_task/parameters/reset; sleep 30
 * log: INFO: task 
 * frame: ht_command@GUILTY < ht_reset@command
 * frame: ht_set@set
 */
#include <linux/completion.h>
#include <linux/module.h>

struct ht_device {
	struct completion done;
	u32 command;
};

static struct ht_device ht_device;

static __always_inline void ht_command(struct ht_device *device, u32 command)
{
	WRITE_ONCE(device->command, command);
	wait_for_completion(&device->done); /* GUILTY */
}

static noinline int ht_reset(struct ht_device *device)
{
	ht_command(device, 0x11); /* @command */
	return READ_ONCE(device->command) == 0x11 ? 0 : -EIO;
}

static int ht_set(const char *text, const struct kernel_param *param)
{
	int error = ht_reset(&ht_device); /* @set */

	pr_info("reset: %d\n", error);
	return error;
}

static const struct kernel_param_ops ht_ops = { .set = ht_set };
module_param_cb(reset, &ht_ops, NULL, 0200);

static int __init ht_init(void)
{
	init_completion(&ht_device.done);
	return 0;
}

module_init(ht_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A wait for a completion that never comes");
