import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { slubDebug, trace } from "../steps.ts";
import { someone } from "../words.ts";

/** kfree() of a pointer that the allocator never gave out: into the middle of an object, to static data, to the stack. */
export const invalidFree: Rule = {
  name: "invalid-free",
  kinds: ["invalid-free"],
  needs: [],
  helps: [
    { form: /BUG [\w-]+ \([^)]*\): Invalid object pointer[^\n]*/, why: "the pointer is not the beginning of an object of this cache" },
    { form: /BUG: KASAN: \S*invalid-free[^\n]*/, why: "KASAN knows the object that the pointer lies in, and that it is not its beginning" },
    { form: /BUG: KFENCE: invalid free[^\n]*/, why: "KFENCE guards the object, and the pointer is not its beginning" },
    { form: /(?:page fault for address|paging request at)[^\n]*/, why: "the allocator found no page of its own at the pointer" },
    { form: /general protection fault[^\n]*/, why: "the allocator found no page of its own at the pointer" },
    { form: /WARNING: [^\n]*mm\/sl\w+\.c[^\n]*/, why: "the page belongs to no slab" },
  ],
  blame: byTrail,
  confidence: "high",
  summary: (who) => `invalid free: ${someone(who, "someone")} frees a pointer that no allocation returned`,
  next: (subject, guilty) => [...trace(guilty, "see the pointers that it frees"), ...slubDebug(subject, "FU")],
};
