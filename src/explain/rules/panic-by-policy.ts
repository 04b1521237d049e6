import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { set } from "../steps.ts";
import { someone } from "../words.ts";

/** A panic because the machine was told to panic, and what it was told to panic on is not in the log. */
export const panicByPolicy: Rule = {
  name: "panic-by-policy",
  kinds: ["panic"],
  needs: [{ form: /panic_on_warn set|system warned too often|panic_on_taint/, why: "the policy" }],
  blame: byTrail,
  confidence: "low",
  summary: (who) => `the machine was told to panic on the first warning (or oops), and the warning itself is missing from the log${who === null ? "" : `; it was in ${someone(who)}`}`,
  next: () => set("sysctl kernel.panic_on_warn=0", "let the machine live on, and read the warning"),
};
