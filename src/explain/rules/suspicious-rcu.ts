import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** lockdep: what RCU protects is read outside of a read section. */
export const suspiciousRcu: Rule = {
  name: "suspicious-rcu",
  kinds: ["lock-misuse"],
  needs: [{ form: /suspicious RCU usage/, why: "lockdep says it" }],
  when: (subject) => {
    const where = subject.find(/\S{1,300}:\d+ (?:suspicious|Illegal)[^\n]*/);
    return { evidence: where === null ? [] : [evidenceOf(where, "the access")] };
  },
  blame: byTrail,
  confidence: "medium",
  summary: (who) => `${someone(who)} reads what RCU protects without rcu_read_lock() (or the lock that may stand for it)`,
  next: (_subject, guilty) => trace(guilty, "see who calls it"),
};
