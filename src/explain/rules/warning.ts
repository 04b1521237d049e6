import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** WARN_ON(): a condition that its author thought impossible. A panic by panic_on_warn is this and no more. */
export const warning: Rule = {
  name: "warning",
  kinds: ["warning"],
  needs: [{ form: /WARNING: [^\n]*/, why: "the condition that was met stands there" }],
  when: (subject) => {
    const policy = subject.find(/panic_on_warn set|system warned too often/);
    return { evidence: policy === null ? [] : [evidenceOf(policy, "the machine was told to panic on a warning: the warning is the cause")] };
  },
  blame: byTrail,
  confidence: "high",
  tellsPlace: /WARNING: (?:CPU: \d+ PID: \d+ at )?([\w./-]{1,200}\.[ch]):(\d{1,7})/,
  summary: (who, subject) => `${someone(who)} met a condition that must not be (WARN_ON)${subject.has(/panic_on_warn set/) ? "; the panic is but the policy for warnings" : ""}`,
  next: (_subject, guilty) => trace(guilty, "see the calls that lead there, with arguments"),
};
