import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { nameOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** A task has slept uninterruptibly for minutes: what it waits for does not come. */
export const hungTask: Rule = {
  name: "hung-task",
  kinds: ["hung-task"],
  needs: [],
  helps: [
    { form: /INFO: task [^\n]* (?:blocked|can't die) [^\n]*/, why: "the watchdog's own words" },
    { form: /INFO: task [^\n]*is blocked on a [^\n]*owned by[^\n]*/, why: "who holds what it waits for" },
  ],
  blame: byTrail,
  confidence: "medium",
  summary: (who, { trail, report }) => {
    const names = trail.slice(0, 8).map(nameOf);
    const what = names.some((name) => /mutex|rwsem|down_|rt_mutex/.test(name)) ? "a lock that is not given back" : names.some((name) => /completion|wait_for_common/.test(name)) ? "a completion that nobody completes" : names.some((name) => /io_schedule|bit_wait|folio_wait/.test(name)) ? "input or output that does not end" : "something that does not happen";
    return `${report.context.comm ?? "a task"} waits in ${someone(who)} for ${what}`;
  },
  next: (_subject, guilty) => trace(guilty, "see when it is called, and which other side should wake it"),
};
