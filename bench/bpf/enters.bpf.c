// SPDX-License-Identifier: MIT OR GPL-2.0
/* One program to attach, which counts calls, as bpftrace's of the comparison does. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 calls;

SEC("fentry/do_unlinkat")
int enters(void *ctx)
{
	__sync_fetch_and_add(&calls, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
