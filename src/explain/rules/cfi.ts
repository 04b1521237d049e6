import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** kCFI or IBT: an indirect call led to a function of another type, or to no function's beginning. */
export const cfi: Rule = {
  name: "cfi",
  kinds: ["cfi"],
  needs: [{ form: /CFI failure[^\n]*|Missing ENDBR[^\n]*|control protection fault[^\n]*|Oops - (?:CFI|FPAC|BTI)[^\n]*/, why: "caller, target and the type that was expected" }],
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who)} calls a function through a pointer of another type (or one that was overwritten)`,
  next: (_subject, guilty) => trace(guilty, "see which object it takes the function from"),
};
