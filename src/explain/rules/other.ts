import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** What no rule knows. */
export const other: Rule = {
  name: "other",
  kinds: [],
  needs: [],
  blame: byTrail,
  confidence: "low",
  summary: (who, { report }) => `no rule knows this report (${report.kind})${who === null ? "" : `; the first function that may be to blame is ${someone(who)}`}`,
  next: (_subject, guilty) => trace(guilty, "see the calls that lead there"),
};
