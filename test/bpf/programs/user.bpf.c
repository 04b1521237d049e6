// SPDX-License-Identifier: MIT OR GPL-2.0
/* Takes what user space writes, when a file is removed; and a hook of netfilter, which libbpf 1.1 does not know. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct order {
	__u64 number;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} orders SEC(".maps");

__u64 sum;
__u64 taken;
__u64 short_ones;
long result;
char last[16];
__u64 packets;

static long take(struct bpf_dynptr *dynptr, void *ctx)
{
	const struct order *order = bpf_dynptr_data(dynptr, 0, sizeof(*order));

	if (!order) {
		short_ones++;
		return 0;
	}
	sum += order->number;
	taken++;
	__builtin_memcpy(last, order->comm, sizeof(last));
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_unlink")
int on_unlink(void *ctx)
{
	result = bpf_user_ringbuf_drain(&orders, take, NULL, 0);
	return 0;
}

SEC("netfilter")
int on_packet(void *ctx)
{
	__sync_fetch_and_add(&packets, 1);
	return 1;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
