// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * What `oopscope guard` has to catch, by the number that is written to the module's parameter `play`, and what it must not. Each double free has another object's free in between, and objects are of a cache
 * that is made for this once, so that the kernel goes on.
 */
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

struct go_object {
	struct rcu_head rcu;
	char text[160];
};

static struct kmem_cache *go_cache;
static void *go_kept[8];
/* Before anything was freed twice: afterwards the allocator may give one to two. */
static struct sk_buff *go_skbs[6];

/* A cache with a constructor is merged with no other. */
static void go_construct(void *object)
{
	memset(object, 0, sizeof(struct go_object));
}

static noinline void go_kfree(void *first, void *between)
{
	kfree(first); /* @kfree */
	kfree(between);
	kfree(first); /* @kfree_again */
	barrier();
}

static noinline void go_kfree_rcu(struct go_object *first, void *between)
{
	kfree_rcu(first, rcu); /* @rcu */
	kfree(between);
	kfree(first); /* @rcu_again */
	barrier();
}

static noinline void go_bulk(void *first, void *between)
{
	void *both[2] = { first, between }, *third = kmem_cache_alloc(go_cache, GFP_KERNEL);

	kmem_cache_free_bulk(go_cache, 2, both); /* @bulk */
	kmem_cache_free(go_cache, third);
	kmem_cache_free(go_cache, first); /* @bulk_again */
	barrier();
}

static noinline void go_vfree(void)
{
	void *area = vmalloc(8192);

	vfree(area); /* @vfree */
	vfree(area); /* @vfree_again */
	barrier();
}

static noinline void go_invalid(void)
{
	void *area = vmalloc(8192);

	kfree(area); /* @invalid */
	barrier();
}

static noinline __attribute__((noipa)) unsigned int go_look(struct sk_buff *skb)
{
	return READ_ONCE(skb->len);
}

/* The compiler takes the second argument away, as it is always the same, and renames it. */
static noinline unsigned int go_renamed(struct sk_buff *skb, unsigned int more)
{
	return READ_ONCE(skb->len) + READ_ONCE(skb->data_len) * more;
}

static noinline void go_use(struct sk_buff *skb)
{
	go_look(skb);
	kfree_skb(skb); /* @use */
	go_look(skb); /* @used */
	barrier();
}

static noinline void go_consume_after_kfree(struct sk_buff *skb, struct sk_buff *between)
{
	kfree_skb(skb); /* @kfree_skb */
	kfree_skb(between);
	consume_skb(skb); /* @consume_again */
	barrier();
}

static noinline void go_kfree_after_consume(struct sk_buff *skb, struct sk_buff *between)
{
	consume_skb(skb); /* @consume */
	kfree_skb(between);
	kfree_skb(skb); /* @kfree_skb_again */
	barrier();
}

static noinline void go_irq_off(void *first, void *between)
{
	unsigned long flags;

	local_irq_save(flags);
	kfree(first); /* @irq_off */
	kfree(between);
	kfree(first); /* @irq_off_again */
	local_irq_restore(flags);
}

static noinline void go_timer_fires(struct timer_list *timer)
{
	void *first = go_kept[4], *between = go_kept[5];

	kfree(first); /* @softirq */
	kfree(between);
	kfree(first); /* @softirq_again */
	barrier();
}

static DEFINE_TIMER(go_timer, go_timer_fires);

static noinline void go_interrupt(struct irq_work *work)
{
	void *first = go_kept[6], *between = go_kept[7];

	kfree(first); /* @hardirq */
	kfree(between);
	kfree(first); /* @hardirq_again */
	barrier();
}

static struct irq_work go_work = IRQ_WORK_INIT_HARD(go_interrupt);

static noinline void go_leak(void)
{
	int index;

	for (index = 0; index < 3; index++)
		go_kept[index] = kmalloc(200, GFP_KERNEL); /* @leak */
	go_kept[3] = alloc_skb(64, GFP_KERNEL); /* @leak_skb */
	kfree(kmalloc(200, GFP_KERNEL));
	kfree_skb(alloc_skb(64, GFP_KERNEL));
}

/* Nothing is wrong with these. */
static noinline void go_many(void)
{
	int index;

	for (index = 0; index < 50000; index++) {
		struct sk_buff *skb = alloc_skb(64 + index % 512, GFP_KERNEL);
		struct go_object *object = kmem_cache_alloc(go_cache, GFP_KERNEL);

		go_look(skb);
		if (go_renamed(skb, 3) == 1)
			pr_info("one byte\n");
		kfree_skb(skb);
		kmem_cache_free(go_cache, object);
		if (index % 64 == 0) {
			object = kmalloc(sizeof(*object), GFP_KERNEL);
			kfree_rcu(object, rcu);
			vfree(vmalloc(4096));
			cond_resched();
		}
	}
}

static int go_play(const char *text, const struct kernel_param *param)
{
	static const char *const names[] = { "go_0", "go_1", "go_2", "go_3", "go_4", "go_5", "go_6", "go_7", "go_8", "go_9", "go_10", "go_11", "go_12", "go_13" };
	unsigned int number = 0;
	int error = kstrtouint(text, 0, &number);
	struct go_object *first = NULL, *between = NULL;
	struct sk_buff *skb = NULL, *other = NULL;

	if (error || number >= ARRAY_SIZE(names))
		return -EINVAL;
	go_cache = kmem_cache_create(names[number], sizeof(struct go_object), 0, 0, go_construct);
	if (!go_cache)
		return -ENOMEM;
	if (number < 6 || number > 10) {
		first = kmem_cache_alloc(go_cache, GFP_KERNEL);
		between = kmem_cache_alloc(go_cache, GFP_KERNEL);
	} else if (number < 9) {
		skb = go_skbs[2 * (number - 6)];
		other = go_skbs[2 * (number - 6) + 1];
	}
	switch (number) {
	case 1:
		go_kfree(first, between);
		break;
	case 2:
		go_kfree_rcu(first, between);
		break;
	case 3:
		go_bulk(first, between);
		break;
	case 4:
		go_vfree();
		break;
	case 5:
		go_invalid();
		break;
	case 6:
		go_use(skb);
		break;
	case 7:
		go_consume_after_kfree(skb, other);
		break;
	case 8:
		go_kfree_after_consume(skb, other);
		break;
	case 9:
		go_leak();
		break;
	case 10:
		go_many();
		break;
	case 11:
		go_irq_off(first, between);
		break;
	case 12:
		go_kept[4] = first;
		go_kept[5] = between;
		mod_timer(&go_timer, jiffies + 1);
		msleep(100);
		break;
	case 13:
		go_kept[6] = first;
		go_kept[7] = between;
		irq_work_queue(&go_work);
		irq_work_sync(&go_work);
		break;
	}
	return 0;
}

static const struct kernel_param_ops go_ops = { .set = go_play };
module_param_cb(play, &go_ops, NULL, 0200);

static int __init go_init(void)
{
	int index;

	for (index = 0; index < ARRAY_SIZE(go_skbs); index++) {
		go_skbs[index] = alloc_skb(64, GFP_KERNEL);
		if (!go_skbs[index])
			return -ENOMEM;
		/* The buffer lives on with its clones. */
		skb_clone(go_skbs[index], GFP_KERNEL);
		skb_clone(go_skbs[index], GFP_KERNEL);
	}
	return 0;
}

module_init(go_init);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Frees of all kinds, for the tests of guard");
