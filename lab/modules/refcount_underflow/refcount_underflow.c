// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The error path of a lookup gives back a reference that it never took.
 *
 * scenario: refcount-underflow
 * kind: refcount
 * context: process
 * end: finished
 * guilty: ru_put
 * earlier: ru_find@lookup
 * script: echo 9 > /sys/module/refcount_underflow/parameters/find
 * log: refcount_t: underflow; use-after-free.
 * frame: ru_put@GUILTY < ru_find@put
 * frame: ru_set@set
 */
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/slab.h>

struct ru_peer {
	refcount_t references;
	u32 id;
};

static struct ru_peer ru_peers[2] = { { .id = 1 }, { .id = 2 } };

static void ru_release(struct ru_peer *peer)
{
	pr_info("peer %u released\n", peer->id);
}

static __always_inline void ru_put(struct ru_peer *peer)
{
	if (refcount_dec_and_test(&peer->references)) /* GUILTY */
		ru_release(peer);
}

static noinline int ru_find(u32 id)
{
	struct ru_peer *peer = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ru_peers); i++) {
		peer = &ru_peers[i];
		if (peer->id == id)
			refcount_inc(&peer->references); /* @lookup: only a peer that fits is held */
	}
	ru_put(peer); /* @put */
	return peer->id == id ? 0 : -ENOENT;
}

static int ru_set(const char *text, const struct kernel_param *param)
{
	u32 id;
	int error = kstrtou32(text, 0, &id);

	if (!error)
		error = ru_find(id); /* @set */
	return error == -ENOENT ? 0 : error;
}

static const struct kernel_param_ops ru_ops = { .set = ru_set };
module_param_cb(find, &ru_ops, NULL, 0200);

static int __init ru_init(void)
{
	return 0;
}

module_init(ru_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A reference count that goes below zero");

/*
 * fault: peer->references
 */
