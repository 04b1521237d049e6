// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A table of operations is const, and a set-up function casts that away to patch it.
 *
 * scenario: read-only-write
 * kind: bad-access
 * context: process
 * guilty: ro_patch
 * script: echo 1 > /sys/module/read_only_write/parameters/offload
 * log: #PF: supervisor write access in kernel mode
 * frame: ro_patch@GUILTY < ro_offload@offload
 * frame: ro_set@set
 */
#include <linux/module.h>

struct ro_operations {
	int (*send)(u32 length);
	int (*receive)(u32 length);
};

static int ro_send(u32 length)
{
	return length & 0xff;
}

static int ro_send_offloaded(u32 length)
{
	return length & 0xffff;
}

static const struct ro_operations ro_operations = { .send = ro_send, .receive = ro_send };

static __always_inline void ro_patch(const struct ro_operations *operations)
{
	WRITE_ONCE(((struct ro_operations *)operations)->send, ro_send_offloaded); /* GUILTY */
}

static noinline bool ro_capable(const struct ro_operations *operations)
{
	return READ_ONCE(operations->send) != ro_send_offloaded && READ_ONCE(operations->receive);
}

static noinline int ro_offload(const struct ro_operations *operations)
{
	if (!ro_capable(operations))
		return -EOPNOTSUPP;
	ro_patch(operations); /* @offload */
	return operations->send(1500);
}

static int ro_set(const char *text, const struct kernel_param *param)
{
	int length = ro_offload(&ro_operations); /* @set */

	return length < 0 ? length : 0;
}

static const struct kernel_param_ops ro_ops = { .set = ro_set };
module_param_cb(offload, &ro_ops, NULL, 0200);

static int __init ro_init(void)
{
	return 0;
}

module_init(ro_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A write to read-only memory");

/*
 * fault: operations->send
 */
