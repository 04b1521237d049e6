// SPDX-License-Identifier: MIT OR GPL-2.0
/* What the verifier refuses: -DWRONG=1 a wild pointer, 2 a helper that is not for this licence, 3 a list of arguments that is too short for its function, 4 a function that cannot be probed, 5 a function that there is not, 6 a helper that a kernel which is locked down has not; and objects of old compilers: 7 maps as before libbpf 1.0, 8 a target that nothing says, 9 nothing wrong, no maps. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#if WRONG == 1
SEC("fentry/do_unlinkat")
int BPF_PROG(wild, long dfd)
{
	return *(int *)(dfd + 4);
}
#elif WRONG == 2
SEC("kprobe/do_unlinkat")
int unlicensed(void *ctx)
{
	bpf_printk("hello");
	return 0;
}
#elif WRONG == 3
SEC("fentry/do_unlinkat")
int BPF_PROG(too_far, long dfd, long name, long third)
{
	return third;
}
#elif WRONG == 4
SEC("kprobe/exc_int3")
int forbidden(void *ctx)
{
	return 0;
}
#elif WRONG == 6
SEC("kprobe/do_unlinkat")
int curious(void *ctx)
{
	long word;

	return bpf_probe_read_kernel(&word, sizeof(word), ctx) + (int)word;
}
#elif WRONG == 7
struct {
	unsigned int type, key_size, value_size, max_entries, map_flags;
} counts SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0 };

SEC("kprobe/do_unlinkat")
int counter(void *ctx)
{
	unsigned int key = 0;

	return bpf_map_lookup_elem(&counts, &key) == 0;
}
#elif WRONG == 8
SEC("fentry")
int nowhere(void *ctx)
{
	return 0;
}
#elif WRONG == 9
SEC("fentry/do_unlinkat")
int plain(void *ctx)
{
	return 0;
}
#elif WRONG == 5
SEC("fentry/rcu_nmi_enter_none")
int unknown(void *ctx)
{
	return 0;
}
#endif

#if WRONG == 2
char LICENSE[] SEC("license") = "Proprietary";
#else
char LICENSE[] SEC("license") = "Dual MIT/GPL";
#endif
