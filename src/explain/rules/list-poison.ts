import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { guard, trace } from "../steps.ts";
import { meaningOf } from "../values.ts";
import { someone } from "../words.ts";

/** A pointer that list_del() left behind was followed. */
export const listPoison: Rule = {
  name: "list-poison",
  kinds: ["list-corruption", "general-protection", "bad-access"],
  needs: [],
  when: (subject) => {
    const { address } = subject;
    const meaning = address === null ? null : meaningOf(address.value);
    return address === null || meaning?.is !== "list-poison" ? null : { evidence: [evidenceOf(address.said, `the address is ${meaning.what}`)] };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who, "someone")} follows the links of a list entry that was deleted before`,
  next: (subject, guilty) => [...trace(guilty, "see who calls it, and with which entry"), ...guard(subject, guilty)],
};
