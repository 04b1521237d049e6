// SPDX-License-Identifier: MIT OR GPL-2.0
/* Prints what a module's function is called with, as people do who write their first program. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct net_device {
	char name[16];
} __attribute__((preserve_access_index));

struct sk_buff {
	unsigned int len;
	struct net_device *dev;
} __attribute__((preserve_access_index));

SEC("fentry/dummy_xmit")
int BPF_PROG(on_xmit, struct sk_buff *skb)
{
	bpf_printk("dummy_xmit: len=%u dev=%s", skb->len, skb->dev->name);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
