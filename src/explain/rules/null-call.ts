import { nobody, pick, type Blame } from "../blame.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** The processor was sent to address 0 (or next to it): a function pointer was NULL. Guilty is who called. */
export const nullCall: Rule = {
  name: "null-call",
  kinds: ["null-dereference", "bad-access"],
  needs: [],
  when: (subject) => {
    const { pc } = subject;
    if (pc === null || pc.symbol !== null || pc.address === null || BigInt(pc.address) >= 4096n) return null;
    return { evidence: [{ logLine: pc.logLine, text: pc.text, why: "the processor was at this address: nothing is there to run" }] };
  },
  blame: byCaller,
  confidence: "high",
  summary: (who) => `${someone(who, "someone")} calls a function pointer that is NULL`,
  next: (_subject, guilty) => trace(guilty, "see which object comes without its function"),
};

/** Whoever called what is no function. */
export function byCaller(subject: Subject): Blame {
  const blame = pick(subject.trail, subject);
  if (blame.place !== null) return blame;
  // Where the unwinder lost its way, the link register still knows.
  const link = subject.report.stacks.find(({ name }) => name === "pc")?.frames.filter((frame) => !frame.exact && frame.symbol !== null) ?? [];
  const caller = pick(link, subject);
  return caller.place === null ? nobody : caller;
}
