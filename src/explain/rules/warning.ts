import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, nameOf, type Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** Where a function that serves others warns of what it was asked: that function with its place, and who asked. */
function askedBy(who: string | null, subject: Subject): string | null {
  const { pc } = subject;
  const [first] = subject.trail;
  if (who === null || pc === null || first === undefined || byTrail(subject).place?.frame === first) return null;
  const place = subject.find(/WARNING: (?:CPU: \d+ PID: \d+ at )?([\w./-]{1,200}\.[ch]:\d{1,7})/)?.match[1];
  return `\`${nameOf(first)}\`${place === undefined ? "" : ` (${place})`} warns of what ${who} asks of it (WARN_ON)`;
}

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
  summary: (who, subject) => `${askedBy(who, subject) ?? `${someone(who)} met a condition that must not be (WARN_ON)`}${subject.has(/panic_on_warn set/) ? "; the panic is but the policy for warnings" : ""}`,
  next: (_subject, guilty) => trace(guilty, "see the calls that lead there, with arguments"),
};
