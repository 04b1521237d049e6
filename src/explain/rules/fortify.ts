import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** FORTIFY_SOURCE: memcpy() and its like know the size of what they write to. */
export const fortify: Rule = {
  name: "fortify",
  kinds: ["out-of-bounds", "warning", "bug"],
  needs: [{ form: /detected buffer overflow[^\n]*|detected field-spanning[^\n]*|detected (?:read|write) overflow[^\n]*/, why: "the copy is larger than the object (or member) that the compiler knows" }],
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => `${someone(who)} copies more than the ${subject.has(/field-spanning/) ? "member" : "object"} holds (\`${subject.find(/detected buffer overflow in (\w+)|(\w+): detected/)?.match.slice(1).find((name) => name !== undefined) ?? "memcpy"}\`)`,
  next: (_subject, guilty) => trace(guilty, "see the lengths that it is called with"),
};
