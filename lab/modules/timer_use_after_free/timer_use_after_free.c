// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A connection is freed while its retransmission timer is still running: the close path deletes the timer only if it thinks that something is
 * unacknowledged. The freed memory is taken and filled by others; when the timer fires, it follows a pointer that is text.
 *
 * scenario: timer-use-after-free
 * kind: use-after-free
 * context: softirq
 * guilty: tu_close
 * script: echo open > /proc/timer_use_after_free; echo close > /proc/timer_use_after_free; sleep 2
 * log: general protection fault
 * frame: tu_backoff@read < tu_retransmit@fire
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync del_timer_sync
#endif

struct tu_path {
	u32 rtt;
	u32 losses;
};

struct tu_connection {
	u32 unacknowledged;
	u32 interval;
	struct tu_path *path;
	struct timer_list *timer;
};

static struct tu_connection *tu_connection;
static struct timer_list tu_timer;

static noinline bool tu_expired(const struct tu_connection *connection)
{
	return READ_ONCE(connection->interval) > 60 * HZ && READ_ONCE(connection->unacknowledged) == 0 && READ_ONCE(connection->timer) == NULL;
}

static __always_inline u32 tu_backoff(struct tu_connection *connection)
{
	return READ_ONCE(connection->path->rtt) << 1; /* @read */
}

static noinline void tu_retransmit(struct timer_list *timer)
{
	struct tu_connection *connection = tu_connection;

	if (tu_expired(connection))
		return;
	connection->interval = tu_backoff(connection); /* @fire */
	mod_timer(timer, jiffies + connection->interval);
}

static int tu_open(void)
{
	tu_connection = kzalloc(sizeof(*tu_connection), GFP_KERNEL);
	if (!tu_connection)
		return -ENOMEM;
	tu_connection->path = kzalloc(sizeof(*tu_connection->path), GFP_KERNEL);
	tu_connection->timer = &tu_timer;
	timer_setup(&tu_timer, tu_retransmit, 0);
	mod_timer(&tu_timer, jiffies + HZ / 2);
	return 0;
}

static noinline void tu_close(struct tu_connection *connection)
{
	if (connection->unacknowledged)
		timer_delete_sync(connection->timer);
	kfree(connection->path);
	kfree_sensitive(connection); /* GUILTY */
}

/* What the rest of a busy system does: takes the memory and writes its own data there. */
static void tu_reuse(void)
{
	u8 *other[64];
	int i;

	for (i = 0; i < ARRAY_SIZE(other); i++) {
		other[i] = kmalloc(sizeof(struct tu_connection), GFP_KERNEL);
		if (other[i])
			memset(other[i], 'A' + i % 26, sizeof(struct tu_connection));
	}
}

static ssize_t tu_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	char command;
	int error = 0;

	if (get_user(command, text))
		return -EFAULT;
	if (command == 'o') {
		error = tu_open();
	} else if (tu_connection) {
		tu_close(tu_connection); /* @close */
		tu_reuse();
	}
	return error ? error : size;
}

static const struct proc_ops tu_ops = { .proc_write = tu_write };

static int __init tu_init(void)
{
	return proc_create("timer_use_after_free", 0200, NULL, &tu_ops) ? 0 : -ENOMEM;
}

module_init(tu_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A timer that outlives its object");

/*
 * fault: connection->path->rtt
 */
