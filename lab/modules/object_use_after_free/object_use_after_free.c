// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A subscriber is freed while it still stands in the list of its channel, and the next message is delivered to it. With poisoned slabs the
 * pointer that is read from the freed memory is 0x6b6b…; without, it is what the allocator or the next owner left there.
 *
 * scenario: object-use-after-free
 * kind: use-after-free
 * context: process
 * append: slub_debug=FPU
 * guilty: ou_unsubscribe
 * script: echo 1 > /sys/module/object_use_after_free/parameters/unsubscribe; echo 5 > /sys/module/object_use_after_free/parameters/publish
 * log: general protection fault
 * frame: ou_push@push < ou_deliver@deliver
 * frame: ou_publish@publish
 */
#include <linux/module.h>
#include <linux/slab.h>

struct ou_queue {
	u32 length;
	u32 messages[16];
};

struct ou_subscriber {
	u32 id;
	struct ou_subscriber *next;
	struct ou_queue *queue;
};

static struct ou_subscriber *ou_channel;

static noinline struct ou_subscriber *ou_find(u32 id)
{
	struct ou_subscriber *subscriber;

	for (subscriber = READ_ONCE(ou_channel); subscriber; subscriber = READ_ONCE(subscriber->next))
		if (subscriber->id == id)
			return subscriber;
	return NULL;
}

static __always_inline void ou_push(struct ou_queue *queue, u32 message)
{
	u32 length = READ_ONCE(queue->length); /* @push */

	queue->messages[length % ARRAY_SIZE(queue->messages)] = message;
	WRITE_ONCE(queue->length, length + 1);
}

static noinline void ou_deliver(u32 message)
{
	struct ou_subscriber *subscriber;

	for (subscriber = READ_ONCE(ou_channel); subscriber; subscriber = READ_ONCE(subscriber->next))
		ou_push(subscriber->queue, message); /* @deliver */
}

static int ou_publish(const char *text, const struct kernel_param *param)
{
	u32 message;
	int error = kstrtou32(text, 0, &message);

	if (error)
		return error;
	ou_deliver(message); /* @publish */
	return 0;
}

static noinline int ou_unsubscribe(const char *text, const struct kernel_param *param)
{
	struct ou_subscriber *subscriber;
	u32 id;
	int error = kstrtou32(text, 0, &id);

	if (error)
		return error;
	subscriber = ou_find(id);
	if (!subscriber)
		return -ENOENT;
	kfree(subscriber->queue);
	kfree(subscriber); /* GUILTY: it is still in the channel */
	return 0;
}

static const struct kernel_param_ops ou_publish_ops = { .set = ou_publish };
static const struct kernel_param_ops ou_unsubscribe_ops = { .set = ou_unsubscribe };
module_param_cb(publish, &ou_publish_ops, NULL, 0200);
module_param_cb(unsubscribe, &ou_unsubscribe_ops, NULL, 0200);

static int __init ou_init(void)
{
	u32 id;

	for (id = 0; id < 3; id++) {
		struct ou_subscriber *subscriber = kzalloc(sizeof(*subscriber), GFP_KERNEL);

		if (!subscriber)
			return -ENOMEM;
		subscriber->queue = kzalloc(sizeof(*subscriber->queue), GFP_KERNEL);
		if (!subscriber->queue)
			return -ENOMEM;
		subscriber->id = id;
		subscriber->next = ou_channel;
		ou_channel = subscriber;
	}
	return 0;
}

module_init(ou_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("An object that is used after it was freed");

/*
 * scenario: object-use-after-free-kasan
 * needs: kasan
 * append:
 * end: any
 * log: BUG: KASAN: use-after-free in ou_deliver
 * frame: ou_deliver@deliver
 * frame: ou_publish@publish
 */

/*
 * fault object-use-after-free: queue->length
 * fault object-use-after-free-kasan: subscriber->queue
 */
