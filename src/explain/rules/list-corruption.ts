import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { guard, kasan, slubDebug, trace } from "../steps.ts";
import { someone } from "../words.ts";

/** The list's own checks (lib/list_debug.c) found neighbours that do not point back. */
export const listCorruption: Rule = {
  name: "list-corruption",
  kinds: ["list-corruption"],
  needs: [{ form: /list_(?:add|del)(?: corruption| double add|_valid)[^\n]*/, why: "the list's check says what it found" }],
  when: (subject) => {
    const twice = subject.find(/is LIST_POISON[12]|double add/);
    return { evidence: twice === null ? [] : [evidenceOf(twice, twice.text.startsWith("double") ? "the entry is on the list already" : "the poison of list_del(): the entry was deleted before")] };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) =>
    subject.has(/is LIST_POISON[12]/) ? `${someone(who, "someone")} deletes a list entry that was deleted before`
    : subject.has(/list_add double add/) ? `${someone(who, "someone")} adds an entry that is on the list already`
    : `${someone(who, "someone")} meets a list whose links are broken: an entry was freed while on the list, changed without its lock, or overwritten`,
  next: (subject, guilty) => [...trace(guilty, "see who calls it, and with which entry"), ...guard(subject, guilty), ...slubDebug(subject), ...kasan(subject)],
};
