import { byRunning } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** A processor took not even interrupts for seconds: the NMI watchdog saw it. */
export const hardLockup: Rule = {
  name: "hard-lockup",
  kinds: ["hard-lockup"],
  needs: [{ form: /hard LOCKUP[^\n]*|Hard LOCKUP[^\n]*/, why: "which processor" }],
  blame: byRunning,
  confidence: "medium",
  summary: (who) => `${someone(who, "the kernel")} keeps a processor with interrupts off`,
  next: (_subject, guilty) => trace(guilty, "see how long it takes"),
};
