import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, nameOf, type Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

const form = /skb(?:uff: skb)?_(?:over|under)_panic: [^\n]*/;

/** skb_put() or skb_push() beyond the room that a network buffer has (net/core/skbuff.c skb_panic). */
export const skbOverrun: Rule = {
  name: "skb-overrun",
  kinds: ["bug"],
  needs: [],
  when: (subject) => {
    const [first] = subject.trail;
    if (first === undefined || !/^skb_(?:over_|under_)?panic$/.test(nameOf(first))) return null;
    const said = subject.findBefore(form) ?? subject.find(form);
    return { evidence: [{ logLine: first.logLine, text: first.text, why: "the check of skb_put() and skb_push()" }, ...(said === null ? [] : [evidenceOf(said, "the buffer's length, and the room that it has")])] };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => `${someone(who)} puts more ${isUnder(subject) ? "before" : "behind"} the data of an skb than it has room for (${isUnder(subject) ? "skb_push()" : "skb_put()"})`,
  next: (_subject, guilty) => trace(guilty, "see the lengths of the buffers that it gets"),
};

const isUnder = (subject: Subject): boolean => subject.trail.slice(0, 3).some((frame) => /^skb_(?:push|under_panic)$/.test(nameOf(frame)));
