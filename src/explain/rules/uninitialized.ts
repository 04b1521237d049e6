import { byTrail, earlierOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** KMSAN: a value was used that nobody had written. */
export const uninitialized: Rule = {
  name: "uninitialized",
  kinds: ["uninitialized"],
  needs: [{ form: /BUG: KMSAN: [^\n]*/, why: "the use" }],
  helps: [{ form: /Bytes? \d+[^\n]* (?:is|are) uninitialized[^\n]*/, why: "which bytes nobody wrote" }],
  when: (subject) => {
    const stored = earlierOf("copy", subject.stack("stored by"), subject);
    const created = earlierOf("allocation", subject.stack("created by"), subject);
    return { evidence: [], earlier: [stored, created].flatMap((one) => (one === null ? [] : [one.earlier])) };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who)} uses memory that nobody has written since it was allocated`,
  next: (_subject, guilty) => trace(guilty, "see the calls that lead there"),
};
