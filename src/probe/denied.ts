/**
 * Functions of the kernel's that fentry refuses because a program on them would call itself: `btf_id_deny` of kernel/bpf/verifier.c. Which of them are on a kernel's list depends on
 * its version and options (`deniedIn`); on a kernel whose list lacks one, attaching to it hangs the machine (tried with `__rcu_read_lock` on 6.1), so all of them are refused here.
 * `oopscope`'s tests hold this against the lists of real kernels.
 */
export const denied: ReadonlySet<string> = new Set([
  "migrate_disable", "migrate_enable", "rcu_read_unlock_strict", "preempt_count_add", "preempt_count_sub", "__rcu_read_lock", "__rcu_read_unlock",
]);

/** Lines that are looked at: real lists have seven names. */
const mostLines = 1000;

/**
 * The list of the kernel itself, as its own symbols tell: the set begins with a symbol of its name, and each of its ids has one (`__BTF_ID__func__NAME__NUMBER`, include/linux/btf_ids.h), in the order of
 * addresses, hidden or not. Null where they are not among them: before 5.19, and without CONFIG_KALLSYMS_ALL.
 */
export function deniedIn(kallsyms: Uint8Array): ReadonlySet<string> | null {
  const bytes = Buffer.from(kallsyms.buffer, kallsyms.byteOffset, kallsyms.byteLength);
  const set = "__BTF_ID__set__btf_id_deny";
  const first = bytes.indexOf(` ${set}\n`);
  if (first < 0) return null;
  const names = new Set<string>();
  for (let line = 0, at = first + set.length + 2; line < mostLines; line++) {
    const end = bytes.indexOf(10, at);
    if (end < 0 || end - at > 1024) break;
    const symbol = bytes.toString("latin1", bytes.lastIndexOf(32, end) + 1, end);
    at = end + 1;
    const [, name] = /^__BTF_ID__func__(.+)__\d+$/.exec(symbol) ?? [];
    if (name !== undefined) names.add(name);
    else if (symbol !== "btf_id_deny") break;
  }
  return names;
}
