import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { guard, trace } from "../steps.ts";
import { someone } from "../words.ts";

/** refcount_t noticed a count that went wrong (lib/refcount.c). */
export const refcount: Rule = {
  name: "refcount",
  kinds: ["refcount"],
  needs: [],
  helps: [{ form: /refcount_t: [^\n]*/, why: "what the count did" }],
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => {
    const what = subject.find(/refcount_t: ([a-z][^\n]*)/)?.match[1] ?? "";
    if (what.includes("addition on 0")) return `${someone(who, "someone")} takes a reference to an object whose last one is gone`;
    if (what.includes("saturated")) return `${someone(who, "someone")} meets a count that overflowed: references are taken and never given back`;
    if (what.includes("leaking")) return `${someone(who, "someone")} drops a count to 0 where others must still hold it`;
    return `${someone(who, "someone")} gives back a reference that it, or somebody before, had given back already`;
  },
  next: (subject, guilty) => [...trace(guilty, "see who takes and who gives back, per object"), ...guard(subject, guilty)],
};
