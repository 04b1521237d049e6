// SPDX-License-Identifier: MIT OR GPL-2.0
/* One program of each kind that is attached; all do the same. The test loads one at a time. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

__u64 hits;
__u64 cookie;

static int hit(int result)
{
	__sync_fetch_and_add(&hits, 1);
	return result;
}

SEC("fentry/" UNLINK) int on_fentry(void *ctx) { return hit(0); }
SEC("fexit/" UNLINK) int on_fexit(void *ctx) { return hit(0); }
SEC("fmod_ret/security_path_unlink") int on_fmod_ret(void *ctx) { return hit(0); }
SEC("lsm/path_unlink") int on_lsm(void *ctx) { return hit(0); }
SEC("kprobe/" UNLINK) int on_kprobe(void *ctx) { return hit(0); }
SEC("kretprobe/" UNLINK) int on_kretprobe(void *ctx) { return hit(0); }
SEC("kprobe/" UNLINK) int on_kprobe_offset(void *ctx) { return hit(0); }
SEC("kprobe") int on_kprobe_cookie(void *ctx) { cookie = bpf_get_attach_cookie(ctx); return hit(0); }
SEC("kprobe.multi") int on_kprobe_multi(void *ctx) { cookie = bpf_get_attach_cookie(ctx); return hit(0); }
SEC("tracepoint/syscalls/sys_enter_unlink") int on_tracepoint(void *ctx) { return hit(0); }
SEC("raw_tp/sys_enter") int on_raw_tp(void *ctx) { return hit(0); }
SEC("tp_btf/sys_enter") int on_tp_btf(void *ctx) { return hit(0); }
SEC("uprobe") int on_uprobe(void *ctx) { return hit(0); }
SEC("perf_event") int on_perf_event(void *ctx) { return hit(0); }
SEC("xdp") int on_xdp(void *ctx) { return hit(2); }
SEC("tc") int on_tc(void *ctx) { return hit(0); }
SEC("cgroup_skb/egress") int on_cgroup_skb(void *ctx) { return hit(1); }
SEC("fentry/no_such_function") int on_missing(void *ctx) { return hit(0); }
SEC("iter/task") int on_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && task->pid == 1)
		BPF_SEQ_PRINTF(ctx->meta->seq, "task %d\n", task->pid);
	return hit(0);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
