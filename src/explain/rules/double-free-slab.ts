import { byTrail, earlierOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { guard, kasan, slubDebug, trace } from "../steps.ts";
import { someone } from "../words.ts";
import { secondFree } from "../second-free.ts";

/** kfree() or kmem_cache_free() of an object that is already free. */
export const doubleFreeSlab: Rule = {
  name: "double-free-slab",
  kinds: ["double-free", "invalid-free"],
  needs: [],
  when: (subject) => {
    // KFENCE calls both an invalid free; only of what was freed before has it the stack of a free.
    if (subject.report.kind === "invalid-free" && !(subject.freedBy.length > 0 && subject.has(/BUG: KFENCE: invalid free/))) return null;
    const before = earlierOf("first free", subject.freedBy, subject);
    const made = earlierOf("allocation", subject.allocatedBy, subject);
    return { evidence: secondFree(subject), earlier: [before, made].flatMap((one) => (one === null ? [] : [one.earlier])) };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who) => `double free: ${someone(who, "someone")} frees an object that was freed before`,
  next: (subject, guilty) => [...guard(subject, guilty), ...trace(guilty, "see its calls and who makes them"), ...slubDebug(subject, "FU"), ...kasan(subject)],
};
