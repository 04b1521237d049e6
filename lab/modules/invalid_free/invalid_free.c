// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Options are split with strsep(), which moves the pointer along, and the moved pointer is freed.
 *
 * scenario: invalid-free
 * kind: invalid-free
 * context: process
 * append: slub_debug=FU
 * end: any
 * guilty: if_parse
 * script: echo rx=4,tx=8 > /proc/invalid_free
 * log: : Invalid object pointer 0x
 * frame: if_parse@GUILTY
 * frame: if_write@write
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

static u32 if_queues[2];

static noinline int if_set(char *option)
{
	char *value = strchr(option, '=');

	if (!value)
		return -EINVAL;
	return kstrtou32(value + 1, 0, &if_queues[option[0] == 't']);
}

static noinline int if_parse(const char __user *text, size_t size)
{
	char *options = memdup_user_nul(text, size);
	char *option;
	int error = 0;

	if (IS_ERR(options))
		return PTR_ERR(options);
	option = strsep(&options, ",\n");
	while (option && options && !error) {
		error = if_set(option);
		if (!*options)
			break;
		option = strsep(&options, ",\n");
	}
	kfree(option); /* GUILTY: not where the text began */
	return error;
}

static ssize_t if_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	int error = if_parse(text, min_t(size_t, size, 64)); /* @write */

	return error ? error : size;
}

static const struct proc_ops if_ops = { .proc_write = if_write };

static int __init if_init(void)
{
	return proc_create("invalid_free", 0200, NULL, &if_ops) ? 0 : -ENOMEM;
}

module_init(if_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A free of a pointer into an object");

/*
 * fault: option
 */
