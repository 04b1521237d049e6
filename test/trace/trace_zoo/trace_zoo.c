// SPDX-License-Identifier: MIT OR GPL-2.0
/* Functions with arguments whose values are known, called by a number that is written to /proc/trace_zoo. Nothing here is a bug. */
#include <linux/err.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/proc_fs.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/net_namespace.h>

enum tz_color { TZ_RED = 1, TZ_GREEN = 7, TZ_BLUE = 300 };
enum tz_flags { TZ_READ = 1, TZ_WRITE = 2, TZ_EXECUTE = 4, TZ_LOCK = 8 };

struct tz_inner {
	u16 id;
	char label[12];
	s32 history[4];
};

struct tz_thing {
	u32 one : 1, three : 3, twelve : 12;
	s32 minus : 5;
	struct tz_inner inner;
	struct tz_inner *other;
	struct tz_thing *next;
	const char *title;
	__be16 port;
	__be32 address;
	u8 mac[6];
};

static struct tz_inner tz_other = { 77, "other", { -1, -2, -3, -4 } };
static struct tz_thing tz_second = { 1, 7, 0xfff, -16, { 9, "second\033[31m", { 40, 30, 20, 10 } }, NULL, NULL, "\033]0;evil\007title", cpu_to_be16(2152), cpu_to_be32(0xc0000201), { 2, 0, 0x5e, 0x10, 0, 0xff } };
static struct tz_thing tz_first = { 1, 5, 0xabc, -3, { 0x1234, "first", { 1, -2, 3, -4 } }, &tz_other, &tz_second, "a title", cpu_to_be16(53), cpu_to_be32(0x0a000001), { 1, 2, 3, 4, 5, 6 } };
static int tz_sink;

#define TZ noinline __attribute__((noclone, optimize("no-optimize-sibling-calls")))

TZ int tz_integers(u8 a, s8 b, u16 c, s16 d, u32 e, s32 f)
{
	barrier();
	return a + b + c + d + e + f;
}

TZ u64 tz_wide(u64 a, s64 b, bool yes, enum tz_color color, enum tz_flags flags, char letter)
{
	barrier();
	return a - b;
}

TZ int tz_many(int a, int b, int c, int d, int e, int f, int g, long h)
{
	barrier();
	return a + g + h;
}

TZ int tz_thing(struct tz_thing *thing, const char *name, void *nothing)
{
	barrier();
	return thing ? -ENOENT : -ENOMEM;
}

TZ void *tz_pointer(int which)
{
	barrier();
	return which == 1 ? ERR_PTR(-ENODEV) : which == 2 ? NULL : &tz_first;
}

TZ int tz_recursive(int depth)
{
	barrier();
	return depth == 0 ? 100 : tz_recursive(depth - 1) + 1;
}

TZ void tz_addresses(struct sockaddr_in *four, struct in6_addr *six, struct net_device *device)
{
	barrier();
}

TZ int tz_packet(struct sk_buff *skb)
{
	barrier();
	return skb->len;
}

TZ int tz_loop(int number)
{
	barrier();
	return number;
}

static void tz_send(void)
{
	static const u8 payload[] = { 0x30, 0xff, 0x00, 0x1c, 0x12, 0x34, 0x56, 0x78, 0x45, 0x00, 0x00, 0x1c, 0x00, 0x01, 0x00, 0x00, 0x40, 0x01, 0x66, 0xdf, 10, 0, 0, 1, 10, 0, 0, 2, 8, 0, 0xf7, 0xfd, 0, 1, 0, 1 };
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct udphdr *udp;
	struct iphdr *ip;

	if (!skb)
		return;
	skb_reserve(skb, 64);
	skb_reset_network_header(skb);
	ip = skb_put_zero(skb, sizeof(*ip));
	*ip = (struct iphdr){ .version = 4, .ihl = 5, .tot_len = cpu_to_be16(20 + 8 + sizeof(payload)), .ttl = 64, .protocol = IPPROTO_UDP, .saddr = cpu_to_be32(0xc0000201), .daddr = cpu_to_be32(0xc0000202) };
	skb_set_transport_header(skb, sizeof(*ip));
	udp = skb_put_zero(skb, sizeof(*udp));
	*udp = (struct udphdr){ cpu_to_be16(5000), cpu_to_be16(2152), cpu_to_be16(8 + sizeof(payload)), 0 };
	skb_put_data(skb, payload, sizeof(payload));
	skb->protocol = cpu_to_be16(ETH_P_IP);
	skb->dev = init_net.loopback_dev;
	tz_sink += tz_packet(skb);
	kfree_skb(skb);
}

static ssize_t tz_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = cpu_to_be16(2123), .sin_addr.s_addr = cpu_to_be32(0xc6336401) };
	struct in6_addr six = { .s6_addr = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
	int number, index;

	if (kstrtoint_from_user(text, size, 0, &number))
		return -EINVAL;
	switch (number) {
	case 1:
		tz_sink += tz_integers(200, -100, 60000, -30000, 4000000000u, -2000000000);
		break;
	case 2:
		tz_sink += tz_wide(0xfedcba9876543210ull, -81985529216486895ll, true, TZ_GREEN, TZ_READ | TZ_EXECUTE, 'x');
		tz_sink += tz_wide(1, -1, false, 5, 0, '\n');
		break;
	case 3:
		tz_sink += tz_many(1, 2, 3, 4, 5, 6, -7, 1L << 40);
		break;
	case 4:
		tz_sink += tz_thing(&tz_first, "eth0", NULL);
		tz_sink += tz_thing(&tz_second, "a name that is longer than what is kept of names, which has sixty-four bytes", &tz_sink);
		tz_sink += tz_thing(NULL, NULL, NULL);
		break;
	case 5:
		for (index = 0; index < 3; index++)
			tz_sink += PTR_ERR(tz_pointer(index));
		break;
	case 6:
		tz_sink += tz_recursive(3);
		break;
	case 7:
		tz_addresses(&four, &six, init_net.loopback_dev);
		break;
	case 8:
		tz_send();
		break;
	default:
		for (index = 0; index < number; index++)
			tz_sink += tz_loop(index);
	}
	return size;
}

static const struct proc_ops tz_ops = { .proc_write = tz_write };

static int __init tz_init(void)
{
	return proc_create("trace_zoo", 0200, NULL, &tz_ops) ? 0 : -ENOMEM;
}

static void __exit tz_exit(void)
{
	remove_proc_entry("trace_zoo", NULL);
}

module_init(tz_init);
module_exit(tz_exit);
MODULE_DESCRIPTION("Functions with known arguments, for the tests of oopscope trace");
MODULE_LICENSE("Dual MIT/GPL");
