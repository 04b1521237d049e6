// SPDX-License-Identifier: MIT OR GPL-2.0
/* What one would write by hand: a call's header and two arguments into a ring, in the form that `oopscope trace` has. */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct record {
	__u64 time;
	__u32 probe, cpu;
	__u64 pid_tgid;
	char comm[16];
	__u64 duration, ret;
	__u16 status[4];
	__u64 dfd, mode;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} ring SEC(".maps");

__u64 lost;
const volatile __u32 own = 0;

SEC("fentry/do_faccessat")
int BPF_PROG(enter, int dfd, const char *filename, int mode)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct record *record;

	if (id >> 32 == own)
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	record->time = bpf_ktime_get_ns();
	record->probe = 0;
	record->cpu = bpf_get_smp_processor_id();
	record->pid_tgid = id;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	record->duration = 0;
	record->ret = 0;
	*(__u64 *)record->status = 0;
	record->dfd = dfd;
	record->mode = mode;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
