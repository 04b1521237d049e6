import { byRunning, nameOf as nameOfPlace, ownPlace, suspectOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { frameEvidence, nameOf, type Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

const spins = /^(?:(?:native_|pv_|__pv_)?queued_(?:spin_lock|read_lock|write_lock)_slowpath|_raw_(?:spin|read|write)_lock\w*|_{0,2}raw_spin_lock\w*|do_raw_spin_lock|osq_lock|arch_spin_lock|ticket_spin_lock|virt_spin_lock|mcs_spin_lock)/;

/** The processor that stands still waits for a spinlock: somebody took it and does not give it back, perhaps the waiter itself. */
export const spinDeadlock: Rule = {
  name: "spin-deadlock",
  kinds: ["soft-lockup", "hard-lockup", "rcu-stall"],
  needs: [],
  when: (subject) => {
    const [first, second] = subject.running;
    const spinning = [first, second].find((frame) => frame !== undefined && frame.module === null && spins.test(nameOf(frame)));
    if (spinning === undefined) return null;
    const blame = byRunning(subject);
    const evidence = [{ logLine: spinning.logLine, text: spinning.text, why: "the processor waits for a spinlock" }];
    const taker = takerOf(subject);
    // A lock that a function of the kernel took for itself: its object may be freed memory, or the holder hangs elsewhere.
    if (taker !== null && taker !== blame.place?.frame) return { evidence: [...evidence, frameEvidence(taker, "it takes the lock, for the kernel's own sake")], blame, confidence: "low", suspects: [] };
    return { evidence, blame, suspects: holders(subject, blame.place?.frame ?? null) };
  },
  blame: byRunning,
  confidence: "medium",
  summary: (who, subject) => {
    const blame = byRunning(subject);
    const taker = takerOf(subject);
    if (taker !== null && taker !== blame.place?.frame) return `the processor waits for a spinlock that \`${nameOf(taker)}\` takes${who === null ? "" : `, on behalf of ${who}`}: whoever holds it hangs elsewhere, or the object that it is in was freed or overwritten`;
    const [holder] = holders(subject, blame.place?.frame ?? null);
    return `${someone(who)} waits for a spinlock that is not given back${holder === undefined ? "" : `; its caller \`${holder.function}\` may hold it already`}`;
  },
  next: (_subject, guilty) => [...trace(guilty, "see who takes the lock, and in which order"), { why: "a kernel with lockdep (CONFIG_PROVE_LOCKING) tells who holds the lock", command: "oopscope lab run --kernel PATH/TO/LOCKDEP/bzImage --module MODULE.ko --script REPRODUCE.sh" }],
};

/** The function that asked for the lock: the first behind those that take and spin. */
function takerOf(subject: Subject): Subject["trail"][number] | null {
  const last = subject.running.slice(0, 6).findLastIndex((frame) => frame.module === null && spins.test(nameOf(frame)));
  return subject.running[last + 1] ?? null;
}

/** Functions of the same module that called the waiter: any of them may have taken the lock. */
function holders(subject: Subject, waiter: Subject["trail"][number] | null) {
  if (waiter === null || waiter.module === null) return [];
  const outer = subject.running.slice(subject.running.indexOf(waiter) + 1).map(ownPlace).filter((place) => place !== null && place.frame.module === waiter.module);
  const name = nameOf(waiter);
  return outer.slice(0, 2).flatMap((place) => (place === null || nameOfPlace(place) === name ? [] : [suspectOf(place, "it called the one who waits, and may hold the lock")]));
}
