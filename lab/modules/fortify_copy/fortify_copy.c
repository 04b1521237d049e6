// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A label is copied by the length that the caller gave, into a field of 16 bytes. FORTIFY_SOURCE knows the field's size and stops the machine.
 *
 * scenario: fortify-copy
 * kind: out-of-bounds
 * context: process
 * guilty: fc_set_label
 * script: echo a-label-that-is-longer-than-its-field > /proc/fortify_copy
 * log: detected buffer overflow in
 * frame: fc_set_label@GUILTY < fc_rename@rename
 * frame: fc_write@write
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/string.h>
#include <linux/uaccess.h>

static char fc_label[16];

static __always_inline void fc_set_label(const char *label, size_t size)
{
	memcpy(fc_label, label, size); /* GUILTY */
}

static noinline int fc_rename(const char *label, size_t size)
{
	fc_set_label(label, size); /* @rename */
	return fc_label[0] ? 0 : -EINVAL;
}

static ssize_t fc_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	char label[64] = {};
	int error;

	size = min(size, sizeof(label) - 1);
	if (copy_from_user(label, text, size))
		return -EFAULT;
	error = fc_rename(label, size); /* @write */
	return error ? error : size;
}

static const struct proc_ops fc_ops = { .proc_write = fc_write };

static int __init fc_init(void)
{
	return proc_create("fortify_copy", 0200, NULL, &fc_ops) ? 0 : -ENOMEM;
}

module_init(fc_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A copy that FORTIFY_SOURCE stops");
