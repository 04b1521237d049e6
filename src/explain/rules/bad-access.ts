import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { kasan, trace } from "../steps.ts";
import { meaningOf } from "../values.ts";
import { someone } from "../words.ts";

/** An address that is not mapped, and no more is known of it. */
export const badAccess: Rule = {
  name: "bad-access",
  kinds: ["bad-access"],
  needs: [],
  when: ({ address }) => {
    const meaning = address === null ? null : meaningOf(address.value);
    return { evidence: address === null ? [] : [evidenceOf(address.said, meaning === null ? "nothing is mapped there" : `the address is ${meaning.what}`)] };
  },
  blame: byTrail,
  confidence: "medium",
  summary: (who, { address }) => `${someone(who)} uses an address that is not mapped${address === null ? "" : `: 0x${address.value.toString(16)}`}`,
  next: (subject, guilty) => [...trace(guilty, "see its arguments"), ...kasan(subject, "a kernel with KASAN says more about the address")],
};
