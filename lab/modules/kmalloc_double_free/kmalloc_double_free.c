// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A session's key is freed when its set-up fails, and again when the session is torn down: the pointer was not cleared.
 *
 * scenario: kmalloc-double-free
 * kind: double-free
 * context: process
 * guilty: df_session_destroy
 * earlier: df_session_setup@first
 * silent: Linux 7.2 does not notice; the next two allocations get the same object
 * script: echo 0 > /proc/kmalloc_double_free
 * log: kernel BUG at mm/slub.c
 * frame: df_session_destroy@GUILTY
 * frame: df_write@destroy
 *
 * scenario: kmalloc-double-free-slub-debug
 * append: slub_debug=FU
 * end: finished
 * log: BUG kmalloc-64
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>

struct df_session {
	u32 id;
	u32 key_size;
	u8 *key;
};

static noinline int df_session_setup(struct df_session *session, u32 key_size)
{
	session->key = kmalloc(64, GFP_KERNEL);
	if (!session->key)
		return -ENOMEM;
	session->key_size = key_size;
	if (key_size == 0) {
		kfree(session->key); /* @first */
		return -EINVAL;
	}
	memset(session->key, 0xa5, key_size);
	return 0;
}

static noinline void df_session_destroy(struct df_session *session)
{
	kfree(session->key); /* GUILTY */
	session->key = NULL;
	pr_info("session %u is gone\n", session->id);
}

static ssize_t df_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	struct df_session session = { .id = 7 };
	u32 key_size;
	int error;

	error = kstrtou32_from_user(text, size, 0, &key_size);
	if (error)
		return error;
	if (key_size > 64)
		return -E2BIG;
	error = df_session_setup(&session, key_size);
	df_session_destroy(&session); /* @destroy */
	return error ? error : size;
}

static const struct proc_ops df_ops = { .proc_write = df_write };

static int __init df_init(void)
{
	return proc_create("kmalloc_double_free", 0200, NULL, &df_ops) ? 0 : -ENOMEM;
}

static void __exit df_exit(void)
{
	remove_proc_entry("kmalloc_double_free", NULL);
}

module_init(df_init);
module_exit(df_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A double free of a kmalloc object");

/*
 * scenario: kmalloc-double-free-kasan
 * needs: kasan
 * end: finished
 * log: BUG: KASAN: double-free in
 */

/*
 * scenario: kmalloc-double-free-kfence
 * needs: kcsan
 * append: kfence.sample_interval=1 slub_debug=F,kmalloc-64
 * end: finished
 * script: exec 3> /proc/kmalloc_double_free; until dmesg | grep -q 'BUG: KFENCE'; do sleep 0.1; echo 0 >&3; done 2> /dev/null
 * log: BUG: KFENCE: invalid free in df_session_destroy
 */

/*
 * fault: session->key
 */
