import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";
import { holder } from "../lockdep.ts";

/** lockdep: a task takes a lock (or one of its class) that it holds. */
export const lockdepRecursive: Rule = {
  name: "lockdep-recursive",
  kinds: ["deadlock"],
  needs: [{ form: /possible recursive locking detected/, why: "the task holds such a lock already" }],
  when: (subject) => {
    const held = holder(subject);
    return held === null ? { evidence: [] } : { evidence: held.evidence, earlier: [held.earlier] };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => {
    const held = holder(subject);
    return `${someone(who)} takes a lock that ${held === null ? "its own task" : `\`${held.earlier.function}\``} holds already`;
  },
  next: (_subject, guilty) => trace(guilty, "see who calls it with the lock held"),
};
