import { byRunning } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** A grace period does not end: somebody stays in a read section, or in the kernel without giving others a turn. */
export const rcuStall: Rule = {
  name: "rcu-stall",
  kinds: ["rcu-stall"],
  needs: [],
  helps: [{ form: /INFO: rcu\w* (?:self-)?detected[^\n]*|RCU Stall[^\n]*/i, why: "RCU waits" }],
  when: (subject) => {
    const starved = subject.find(/kthread (?:timer wakeup didn't happen|starved) for \d+[^\n]*/);
    return { evidence: starved === null ? [] : [evidenceOf(starved, "RCU's own thread got no turn either")] };
  },
  blame: byRunning,
  confidence: "medium",
  summary: (who) => `${someone(who, "somebody")} keeps a processor (or an RCU read section) so long that RCU cannot finish its grace period`,
  next: (_subject, guilty) => trace(guilty, "see how long it takes"),
};
