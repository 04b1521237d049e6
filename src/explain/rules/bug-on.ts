import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** BUG_ON(): as WARN_ON(), and the author saw no way on. */
export const bugOn: Rule = {
  name: "bug-on",
  kinds: ["bug"],
  needs: [],
  helps: [{ form: /[kK]ernel BUG at [^\n]*/, why: "the condition that was met stands there" }],
  blame: byTrail,
  confidence: "high",
  tellsPlace: /[kK]ernel BUG at ([\w./-]{1,200}\.[ch]):(\d{1,7})/,
  summary: (who) => `${someone(who)} met a condition after which it could not go on (BUG_ON)`,
  next: (_subject, guilty) => trace(guilty, "see the calls that lead there, with arguments"),
};
