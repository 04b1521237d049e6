// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A tunnel device, with the bug that gtp5g had: the function that drops a packet frees it and returns an error, and the device's transmit
 * function frees it again because of the error. Packets to 10.9.0.2 find no session and go that way.
 *
 * The first form sends from a process (ping); the second lets the kernel forward packets in softirq: after a write to the module's parameter
 * `inject`, tin0 receives that many UDP packets for 10.9.0.2, in a timer as if a network card had interrupted.
 *
 * scenario: skb-double-free
 * kind: double-free
 * context: process
 * guilty: st_xmit
 * earlier: st_drop@first
 * silent: Linux 7.2 does not notice; the next two allocations get the same object
 * script: ip addr add 10.9.0.1/24 dev tun9; ip link set tun9 up; ping -c 2 -W 1 10.9.0.2
 * log: kernel BUG at mm/slub.c
 * frame: st_xmit@GUILTY
 *
 * scenario: skb-double-free-forward
 * context: softirq
 * script: ip addr add 10.9.0.1/24 dev tun9; ip link set tun9 up; ip addr add 10.8.0.1/24 dev tin0; ip link set tin0 up
 * script: echo 1 > /proc/sys/net/ipv4/ip_forward; echo 2 > /sys/module/skb_double_free/parameters/inject; sleep 2
 *
 * scenario: skb-double-free-slub-debug
 * append: slub_debug=FU
 * script: ip addr add 10.9.0.1/24 dev tun9; ip link set tun9 up; ping -c 1 -W 1 10.9.0.2
 * end: any
 * log: ): Object already free
 * log: allocated objects but 1 are to be freed
 */
#include <linux/module.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/netdevice.h>
#include <linux/udp.h>
#include <linux/version.h>
#include <net/ip.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync del_timer_sync
#endif

struct st_session {
	__be32 peer;
	u32 tunnel;
};

static struct net_device *st_tunnel, *st_input;
static struct st_session st_sessions[] = { { .tunnel = 0x1001 } };

static noinline struct st_session *st_find(__be32 peer)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(st_sessions); i++)
		if (st_sessions[i].peer == peer)
			return &st_sessions[i];
	return NULL;
}

static noinline int st_drop(struct sk_buff *skb, struct net_device *dev)
{
	dev->stats.tx_dropped++;
	dev_kfree_skb_any(skb); /* @first */
	return -ENOENT;
}

static __always_inline int st_handle_ipv4(struct sk_buff *skb, struct net_device *dev)
{
	struct st_session *session = st_find(ip_hdr(skb)->daddr);

	if (!session)
		return st_drop(skb, dev); /* @handle */
	skb_push(skb, sizeof(struct udphdr));
	dev->stats.tx_packets++;
	consume_skb(skb);
	return 0;
}

static netdev_tx_t st_xmit(struct sk_buff *skb, struct net_device *dev)
{
	int error = -EPROTONOSUPPORT;

	if (skb->protocol == htons(ETH_P_IP))
		error = st_handle_ipv4(skb, dev);
	if (error < 0)
		dev_kfree_skb(skb); /* GUILTY */
	return NETDEV_TX_OK;
}

static const struct net_device_ops st_ops = { .ndo_start_xmit = st_xmit };

static void st_setup(struct net_device *dev)
{
	dev->netdev_ops = &st_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->mtu = 1400;
	dev->tx_queue_len = 0;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->needed_headroom = 64;
}

/* A UDP packet from 10.8.0.2 to 10.9.0.2, as if tin0 had received it. */
static int st_receive(void)
{
	struct sk_buff *skb = netdev_alloc_skb(st_input, 256);
	struct udphdr *udp;
	struct iphdr *ip;

	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, 64);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	ip = skb_put_zero(skb, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = htonl(0x0a080002);
	ip->daddr = htonl(0x0a090002);
	ip->tot_len = htons(sizeof(*ip) + sizeof(*udp) + 32);
	ip_send_check(ip);
	udp = skb_put_zero(skb, sizeof(*udp) + 32);
	udp->source = htons(2152);
	udp->dest = htons(2152);
	udp->len = htons(sizeof(*udp) + 32);
	skb->protocol = htons(ETH_P_IP);
	skb->pkt_type = PACKET_HOST;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return netif_rx(skb);
}

static unsigned int st_packets;

static void st_interrupt(struct timer_list *timer)
{
	while (st_packets) {
		st_packets--;
		st_receive();
	}
}

static DEFINE_TIMER(st_timer, st_interrupt);

static int st_inject(const char *text, const struct kernel_param *param)
{
	int error = kstrtouint(text, 0, &st_packets);

	if (!error)
		mod_timer(&st_timer, jiffies + HZ / 10);
	return error;
}

static const struct kernel_param_ops st_inject_ops = { .set = st_inject };
module_param_cb(inject, &st_inject_ops, NULL, 0200);
MODULE_PARM_DESC(inject, "let tin0 receive this many UDP packets for 10.9.0.2");

static struct net_device *st_create(const char *name)
{
	struct net_device *dev = alloc_netdev(0, name, NET_NAME_USER, st_setup);

	if (dev && register_netdev(dev)) {
		free_netdev(dev);
		dev = NULL;
	}
	return dev;
}

static void st_remove(struct net_device *dev)
{
	unregister_netdev(dev);
	free_netdev(dev);
}

static int __init st_init(void)
{
	st_tunnel = st_create("tun9");
	if (!st_tunnel)
		return -ENOMEM;
	st_input = st_create("tin0");
	if (!st_input) {
		st_remove(st_tunnel);
		return -ENOMEM;
	}
	return 0;
}

static void __exit st_exit(void)
{
	timer_delete_sync(&st_timer);
	st_remove(st_input);
	st_remove(st_tunnel);
}

module_init(st_init);
module_exit(st_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A tunnel device that frees dropped packets twice");

/*
 * scenario: skb-double-free-kasan
 * needs: kasan
 * kind: use-after-free
 * end: any
 * log: BUG: KASAN: use-after-free in
 */

/*
 * fault: skb
 */
