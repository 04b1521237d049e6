import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** The number of the processor, or its own data, is used where the task may be moved to another. */
export const preemptiblePerCpu: Rule = {
  name: "preemptible-per-cpu",
  kinds: ["lock-misuse"],
  needs: [{ form: /BUG: using \S+\(\) in preemptible[^\n]*/, why: "the kernel says it" }],
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who)} uses data of its processor while it may be moved to another: preempt_disable(), get_cpu() or this_cpu_*() is missing`,
  next: (_subject, guilty) => trace(guilty, "see who calls it"),
};
