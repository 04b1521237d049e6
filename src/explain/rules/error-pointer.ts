import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, type Said, type Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { meaningOf, type Meaning } from "../values.ts";
import { someone } from "../words.ts";

/** An error came back as a pointer (ERR_PTR), and nobody asked IS_ERR(). */
export const errorPointer: Rule = {
  name: "error-pointer",
  kinds: ["bad-access", "general-protection", "null-dereference"],
  needs: [],
  when: (subject) => {
    const found = errorIn(subject);
    return found === null ? null : { evidence: [evidenceOf(found.said, found.why)], ...(mayBeContainer(found.meaning) === null ? {} : { confidence: "medium" as const }) };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => `${someone(who)} follows ${errorIn(subject)?.meaning.what ?? "an error pointer"} as if it were a pointer to an object: IS_ERR() was not asked${mayBeContainer(errorIn(subject)?.meaning ?? null) ?? ""}`,
  next: (_subject, guilty) => trace(guilty, "see where the error comes from"),
};

/** NULL less the distance of a member is a small negative number too: where that is a multiple of a pointer's size, both may be. Null: it is an error. */
function mayBeContainer(meaning: Meaning | null): string | null {
  const number = Number(/error pointer -(\d+)/.exec(meaning?.what ?? "")?.[1] ?? 0);
  return number > 0 && number % 8 === 0 ? `; or it is what container_of() makes of NULL, ${number} bytes below it, as list_first_entry() and its like do` : null;
}

/** The address itself, or (where a member was wanted, and the sum wrapped to a small one) a register that holds the error. */
function errorIn(subject: Subject): { said: Said; meaning: Meaning; why: string } | null {
  const { address } = subject;
  if (address === null) return null;
  const meaning = meaningOf(address.value);
  if (meaning?.is === "error") return { said: address.said, meaning: nearest(subject, address.value) ?? meaning, why: "the address lies in the last page, where error numbers are" };
  return null;
}

/** The error that a register holds, if the address is a member's distance above it. */
function nearest(subject: Subject, address: bigint): Meaning | null {
  const errors = Object.values(subject.report.registers).filter((text) => /^0x[0-9a-f]{16}$/.test(text)).map((text) => BigInt(text)).filter((value) => meaningOf(value)?.is === "error" && value <= address);
  const best = errors.filter((value) => address - value < 4096n).sort((one, other) => (one > other ? -1 : 1))[0];
  return best === undefined ? null : meaningOf(best);
}
