import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { guard, trace } from "../steps.ts";
import { someone } from "../words.ts";

/** A lock that is none: never initialized, or its memory is gone. */
export const lockBadMagic: Rule = {
  name: "lock-bad-magic",
  kinds: ["lock-misuse"],
  needs: [{ form: /(?:spinlock|rwlock|mutex) bad magic[^\n]*|trying to register non-static key[^\n]*/, why: "what is taken as a lock does not look like one" }],
  helps: [{ form: /lock: [^\n]*\.magic: [^\n]*/, why: "what stands there" }],
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who)} takes a lock that was never initialized, or whose memory was freed or overwritten`,
  next: (subject, guilty) => [...trace(guilty, "see which object's lock it is"), ...guard(subject, guilty)],
};
