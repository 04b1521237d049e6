import { byTrail, earlierOf, ownPlace } from "../blame.ts";
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
    const disabled = earlierOf("made it atomic", lockers(subject), subject);
    const held = subject.find(/#\d+: [0-9a-f]{8,16} \([^\n]*\)\{[^\n]*\}-\{2:[^\n]*/);
    return {
      evidence: [...(held === null ? [] : [evidenceOf(held, "a spinlock that is held")]), ...(disabled === null ? [] : [frameEvidence(disabled.place.frame, "here sleeping became forbidden")])],
      earlier: disabled === null ? [] : [disabled.earlier],
    };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => `${someone(who)} sleeps where it must not: ${why(subject)}`,
  next: (_subject, guilty) => trace(guilty, "see who calls it, and under which lock"),
};

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
