import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** An allocation of pages failed; alone this kills nobody (mm/page_alloc.c warn_alloc). */
export const allocationFailure: Rule = {
  name: "allocation-failure",
  kinds: ["out-of-memory"],
  needs: [{ form: /page allocation failure: order:(\d+)[^\n]*/, why: "how many pages in one piece (2 to the power of the order), and under which rules" }],
  blame: byTrail,
  confidence: "medium",
  summary: (who, subject) => {
    const order = Number(subject.find(/allocation failure: order:(\d{1,2})/)?.match[1] ?? 0);
    return `${someone(who)} asked for ${order === 0 ? "a page" : `${2 ** order} pages in one piece`} and got none${order > 3 ? ": memory is there, but in pieces; kvmalloc() would do" : ""}`;
  },
  next: (_subject, guilty) => trace(guilty, "see how much it asks for"),
};
