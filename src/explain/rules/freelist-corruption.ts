import { byTrail, nobody, suspectOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { nameOf } from "../subject.ts";
import { guard, kasan, slubDebug } from "../steps.ts";

/** The allocator itself stumbles over a free list that somebody overwrote. Who asked for memory is but the next one in the queue. */
export const freelistCorruption: Rule = {
  name: "freelist-corruption",
  kinds: ["general-protection", "bad-access", "null-dereference", "memory-corruption", "use-after-free"],
  needs: [],
  when: (subject) => {
    const [first] = subject.trail;
    // What a sanitizer or SLUB's checks say of an object is more than that.
    if (first === undefined || first.module !== null || subject.pc === null || subject.has(/\bK[A-Z]*SAN:|KFENCE:|BUG [\w-]+ \([^)]*\): /)) return null;
    if (!/^(?:_{0,3}kmem_cache_alloc\w*|_{0,3}kmalloc\w*|_{0,3}slab_alloc\w*|get_partial_node|_{0,2}slab_free|deactivate_slab|_{0,2}unfreeze_partials|put_cpu_partial|get_freepointer\w*|kfree_bulk|kmem_cache_free_bulk|_{0,2}alloc_skb)$/.test(nameOf(first))) return null;
    const victim = byTrail(subject);
    return {
      evidence: [{ logLine: first.logLine, text: first.text, why: "the allocator was taking an object off its free list, or putting one there" }],
      blame: nobody,
      suspects: victim.place === null ? [] : [suspectOf(victim.place, "it asked for memory, and most likely is only the victim")],
    };
  },
  blame: null,
  confidence: "medium",
  summary: () => "the allocator's free list is broken: an object was written to after its free, freed twice, or overrun before; who did it is not in this report",
  next: (subject, guilty) => [...slubDebug(subject), ...guard(subject, guilty), ...kasan(subject)],
};
