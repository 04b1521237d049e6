import { byTrail, earlierOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** lockdep: a lock is taken in an interrupt and elsewhere with interrupts on: the interrupt would wait for what it interrupted. */
export const lockdepIrq: Rule = {
  name: "lockdep-irq",
  kinds: ["deadlock"],
  needs: [{ form: /inconsistent lock state|irq lock inversion dependency|-safe -> \S+-unsafe lock order/, why: "the lock's two uses exclude each other" }],
  helps: [{ form: /inconsistent \{[^}]*\} -> \{[^}]*\} usage/, why: "the use that was seen before, and this one" }],
  when: (subject) => {
    const first = earlierOf("takes it with interrupts on", subject.stack("state registered by"), subject);
    return { evidence: [], earlier: first === null ? [] : [first.earlier] };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who)} takes a lock in a way that an interrupt can turn into a deadlock: one side needs spin_lock_irqsave() (or spin_lock_bh())`,
  next: (_subject, guilty) => trace(guilty, "see in which contexts it runs"),
};
