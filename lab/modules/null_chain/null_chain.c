// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A field read through a chain of pointers: route -> neighbour -> device -> queue length. A route that was never resolved has a neighbour
 * without a device, and nobody asks. The write to /proc/null_chain comes from a shell.
 *
 * scenario: null-chain
 * kind: null-dereference
 * context: process
 * guilty: nc_half_queue
 * script: echo 2 > /proc/null_chain
 * log: BUG: kernel NULL pointer dereference, address: 0000000000000014
 * log: Unable to handle kernel NULL pointer dereference at virtual address 0000000000000014
 * frame: nc_half_queue@GUILTY < nc_route_room@room < nc_admit@admit
 * frame: nc_write@write
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

struct nc_device {
	char name[16];
	u32 mtu;
	u32 queue_length;
};

struct nc_neighbour {
	u32 address;
	struct nc_device *device;
};

struct nc_route {
	u32 destination;
	struct nc_neighbour *neighbour;
};

static struct nc_device nc_device = { .name = "nc0", .mtu = 1500, .queue_length = 16 };
static struct nc_neighbour nc_neighbours[] = {
	{ .address = 1, .device = &nc_device },
	{ .address = 2, .device = NULL },
};
static struct nc_route nc_routes[] = {
	{ .destination = 1, .neighbour = &nc_neighbours[0] },
	{ .destination = 2, .neighbour = &nc_neighbours[1] },
};
static u32 nc_admitted;

static int nc_show(struct seq_file *seq, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nc_routes); i++)
		seq_printf(seq, "route %u by %u\n", nc_routes[i].destination, nc_routes[i].neighbour->address);
	seq_printf(seq, "%u admitted\n", nc_admitted);
	return 0;
}

static int nc_open(struct inode *inode, struct file *file)
{
	return single_open(file, nc_show, NULL);
}

static __always_inline u32 nc_half_queue(const struct nc_route *route)
{
	return READ_ONCE(route->neighbour->device->queue_length) >> 1; /* GUILTY */
}

static __always_inline bool nc_route_room(const struct nc_route *route)
{
	return nc_admitted < nc_half_queue(route); /* @room */
}

static noinline struct nc_route *nc_find(u32 destination)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nc_routes); i++)
		if (READ_ONCE(nc_routes[i].destination) == destination)
			return &nc_routes[i];
	return NULL;
}

static noinline int nc_admit(u32 destination)
{
	struct nc_route *route = nc_find(destination);

	if (!route)
		return -EHOSTUNREACH;
	if (!nc_route_room(route)) /* @admit */
		return -ENOBUFS;
	nc_admitted++;
	return 0;
}

static ssize_t nc_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	u32 destination;
	int error;

	error = kstrtou32_from_user(text, size, 0, &destination);
	if (error)
		return error;
	error = nc_admit(destination); /* @write */
	return error ? error : size;
}

static const struct proc_ops nc_ops = {
	.proc_write = nc_write,
	.proc_open = nc_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init nc_init(void)
{
	return proc_create("null_chain", 0600, NULL, &nc_ops) ? 0 : -ENOMEM;
}

static void __exit nc_exit(void)
{
	remove_proc_entry("null_chain", NULL);
}

module_init(nc_init);
module_exit(nc_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A NULL dereference through a chain of pointers");

/*
 * scenario: null-chain-kasan
 * needs: kasan
 * log: general protection fault
 */

/*
 * fault: route->neighbour->device->queue_length
 */
