import { nobody, pick } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { nameOf } from "../subject.ts";
import { evidenceOf } from "../subject.ts";

/** A pool of workers makes no progress: a work item keeps the processor, or all wait. */
export const workqueueLockup: Rule = {
  name: "workqueue-lockup",
  kinds: ["soft-lockup"],
  needs: [{ form: /BUG: workqueue lockup[^\n]*/, why: "which pool of workers, and how long" }],
  when: (subject) => {
    const busy = subject.find(/in-flight: ([^\n]*)/);
    const running = pick(subject.running.filter((frame) => nameOf(frame) !== ""), subject);
    return { evidence: busy === null ? [] : [evidenceOf(busy, "the work that is being done")], blame: running.place === null ? nobody : running };
  },
  blame: null,
  confidence: "medium",
  summary: (who, subject) => {
    const work = subject.find(/in-flight: \d+(?:\(RESCUER\))?:([\w.]{1,64})/)?.match[1];
    return `a workqueue stands still${work === undefined ? "" : ` while \`${work}\` runs`}${who === null || who.includes(work ?? "?") ? "" : `, in ${who}`}`;
  },
  next: (subject) => {
    const work = subject.find(/in-flight: \d+(?:\(RESCUER\))?:([\w.]{1,64})/)?.match[1];
    return work === undefined ? [] : [{ why: "see how long the work takes", command: `oopscope trace ${work} --ret` }];
  },
};
