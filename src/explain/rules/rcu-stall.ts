import { byRunning, nobody } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, type Said, type Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** Where RCU's thread was starved and the processors that it waits for were idle: the stack that follows is that thread's own. */
const idleStall = (subject: Subject): Said | null => (subject.has(/kthread (?:timer wakeup didn't happen|starved) for \d+/) && subject.pc === null ? subject.find(/NMI backtrace for cpu \d+ skipped: idling at [^\n]*/) : null);

/** A grace period does not end: somebody stays in a read section, or in the kernel without giving others a turn. */
export const rcuStall: Rule = {
  name: "rcu-stall",
  kinds: ["rcu-stall"],
  needs: [],
  helps: [{ form: /INFO: rcu\w* (?:self-)?detected[^\n]*|RCU Stall[^\n]*/i, why: "RCU waits" }],
  when: (subject) => {
    const starved = subject.find(/kthread (?:timer wakeup didn't happen|starved) for \d+[^\n]*/);
    const evidence = starved === null ? [] : [evidenceOf(starved, "RCU's own thread got no turn either")];
    const idle = idleStall(subject);
    return idle === null ? { evidence } : { evidence: [...evidence, evidenceOf(idle, "the processor that RCU waits for has nothing to do")], blame: nobody, confidence: "low" };
  },
  blame: byRunning,
  confidence: "medium",
  summary: (who, subject) => idleStall(subject) !== null ? "RCU cannot finish its grace period, though the processors that it waits for are idle: its own thread did not run (timers or wake-ups were lost, a virtual machine was not scheduled, or another thread of a higher priority kept its processor)" : `${someone(who, "somebody")} keeps a processor (or an RCU read section) so long that RCU cannot finish its grace period`,
  next: (_subject, guilty) => trace(guilty, "see how long it takes"),
};
