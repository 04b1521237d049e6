import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** skb_put() or skb_push() beyond the room that a network buffer has (net/core/skbuff.c skb_panic). */
export const skbOverrun: Rule = {
  name: "skb-overrun",
  kinds: ["bug"],
  needs: [{ form: /skb_(?:over|under)_panic: [^\n]*/, why: "the buffer's length, and the room that it has" }],
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => `${someone(who)} puts more ${subject.has(/skb_under_panic/) ? "before" : "behind"} the data of an skb than it has room for (${subject.has(/skb_under_panic/) ? "skb_push()" : "skb_put()"})`,
  next: (_subject, guilty) => trace(guilty, "see the lengths of the buffers that it gets"),
};
