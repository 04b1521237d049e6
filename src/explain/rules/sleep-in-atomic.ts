import { byTrail, earlierOf, nobody, ownPlace } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, frameEvidence, type Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** Something that may sleep was called where sleeping is forbidden: under a spinlock, in an interrupt, in an RCU section. */
export const sleepInAtomic: Rule = {
  name: "sleep-in-atomic",
  kinds: ["sleep-in-atomic"],
  needs: [],
  helps: [
    { form: /BUG: sleeping function called from[^\n]*|BUG: scheduling while atomic[^\n]*|bad: scheduling from[^\n]*/, why: "the kernel says it" },
    { form: /in_atomic\(\): [^\n]*/, why: "why sleeping is forbidden here" },
  ],
  when: (subject) => {
    const back = backToUser(subject);
    if (back !== null) return { evidence: [frameEvidence(back, "the system call was done when it was noticed")], blame: nobody, confidence: "medium" };
    const disabled = earlierOf("made it atomic", lockers(subject), subject);
    const held = subject.find(/#\d+: [0-9a-f]{8,16} \([^\n]*\)\{[^\n]*\}-\{2:[^\n]*/);
    return {
      evidence: [...(held === null ? [] : [evidenceOf(held, "a spinlock that is held")]), ...(disabled === null ? [] : [frameEvidence(disabled.place.frame, "here sleeping became forbidden")])],
      earlier: disabled === null ? [] : [disabled.earlier],
    };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => backToUser(subject) !== null ? "a system call, or something on its behalf, came back with preemption off: a lock that was not released, or a preempt_disable() without its counterpart; who did it is no longer on the stack" : `${someone(who)} sleeps where it must not: ${why(subject)}`,
  next: (_subject, guilty) => trace(guilty, "see who calls it, and under which lock"),
};

/** The way back to user space, where that is all that is left: what made it atomic has returned already. */
function backToUser(subject: Subject): Subject["trail"][number] | null {
  const [first] = subject.trail.filter((frame) => frame.module !== null || !/^(?:_{0,2}dump_stack|show_stack|__schedule|schedule|__might_|preempt_schedule|__cond_resched)/.test(frame.symbol!));
  return first !== undefined && first.module === null && /^(?:exit_to_user_mode|syscall_exit_to_user_mode|irqentry_exit_to_user_mode|prepare_exit_to_usermode|do_notify_resume|el0_|ret_to_user|work_pending)/.test(first.symbol!) ? first : null;
}

/** Who disabled preemption, where the kernel kept it, or took a spinlock. */
function lockers(subject: Subject): readonly Subject["trail"][number][] {
  const told = subject.stack("preemption disabled by");
  if (told.length > 0) return told;
  const held = subject.lines.filter(({ text }) => /#\d+: [0-9a-f]{8,16} \([^\n]*\)\{[^\n]*\}-\{2:/.test(text)).at(-1);
  const frame = held === undefined ? null : subject.frameAt(held.line);
  return frame === null || ownPlace(frame) === null ? [] : [frame];
}

function why(subject: Subject): string {
  if (subject.report.context.mode === "hardirq" || subject.report.context.mode === "softirq") return "it runs in an interrupt";
  if (subject.has(/RCU nest depth: [1-9]/)) return "it is within an RCU read section";
  return subject.has(/in_atomic\(\): 0, irqs_disabled\(\): 1/) ? "interrupts are off" : "a spinlock is held, or preemption is off";
}
