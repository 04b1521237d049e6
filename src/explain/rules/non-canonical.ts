import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { kasan, slubDebug, trace } from "../steps.ts";
import { meaningOf } from "../values.ts";
import { someone } from "../words.ts";

/** A pointer that cannot be one. */
export const nonCanonical: Rule = {
  name: "non-canonical",
  kinds: ["general-protection"],
  needs: [{ form: /general protection fault[^\n]*/, why: "the processor refused the address" }],
  when: ({ address }) => {
    const meaning = address === null ? null : meaningOf(address.value);
    return { evidence: address === null || meaning === null ? [] : [evidenceOf(address.said, `the address is ${meaning.what}`)] };
  },
  blame: byTrail,
  confidence: "medium",
  summary: (who, { address }) => `${someone(who)} follows a pointer that is no address${address === null ? "" : `: 0x${address.value.toString(16)}`}; it was overwritten, never set, or computed wrongly`,
  next: (subject, guilty) => [...trace(guilty, "see its arguments"), ...slubDebug(subject), ...kasan(subject, "a kernel with KASAN names the write")],
};
