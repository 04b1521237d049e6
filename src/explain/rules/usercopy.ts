import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** Hardened usercopy: a copy to or from user space leaves the object that it begins in. */
export const usercopy: Rule = {
  name: "usercopy",
  kinds: ["out-of-bounds"],
  needs: [{ form: /Kernel memory (?:exposure|overwrite) attempt detected[^\n]*/, why: "which object, and how far" }],
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => `${someone(who)} copies ${subject.has(/exposure attempt/) ? "more to user space than the object holds: kernel memory would leak" : "more from user space than the object holds"}`,
  next: (_subject, guilty) => trace(guilty, "see the lengths that it is called with"),
};
