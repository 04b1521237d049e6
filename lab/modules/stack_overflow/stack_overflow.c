// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A tree is walked by recursion, with a path buffer in each frame, and one of its nodes is its own parent.
 *
 * scenario: stack-overflow
 * kind: stack-overflow
 * context: process
 * guilty: so_depth
 * script: cat /sys/module/stack_overflow/parameters/depth
 * log: stack guard page was hit
 * frame: so_depth@?
 * frame: so_depth@GUILTY ...
 * frame: so_get@get
 */
#include <linux/module.h>

struct so_node {
	const char *name;
	struct so_node *parent;
};

static struct so_node so_root = { .name = "root" };
static struct so_node so_leaf = { .name = "leaf", .parent = &so_leaf };
static struct so_node *so_nodes[] = { &so_root, &so_leaf };

static noinline int so_depth(const struct so_node *node, char *path)
{
	char here[160];
	int above;

	snprintf(here, sizeof(here), "%s/%s", path, node->name);
	if (!node->parent)
		return 1;
	above = so_depth(node->parent, here); /* GUILTY */
	return above + (here[0] != '\0');
}

static int so_get(char *text, const struct kernel_param *param)
{
	unsigned int i;
	int depth = 0;

	for (i = 0; i < ARRAY_SIZE(so_nodes); i++)
		depth = max(depth, so_depth(READ_ONCE(so_nodes[i]), "")); /* @get */
	return sysfs_emit(text, "%d\n", depth);
}

static const struct kernel_param_ops so_ops = { .get = so_get };
module_param_cb(depth, &so_ops, NULL, 0444);

static int __init so_init(void)
{
	return 0;
}

static void __exit so_exit(void)
{
}

module_init(so_init);
module_exit(so_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A recursion without an end");
