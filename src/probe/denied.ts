/**
 * Functions of the kernel's that fentry refuses because a program on them would call itself: `btf_id_deny` of kernel/bpf/verifier.c. Which of them are on a kernel's list depends on
 * its version and options; on a kernel whose list lacks one, attaching to it hangs the machine (tried with `__rcu_read_lock` on 6.1), so all of them are refused here.
 * `oopscope`'s tests hold this against the lists of real kernels.
 */
export const denied: ReadonlySet<string> = new Set([
  "migrate_disable", "migrate_enable", "rcu_read_unlock_strict", "preempt_count_add", "preempt_count_sub", "__rcu_read_lock", "__rcu_read_unlock",
]);
