// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A pointer with flags in its upper bits is followed without taking the flags away: the address is not canonical.
 *
 * scenario: non-canonical
 * kind: general-protection
 * context: process
 * guilty: ca_entry_key
 * script: echo 3 > /sys/module/non_canonical/parameters/find
 * log: general protection fault
 * frame: ca_entry_key@GUILTY < ca_find@find
 * frame: ca_set@set
 */
#include <linux/module.h>
#include <linux/slab.h>

#define CA_PINNED (1ul << 62)

struct ca_entry {
	unsigned long next; /* a pointer, and CA_PINNED */
	u32 key;
	u32 value;
};

static unsigned long ca_head;

static __always_inline struct ca_entry *ca_entry(unsigned long link)
{
	return (struct ca_entry *)link; /* `& ~CA_PINNED` was lost in a merge */
}

static __always_inline u32 ca_entry_key(unsigned long link)
{
	return READ_ONCE(ca_entry(link)->key); /* GUILTY */
}

static noinline int ca_find(u32 key)
{
	unsigned long link = READ_ONCE(ca_head);

	while (link) {
		if (ca_entry_key(link) == key) /* @find */
			return ca_entry(link)->value;
		link = ca_entry(link)->next;
	}
	return -ENOENT;
}

static int ca_set(const char *text, const struct kernel_param *param)
{
	u32 key;
	int error = kstrtou32(text, 0, &key);

	if (error)
		return error;
	error = ca_find(key); /* @set */
	pr_info("key %u: %d\n", key, error);
	return error < 0 ? error : 0;
}

static const struct kernel_param_ops ca_ops = { .set = ca_set };
module_param_cb(find, &ca_ops, NULL, 0200);

static int __init ca_init(void)
{
	struct ca_entry *entry;
	u32 key;

	for (key = 4; key-- > 0;) {
		entry = kzalloc(sizeof(*entry), GFP_KERNEL);
		if (!entry)
			return -ENOMEM;
		entry->key = key;
		entry->value = key * key;
		entry->next = ca_head;
		ca_head = (unsigned long)entry ^ (key == 2 ? CA_PINNED : 0);
	}
	return 0;
}

module_init(ca_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A pointer that is not canonical");

/*
 * fault: ca_entry(link)->key
 */
