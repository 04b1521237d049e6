import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

const forms: readonly { readonly form: RegExp; readonly what: string }[] = [
  { form: /bad unlock balance/, what: "releases a lock that it does not hold" },
  { form: /held lock freed/, what: "frees memory with a lock in it that is held" },
  { form: /lock held when returning to user space/, what: "returns to user space with a lock held" },
  { form: /still has locks held/, what: "ends with a lock held" },
  { form: /Invalid wait context/, what: "takes a lock that may sleep where only spinlocks may be taken" },
  { form: /already unlocked|wrong owner|wrong CPU|recursion|lockup suspected|cpu recursion/, what: "uses a spinlock against its rules" },
  { form: /ODEBUG: /, what: "uses a timer, work or RCU head against its rules" },
  { form: /bad contention/, what: "waits for a lock in a way that lockdep does not know" },
];

/** Rules of locks that the kernel checks. */
export const lockMisuse: Rule = {
  name: "lock-misuse",
  kinds: ["lock-misuse"],
  needs: [],
  helps: [{ form: /(?:WARNING|BUG|INFO|ODEBUG): [^\n]*/, why: "the check that failed" }],
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => `${someone(who)} ${forms.find(({ form }) => subject.has(form))?.what ?? "breaks a rule of locking"}`,
  next: (_subject, guilty) => trace(guilty, "see the locks that it takes and releases"),
};
