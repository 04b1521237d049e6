// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Options come as type, length and value, and an option of type 0 ends them. A text without that end is walked past the end of its buffer. KFENCE sees
 * it for the few buffers that it guards, and of those for the half that it puts at the end of their page.
 *
 * scenario: option-overread
 * needs: kcsan
 * kind: out-of-bounds
 * context: process
 * append: kfence.sample_interval=1
 * end: finished
 * guilty: ow_find
 * script: exec 3> /proc/option_walk; until dmesg | grep -q 'BUG: KFENCE'; do sleep 0.05; printf '\007\0750123456789012345678901234567890123456789012345678901234567890\001' >&3; done 2> /dev/null
 * log: BUG: KFENCE: out-of-bounds read in ow_find
 * frame: ow_find@GUILTY
 * frame: ow_mtu@find < ow_write@mtu
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/string.h>

enum ow_type { OW_END, OW_PAD, OW_NAME, OW_MTU };

struct ow_option {
	u8 type;
	u8 length;
	u8 value[];
};

static u32 ow_device_mtu = 1500;

/* The first option of a type, or NULL. Padding is one byte; all others have a length. */
static noinline const struct ow_option *ow_find(const void *at, u8 type)
{
	for (;;) {
		const struct ow_option *option = at;
		u8 found = READ_ONCE(option->type); /* GUILTY: nobody asks where the buffer ends */

		if (found == OW_END)
			return NULL;
		if (found == type)
			return option;
		at += found == OW_PAD ? 1 : sizeof(*option) + option->length;
	}
}

static __always_inline u32 ow_mtu(const void *options)
{
	const struct ow_option *option = ow_find(options, OW_MTU); /* @find */

	return option ? option->value[0] << 8 : ow_device_mtu;
}

static ssize_t ow_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	void *options;

	if (size > 64)
		return -E2BIG;
	options = memdup_user(text, size);
	if (IS_ERR(options))
		return PTR_ERR(options);
	ow_device_mtu = ow_mtu(options); /* @mtu */
	kfree(options);
	return size;
}

static const struct proc_ops ow_ops = { .proc_write = ow_write };

static int __init ow_init(void)
{
	return proc_create("option_walk", 0200, NULL, &ow_ops) ? 0 : -ENOMEM;
}

static void __exit ow_exit(void)
{
	remove_proc_entry("option_walk", NULL);
}

module_init(ow_init);
module_exit(ow_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A walk past the end of a buffer");

/*
 * fault: option->type
 */
