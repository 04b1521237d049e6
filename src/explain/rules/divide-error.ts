import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** A division by 0, or one whose result does not fit. */
export const divideError: Rule = {
  name: "divide-error",
  kinds: ["divide-error"],
  needs: [{ form: /divide error|divide-by-zero|division by zero/i, why: "the processor's, or the checker's, own word" }],
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who)} divides by zero (or gets a quotient that does not fit)`,
  next: (_subject, guilty) => trace(guilty, "see the arguments that make the divisor"),
};
