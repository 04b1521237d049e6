import { byTrail, earlierOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";
import { holder } from "../lockdep.ts";

/** lockdep: locks are taken in one order here, and in the other there. */
export const lockdepDeadlock: Rule = {
  name: "lockdep-deadlock",
  kinds: ["deadlock"],
  needs: [{ form: /possible circular locking dependency detected/, why: "two orders that exclude each other were seen" }],
  when: (subject) => {
    const other = subject.report.stacks.filter(({ name }) => /^dependency [1-9]/.test(name)).map(({ frames }) => earlierOf("takes them in the other order", frames.filter((frame) => frame.reliable && frame.symbol !== null), subject));
    const wants = subject.find(/is trying to acquire lock:/);
    const held = holder(subject);
    return {
      evidence: [...(wants === null ? [] : [evidenceOf(wants, "who")]), ...(held === null ? [] : held.evidence)],
      earlier: [...(held === null ? [] : [held.earlier]), ...other.flatMap((one) => (one === null ? [] : [one.earlier]))],
    };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who)} takes a lock while it holds another, and elsewhere they are taken the other way round`,
  next: (_subject, guilty) => trace(guilty, "see the order in which it takes them, and for whom"),
};
