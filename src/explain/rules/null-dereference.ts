import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { meaningOf } from "../values.ts";
import { someone } from "../words.ts";

/** A pointer was NULL; the address is the distance of the member that was wanted. */
export const nullDereference: Rule = {
  name: "null-dereference",
  kinds: ["null-dereference"],
  needs: [],
  when: ({ address }) => {
    const meaning = address === null ? null : meaningOf(address.value);
    return { evidence: address === null ? [] : [evidenceOf(address.said, `the address is ${meaning?.what ?? "within the first page"}`)] };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, { address }) => {
    const offset = address === null || address.value >= 4096n ? null : address.value;
    return `${someone(who)} follows a NULL pointer${offset === null ? "" : offset === 0n ? " to its first member" : ` to a member at offset 0x${offset.toString(16)}`}`;
  },
  next: (_subject, guilty) => trace(guilty, "see its arguments, and which callers bring the NULL"),
};
