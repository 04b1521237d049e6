import { nobody, pick } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";

/** A panic in words that no other rule knows. */
export const panic: Rule = {
  name: "panic",
  kinds: ["panic"],
  needs: [{ form: /Kernel panic - not syncing[^\n]*/, why: "the kernel's last words" }],
  blame: (subject) => {
    const blame = pick(subject.trail, subject);
    return blame.place === null ? nobody : blame;
  },
  confidence: "medium",
  summary: (who, subject) => `the kernel gave up: ${subject.find(/Kernel panic - not syncing: ?([^\n]{0,100})/)?.match[1]?.trim() ?? "panic"}${who === null ? "" : `; called for by ${who}`}`,
  next: (_subject, guilty) => trace(guilty, "see the calls that lead there"),
};
