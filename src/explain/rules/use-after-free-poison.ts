import { byTrail, earlierOf, nobody } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, type Evidence, type Subject } from "../subject.ts";
import { guard, kasan, slubDebug, trace } from "../steps.ts";
import { meaningOf } from "../values.ts";
import { someone } from "../words.ts";

/** No sanitizer, but the poison that SLUB writes into freed memory: in the address, or in a register. */
export const useAfterFreePoison: Rule = {
  name: "use-after-free-poison",
  kinds: ["use-after-free", "general-protection", "bad-access"],
  needs: [],
  helps: [{ form: /BUG [\w-]+ \([^)]*\): Poison overwritten[^\n]*/, why: "freed memory was written to: its poison is gone" }],
  when: (subject) => {
    const evidence = poisonIn(subject);
    if (!subject.has(/\): Poison overwritten/)) return evidence.length === 0 ? null : { evidence };
    // The stack of the report is of whoever was given the object next. The one who freed it did so with somebody still writing to it.
    const free = earlierOf("free", subject.freedBy, subject);
    const made = earlierOf("allocation", subject.allocatedBy, subject);
    const earlier = [free, made].flatMap((one) => (one === null ? [] : [one.earlier]));
    return { evidence, earlier, blame: free === null ? nobody : { place: free.place, sure: true, suspects: [] } };
  },
  blame: byTrail,
  confidence: "medium",
  summary: (who, subject) => subject.has(/\): Poison overwritten/)
    ? `use after free: somebody wrote to an object after ${who === null ? "its free" : `${who} had freed it`}; the write itself is not in the log`
    : `use after free: ${someone(who)} follows a pointer that it read from freed memory; who freed it too early is not in the log`,
  next: (subject, guilty) => [...guard(subject, guilty), ...slubDebug(subject), ...trace(guilty, "see its calls and who makes them"), ...kasan(subject)],
};

/** Where the report shows memory that was freed. */
export function poisonIn(subject: Subject): Evidence[] {
  const { address } = subject;
  const told = address === null ? null : meaningOf(address.value);
  if (address !== null && told?.is === "freed") return [evidenceOf(address.said, `the address is ${told.what}`)];
  if (address !== null && told !== null && told.is !== "non-canonical") return [];
  for (const [name, text] of Object.entries(subject.report.registers)) {
    const value = /^0x[0-9a-f]{16}$/.test(text) ? meaningOf(BigInt(text)) : null;
    const line = value?.is === "freed" ? subject.registerLine(name) : null;
    if (line !== null) return [evidenceOf(line, `${name.toUpperCase()} holds ${value!.what}`)];
  }
  return [];
}
