// SPDX-License-Identifier: MIT OR GPL-2.0
/* Sees files being removed: events in a ring, counts in maps of several kinds, variables of all sections. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* In 7.2 "filename_unlinkat". */
#ifndef UNLINK
#define UNLINK "do_unlinkat"
#endif

enum way { WAY_ENTRY, WAY_EXIT };

struct event {
	__u64 time;
	__u32 pid;
	__u32 cpu;
	enum way way;
	__s32 result;
	char comm[16];
	__u8 raw[4];
	struct {
		__u16 left;
		__s16 right;
	} pair[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct event);
} last SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

const struct event *unused __attribute__((unused));

const volatile __u32 wanted = 0;
__u64 lost;
__u64 seen = 100;

static void note(enum way way, int result)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32, index = way;
	struct event *event, copy;
	__u64 *count;

	if (wanted && pid != wanted)
		return;
	count = bpf_map_lookup_elem(&counts, &index);
	if (count)
		*count += 1;
	__sync_fetch_and_add(&seen, 1);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	event->time = bpf_ktime_get_ns();
	event->pid = pid;
	event->cpu = bpf_get_smp_processor_id();
	event->way = way;
	event->result = result;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->raw[0] = 1, event->raw[1] = 2, event->raw[2] = 254, event->raw[3] = 255;
	event->pair[0].left = 65535, event->pair[0].right = -1;
	event->pair[1].left = 7, event->pair[1].right = 8;
	copy = *event;
	bpf_map_update_elem(&last, &pid, &copy, BPF_ANY);
	bpf_ringbuf_submit(event, 0);
}

SEC("fentry/" UNLINK)
int BPF_PROG(enters, int dfd)
{
	note(WAY_ENTRY, 0);
	return 0;
}

SEC("fexit/" UNLINK)
int BPF_PROG(leaves, int dfd, void *name, int result)
{
	note(WAY_EXIT, result);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
