import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** The processor met bytes that are no instruction. */
export const invalidOpcode: Rule = {
  name: "invalid-opcode",
  kinds: ["invalid-opcode"],
  needs: [],
  helps: [{ form: /invalid opcode[^\n]*|undefined instruction[^\n]*|int3[^\n]*/i, why: "the processor's own word" }],
  blame: byTrail,
  confidence: "medium",
  summary: (who) => `${someone(who)} ran into bytes that are no instruction: an unreachable place was reached, or code was overwritten`,
  next: (_subject, guilty) => trace(guilty, "see the calls that lead there"),
};
