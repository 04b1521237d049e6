// SPDX-License-Identifier: MIT OR GPL-2.0
/* Events through a perf buffer, and an array that both sides have as memory. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct event {
	__u64 number;
	char fill[56];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct event);
} shared SEC(".maps");

const struct event *unused __attribute__((unused));
const volatile __u32 wanted = 0;
__u64 number;

SEC("tracepoint/syscalls/sys_enter_unlink")
int on_unlink(void *ctx)
{
	struct event event = { .fill = "hello" };
	__u32 zero = 0;
	struct event *first = bpf_map_lookup_elem(&shared, &zero);

	if (bpf_get_current_pid_tgid() >> 32 != wanted)
		return 0;
	event.number = __sync_fetch_and_add(&number, 1);
	if (first)
		__sync_fetch_and_add(&first->number, 10);
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
