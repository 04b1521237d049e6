import { byAllocator, byTrail, earlierOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { kasan, slubDebug } from "../steps.ts";

/** Damage that was found, without a sign of who did it. */
export const memoryCorruption: Rule = {
  name: "memory-corruption",
  kinds: ["memory-corruption", "out-of-bounds"],
  needs: [],
  helps: [{ form: /BUG [\w-]+ \([^)]*\): [^\n]*|BUG: KFENCE: [^\n]*|BUG: Bad [^\n]*|BUG: non-zero [^\n]*/, why: "what was found" }],
  when: (subject) => {
    const events = [earlierOf("free", subject.freedBy, subject), earlierOf("allocation", subject.allocatedBy, subject)];
    const blame = byAllocator(subject);
    return { evidence: [], earlier: events.flatMap((one) => (one === null ? [] : [one.earlier])), ...(blame.place === null ? {} : { blame }) };
  },
  blame: byTrail,
  confidence: "low",
  summary: (who) => `memory was overwritten; ${who === null ? "the log does not tell by whom" : `${who} had to do with it last, as far as the log tells`}`,
  next: (subject) => [...slubDebug(subject), ...kasan(subject, "a kernel with KASAN names the write itself")],
};
