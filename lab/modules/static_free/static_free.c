// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A name is a string constant until somebody renames it; the rename frees the old name without asking which it is.
 *
 * scenario: static-free
 * kind: invalid-free
 * context: process
 * guilty: sf_rename
 * script: echo eth7 > /sys/module/static_free/parameters/name
 * end: any
 * log: WARNING: CPU:
 * log: BUG: unable to handle page fault for address
 * frame: sf_rename@GUILTY
 * frame: sf_set@set
 */
#include <linux/module.h>
#include <linux/slab.h>

struct sf_port {
	u32 index;
	const char *name;
};

static struct sf_port sf_port = { .index = 3, .name = "unnamed" };

static noinline int sf_rename(struct sf_port *port, const char *name)
{
	char *copy = kstrdup(name, GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	kfree(port->name); /* GUILTY */
	port->name = copy;
	return 0;
}

static int sf_set(const char *text, const struct kernel_param *param)
{
	int error = sf_rename(&sf_port, text); /* @set */

	pr_info("port %u: %s\n", sf_port.index, sf_port.name);
	return error;
}

static const struct kernel_param_ops sf_ops = { .set = sf_set };
module_param_cb(name, &sf_ops, NULL, 0200);

static int __init sf_init(void)
{
	return 0;
}

module_init(sf_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A free of static memory");

/*
 * fault: port->name
 */
