import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** UBSAN: an operation that C gives no result. */
export const undefinedBehaviour: Rule = {
  name: "undefined-behaviour",
  kinds: ["undefined-behaviour"],
  needs: [],
  helps: [
    { form: /UBSAN: [^\n]*/, why: "the compiler's own check, with file and line" },
    { form: /shift exponent [^\n]*|[^\n]{0,60}cannot be represented in type[^\n]*|load of value [^\n]*|member access [^\n]*/, why: "the values" },
  ],
  blame: byTrail,
  confidence: "high",
  tellsPlace: /UBSAN: [\w -]{1,60} in ([\w./-]{1,200}\.[ch]):(\d{1,7})/,
  summary: (who, subject) => `undefined behaviour (${subject.find(/UBSAN: ([\w -]+?)(?: in |\s*$)/)?.match[1] ?? "UBSAN"}) in ${someone(who)}`,
  next: (_subject, guilty) => trace(guilty, "see the arguments that it is called with"),
};
