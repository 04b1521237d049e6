import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** A write to constants, to code, or to what was sealed after init. */
export const readOnlyWrite: Rule = {
  name: "read-only-write",
  kinds: ["bad-access"],
  needs: [],
  when: (subject) => {
    const x86 = subject.find(/#PF: error_code\(0x0003\) - permissions violation/);
    const arm = subject.find(/write to read-only memory[^\n]*/);
    const said = x86 ?? arm;
    return said === null ? null : { evidence: [evidenceOf(said, "the page is there, and may be read only"), ...(subject.address === null ? [] : [evidenceOf(subject.address.said, "what was to be written")])] };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who)} writes to memory that is read-only: a constant, code, or data that is sealed after init`,
  next: (_subject, guilty) => trace(guilty, "see which pointers it is given"),
};
