import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { guard, kasan, slubDebug, trace } from "../steps.ts";
import { meaningOf } from "../values.ts";
import { someone } from "../words.ts";

/** What should be a pointer is text: its memory was overwritten, or belongs to somebody else by now. */
export const overwrittenPointer: Rule = {
  name: "overwritten-pointer",
  kinds: ["general-protection", "bad-access"],
  needs: [],
  when: ({ address }) => {
    const meaning = address === null ? null : meaningOf(address.value);
    return address === null || meaning === null || (meaning.is !== "text" && meaning.is !== "redzone" && meaning.is !== "fresh") ? null : { evidence: [evidenceOf(address.said, `the address is ${meaning.what}`)] };
  },
  blame: byTrail,
  confidence: "medium",
  summary: (who, { address }) => {
    const meaning = address === null ? null : meaningOf(address.value);
    return meaning?.is === "fresh"
      ? `${someone(who)} follows a pointer that was never written: ${meaning.what}`
      : `${someone(who)} follows a pointer that was overwritten: it is ${meaning?.what ?? "garbage"}; the object was overrun, or freed and used again`;
  },
  next: (subject, guilty) => [...trace(guilty, "see its arguments"), ...slubDebug(subject), ...kasan(subject, "a kernel with KASAN names the write"), ...guard(subject, guilty, "see whether the object was freed before")],
};
