import { byAllocator, byTrail, earlierOf, pick, standsOn, suspectOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { kasan, trace } from "../steps.ts";
import { someone } from "../words.ts";

/** SLUB found the bytes beside an object overwritten; the write itself is past. Who allocated the object is the first to ask. */
export const redzone: Rule = {
  name: "redzone",
  kinds: ["out-of-bounds", "memory-corruption"],
  needs: [{ form: /BUG [\w-]+ \([^)]*\): (?:(?:Left |Right )?Redzone|Object padding|Alloc padding|Padding|Kmalloc Redzone) overwritten[^\n]*|BUG: KFENCE: memory corruption[^\n]*/i, why: "bytes beside the object were written to" }],
  when: (subject) => {
    const made = earlierOf("allocation", subject.allocatedBy, subject);
    const where = subject.find(/0x[0-9a-f]+-0x[0-9a-f]+ @offset=\d+\. First byte [^\n]*/);
    const allocator = byAllocator(subject);
    const found = pick(subject.trail, subject);
    // Who frees what it allocated had it in its hands all the while: the write lies between.
    const same = allocator.place !== null && found.place !== null && standsOn(allocator.place, [found.place.frame]);
    return {
      evidence: where === null ? [] : [evidenceOf(where, "where, and what was written")],
      earlier: made === null ? [] : [made.earlier],
      blame: allocator.place === null ? byTrail(subject) : same ? found : allocator,
      suspects: found.place === null || same ? [] : [suspectOf(found.place, "it had the object when the damage was found")],
    };
  },
  blame: byAllocator,
  confidence: "low",
  summary: (who) => `somebody wrote past the end of an object that ${someone(who, "the log does not tell who")} allocated; the write itself is not in the log`,
  next: (subject, guilty) => [...kasan(subject, "a kernel with KASAN names the write itself"), ...trace(guilty, "see the sizes that it allocates")],
};
