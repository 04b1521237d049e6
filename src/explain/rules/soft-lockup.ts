import { byRunning } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** A processor has run kernel code for seconds without giving others a turn. */
export const softLockup: Rule = {
  name: "soft-lockup",
  kinds: ["soft-lockup"],
  needs: [{ form: /soft lockup[^\n]*|softlockup: hung tasks[^\n]*/, why: "which processor, how long, and who ran" }],
  blame: byRunning,
  confidence: "medium",
  summary: (who) => `${someone(who, "the kernel")} runs without end, or so long that nobody else gets the processor`,
  next: (_subject, guilty) => trace(guilty, "see how often it is called, and how long it takes"),
};
