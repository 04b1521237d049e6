// SPDX-License-Identifier: MIT OR GPL-2.0
/* Fills a ring with events of 64 bytes, as fast as it can, each time it is run. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct event {
	__u64 time;
	__u64 number;
	__u32 pid;
	__u32 cpu;
	char comm[16];
	__u32 fill[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} events SEC(".maps");

const struct event *unused __attribute__((unused));
__u64 number;
__u64 lost;

SEC("raw_tp")
int fill(void *ctx)
{
	struct event event = { .pid = 7, .comm = "producer" };

	for (int index = 0; index < 4096; index++) {
		event.number = number++;
		event.time = index;
		if (bpf_ringbuf_output(&events, &event, sizeof(event), BPF_RB_NO_WAKEUP))
			lost++;
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
