import { byTrail, earlierOf, nobody, pick, standsOn, suspectOf } from "../blame.ts";
import type { Clue, Rule } from "../rule.ts";
import { guard, kasan, slubDebug, trace } from "../steps.ts";
import { someone } from "../words.ts";
import type { Subject } from "../subject.ts";

/**
 * A sanitizer caught the use, and knows who freed the object. To blame is who freed what others still had, unless the user itself had called the free:
 * then it went on with what it had given away.
 */
export const useAfterFree: Rule = {
  name: "use-after-free",
  kinds: ["use-after-free"],
  needs: [],
  helps: [
    { form: /BUG: (?:KASAN|KFENCE|KMSAN): [^\n]*use-after[^\n]*/, why: "the sanitizer saw the access" },
    { form: /(?:The buggy address belongs to the object|kfence-#\d+: )[^\n]*/, why: "the object" },
  ],
  when: (subject) => {
    if (subject.has(/\): Poison overwritten/)) return null;
    if (subject.freedBy.length > 0) return blameOf(subject);
    // The stack of the free may be lost: the sanitizer's word stands.
    return subject.has(/BUG: (?:KASAN|KFENCE|KMSAN): /) ? { evidence: [], confidence: "medium" } : null;
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => {
    const use = useOf(subject).place;
    const user = use === null ? "somebody" : `\`${use.fn?.function ?? use.frame.symbol}\``;
    return who?.startsWith(user) ? `use after free: ${who} uses an object that was freed before` : `use after free: ${someone(who, "someone")} frees an object that ${user} still uses`;
  },
  next: (subject, guilty) => [...guard(subject, guilty), ...trace(guilty, "see its calls and who makes them"), ...slubDebug(subject), ...kasan(subject)],
};

/** The use. `oopscope guard` looks where a function is entered: if who called it had called the free, too, that one handed on what it had given away. */
function useOf(subject: Subject): ReturnType<typeof pick> {
  const use = pick(subject.trail, subject);
  if (use.place === null || !subject.has(/BUG: oopscope-guard: use-after-free /) || standsOn(use.place, subject.freedBy)) return use;
  const caller = pick(subject.trail.slice(subject.trail.indexOf(use.place.frame) + 1), subject);
  return caller.place !== null && caller.place.frame.module === use.place.frame.module && standsOn(caller.place, subject.freedBy) ? caller : use;
}

function blameOf(subject: Subject): Clue {
  const use = useOf(subject);
  const free = earlierOf("free", subject.freedBy, subject);
  const made = earlierOf("allocation", subject.allocatedBy, subject);
  const allocation = made === null ? [] : [made.earlier];
  if (free === null) return { evidence: [], blame: use.place === null ? nobody : { ...use, sure: false }, earlier: allocation };
  const earlier = [free.earlier, ...allocation];
  const evidence = [{ logLine: free.place.frame.logLine, text: free.place.frame.text, why: "here the object was freed" }];
  // The kernel's own code frees what it is told to; the user's module may have told it.
  const core = free.place.frame.module === null && use.place?.frame.module !== null;
  if (use.place !== null && (core || standsOn(use.place, subject.freedBy))) return { evidence, blame: use, earlier };
  const suspects = use.place === null ? [] : [suspectOf(use.place, "it uses the object after the free")];
  if (use.place !== null) evidence.push({ logLine: use.place.frame.logLine, text: use.place.frame.text, why: "here it is used afterwards" });
  return { evidence, blame: { place: free.place, sure: true, suspects: [] }, suspects, earlier, confidence: use.place === null ? "medium" : "high" };
}
