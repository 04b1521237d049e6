// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A structure of the caller's is read without copy_from_user(). On a processor with SMAP the first access is the last.
 *
 * scenario: user-pointer
 * kind: user-access
 * context: process
 * guilty: us_length
 * script: echo hello > /proc/user_pointer
 * log: BUG: unable to handle page fault for address: 00
 * log: Unable to handle kernel access to user memory outside uaccess routines
 * frame: us_length@GUILTY < us_submit@submit
 * frame: us_write@write
 */
#include <linux/module.h>
#include <linux/proc_fs.h>

struct us_request {
	u16 version;
	u16 length;
};

static u32 us_total;

static noinline bool us_room(size_t size)
{
	return READ_ONCE(us_total) + size < 1 << 20 && size >= sizeof(struct us_request) && size < 4096;
}

static __always_inline u16 us_length(const struct us_request *request)
{
	return READ_ONCE(request->length); /* GUILTY */
}

static noinline int us_submit(const struct us_request *request, size_t size)
{
	u16 length;

	if (!us_room(size))
		return -ENOSPC;
	length = us_length(request); /* @submit */
	us_total += length;
	return length;
}

static ssize_t us_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	int length = us_submit((__force const struct us_request *)text, size); /* @write */

	return length < 0 ? length : size;
}

static const struct proc_ops us_ops = { .proc_write = us_write };

static int __init us_init(void)
{
	return proc_create("user_pointer", 0200, NULL, &us_ops) ? 0 : -ENOMEM;
}

module_init(us_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A user pointer that is followed");

/*
 * fault: request->length
 */
