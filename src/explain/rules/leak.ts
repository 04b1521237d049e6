import { byAllocator, byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** kmemleak: nothing points to an object any more; or a cache that is not empty when it is destroyed. */
export const leak: Rule = {
  name: "leak",
  kinds: ["leak"],
  needs: [],
  helps: [
    { form: /unreferenced object [^\n]*/, why: "no pointer to it was found" },
    { form: /Objects? remaining[^\n]*/, why: "the cache is destroyed, and not empty" },
  ],
  blame: (subject) => (subject.allocatedBy.length > 0 ? byAllocator(subject) : byTrail(subject)),
  confidence: "medium",
  summary: (who) => `memory leak: ${someone(who, "somebody")} allocates what nobody frees`,
  next: (subject, guilty) => [
    ...(guilty?.module === null || guilty === null || subject.has(/BUG: oopscope-guard: /) ? [] : [{ why: "see what the module allocates and does not free", command: `oopscope guard ${guilty.module} --leaks` }]),
    ...trace(guilty, "see its allocations"),
  ],
};
