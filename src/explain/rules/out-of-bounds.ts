import { byTrail, earlierOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** A sanitizer saw an access beside an object. */
export const outOfBounds: Rule = {
  name: "out-of-bounds",
  kinds: ["out-of-bounds"],
  needs: [],
  helps: [
    { form: /BUG: (?:KASAN|KFENCE): [^\n]*/, why: "the sanitizer saw the access" },
    { form: /UBSAN: [^\n]*/, why: "the compiler's own check of the index" },
    { form: /index -?\d+ is out of range for type [^\n]*/, why: "the index, and the array" },
    { form: /The buggy address is located [^\n]*/, why: "where the access lies, seen from the object" },
    { form: /^.*(?:Read|Write) of size \d+ at addr[^\n]*/, why: "what was done" },
  ],
  when: (subject) => {
    const made = earlierOf("allocation", subject.allocatedBy, subject);
    return { evidence: [], earlier: made === null ? [] : [made.earlier] };
  },
  blame: byTrail,
  confidence: "high",
  tellsPlace: /UBSAN: [\w -]{1,60} in ([\w./-]{1,200}\.[ch]):(\d{1,7})/,
  summary: (who, subject) => `${someone(who)} ${subject.has(/Write of size|out-of-bounds write/) ? "writes" : subject.has(/UBSAN: array-index/) ? "uses an index" : "reads"} beyond the end (or before the beginning) of an object`,
  next: (_subject, guilty) => trace(guilty, "see the indexes and lengths that it is called with"),
};
