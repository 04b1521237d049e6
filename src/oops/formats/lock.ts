/** Locks, contexts and scheduling rules (kernel/locking/lockdep.c, spinlock_debug.c, kernel/sched/core.c, lib/smp_processor_id.c). */
import type { CrashFormat } from "../format.ts";
import type { CrashKind } from "../types.ts";

const lockdep = (starts: readonly string[], header: RegExp, kind: CrashKind, title: CrashFormat["title"]): CrashFormat => ({
  starts, header, kind, title, stage: "announcement", weight: 6, names: "trace", trace: "needed",
});

export const lockFormats: readonly CrashFormat[] = [
  lockdep(["WARNING: possible circular locking", "WARNING: possible recursive locking", "WARNING: possible irq lock inversion", "[ INFO: possible circular", "[ INFO: possible recursive", "[ INFO: possible irq lock"],
    /(?:WARNING: |\[ INFO: )possible (?:circular locking dependency|recursive locking|irq lock inversion dependency) detected/y, "deadlock", "possible deadlock in {f}"),
  lockdep(["WARNING: "], /WARNING: \S{1,40}-safe -> \S{1,40}-unsafe lock order detected/y, "deadlock", "possible deadlock in {f}"),
  lockdep(["WARNING: inconsistent lock state", "[ INFO: inconsistent lock state"], /(?:WARNING: |\[ INFO: )inconsistent lock state/y, "deadlock", "inconsistent lock state in {f}"),
  lockdep(["WARNING: bad unlock balance", "[ BUG: bad unlock balance"], /(?:WARNING: |\[ BUG: )bad unlock balance detected/y, "lock-misuse", "WARNING: bad unlock balance in {f}"),
  lockdep(["WARNING: bad contention"], /WARNING: bad contention detected/y, "lock-misuse", "WARNING: bad contention in {f}"),
  lockdep(["WARNING: held lock freed", "[ BUG: held lock freed"], /(?:WARNING: |\[ BUG: )held lock freed/y, "lock-misuse", "WARNING: held lock freed in {f}"),
  lockdep(["WARNING: lock held when returning to user space", "[ BUG: lock held when returning"], /(?:WARNING: |\[ BUG: )lock held when returning to user space/y, "lock-misuse", "WARNING: lock held when returning to user space in {f}"),
  lockdep(["WARNING: nested lock was not taken"], /WARNING: nested lock was not taken/y, "lock-misuse", "WARNING: nested lock was not taken in {f}"),
  lockdep(["WARNING: suspicious RCU usage", "[ INFO: suspicious RCU usage"], /(?:WARNING: |\[ INFO: )suspicious RCU usage/y, "lock-misuse", "WARNING: suspicious RCU usage in {f}"),
  lockdep(["[ BUG: Invalid wait context"], /\[ BUG: Invalid wait context \]/y, "lock-misuse", "BUG: invalid wait context in {f}"),
  lockdep(["WARNING: process ", "WARNING: kthread "], /WARNING: \S{1,32} .{0,40}still has locks held/y, "lock-misuse", "WARNING: still has locks held in {f}"),
  lockdep(["INFO: trying to register non-static key"], /INFO: trying to register non-static key/y, "lock-misuse", "INFO: trying to register non-static key in {f}"),
  lockdep(["BUG: spinlock ", "BUG: rwlock ", "BUG: rtmutex "], /BUG: (?:spinlock|rwlock|rtmutex) ([a-z][a-z -]{2,40}?)(?: on CPU#|,)/y, "lock-misuse",
    (match) => (match[1] === "bad magic" ? "BUG: spinlock bad magic in {f}" : `BUG: spinlock ${match[1]!} in {f}`)),
  lockdep(["BUG: sleeping function called from"], /BUG: sleeping function called from (invalid|illegal) context(?: at (\S{1,400}))?/y, "sleep-in-atomic", "BUG: sleeping function called from invalid context in {f}"),
  lockdep(["BUG: scheduling while atomic"], /BUG: scheduling while atomic: /y, "sleep-in-atomic", "BUG: scheduling while atomic in {f}"),
  lockdep(["bad: scheduling from the idle"], /bad: scheduling from the idle thread/y, "sleep-in-atomic", "BUG: scheduling from the idle thread in {f}"),
  lockdep(["BUG: using "], /BUG: using (\S{1,60}\(\)) in preemptible \[[0-9a-f]+\] code/y, "lock-misuse", (match) => `BUG: using ${match[1]!} in preemptible code in {f}`),
  lockdep(["BUG: MAX_"], /BUG: (MAX_[A-Z_]{2,40}) too low/y, "other", (match) => `BUG: ${match[1]!} too low!`),
  lockdep(["BUG: Invalid wait"], /BUG: Invalid wait context/y, "lock-misuse", "BUG: invalid wait context in {f}"),
];
