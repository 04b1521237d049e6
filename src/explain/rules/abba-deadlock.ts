import { byTrail, pick, suspectOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { Subject, evidenceOf, nameOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

const sleepsOnLock = /^_{0,2}(?:mutex_lock|rwsem_down|down_(?:read|write)|ww_mutex|rt_mutex|rwbase|percpu_down|mutex_lock_\w+)/;

/**
 * Two tasks hang, each in a lock: most likely each has what the other wants. An inference: the kernel without lockdep does not tell who holds what; only the
 * newest name the owner.
 */
export const abbaDeadlock: Rule = {
  name: "abba-deadlock",
  kinds: ["hung-task"],
  needs: [],
  when: (subject) => {
    const here = waits(subject);
    if (here === null) return null;
    const place = byTrail(subject).place;
    if (place === null) return null;
    for (const [index, report] of subject.facts.case.reports.entries()) {
      if (index === subject.index || report.kind !== "hung-task" || report.context.pid === subject.report.context.pid) continue;
      const other = new Subject(subject.facts, index);
      const there = waits(other);
      const second = pick(other.trail, other).place;
      // Only within one module is it likelier than many who wait for a third.
      if (there === null || second === null || second.frame.module !== place.frame.module || second.frame.module === null) continue;
      const owner = subject.find(/likely (?:last )?owned by task ([^\n]{1,32}):(\d+)/);
      return {
        evidence: [
          { logLine: here.logLine, text: here.text, why: `${subject.report.context.comm ?? "this task"} waits for a lock` },
          { logLine: there.logLine, text: there.text, why: `${report.context.comm ?? "another"} waits for a lock, too` },
          ...(owner === null ? [] : [evidenceOf(owner, "the kernel names who holds it")]),
        ],
        suspects: [suspectOf(second, `${report.context.comm ?? "the other task"} hangs there`)],
        ...(owner === null ? {} : { confidence: "high" as const }),
      };
    }
    return null;
  },
  blame: byTrail,
  confidence: "medium",
  summary: (who, subject) => `deadlock (inferred): ${subject.report.context.comm ?? "this task"} and another task hang in ${someone(who)} or beside it, each in a lock; most likely each holds what the other wants`,
  next: (_subject, guilty) => [...trace(guilty, "see the locks that it takes, in their order"), { why: "a kernel with lockdep (CONFIG_PROVE_LOCKING) proves it, even without the hang", command: "oopscope lab run --kernel PATH/TO/LOCKDEP/bzImage --module MODULE.ko --script REPRODUCE.sh" }],
};

/** The frame in which a hung task waits for a sleeping lock. */
function waits(subject: Subject): Subject["trail"][number] | null {
  return subject.trail.slice(0, 8).find((frame) => frame.module === null && sleepsOnLock.test(nameOf(frame))) ?? null;
}
