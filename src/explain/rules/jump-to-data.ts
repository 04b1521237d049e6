import { ownPlace, suspectOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { guard, kasan, trace } from "../steps.ts";
import { someone } from "../words.ts";
import { byCaller } from "./null-call.ts";

/** The processor was sent to memory that is no code: a function pointer was overwritten, or read from an object that is gone. */
export const jumpToData: Rule = {
  name: "jump-to-data",
  kinds: ["bad-access", "general-protection", "use-after-free", "invalid-opcode"],
  needs: [],
  when: (subject) => {
    const { pc } = subject;
    const said = subject.find(/kernel tried to execute NX-protected page[^\n]*|#PF: supervisor instruction fetch in kernel mode|execute from non-executable memory[^\n]*|[kK]ernel instruction fetch[^\n]*/);
    if (pc === null || pc.symbol !== null) return null;
    if (said === null && pc.address === null) return null;
    const evidence = said === null ? [] : [evidenceOf(said, "the processor was to run what is no code")];
    evidence.push({ logLine: pc.logLine, text: pc.text, why: "where it was sent: no function of the kernel or a module" });
    const blame = byCaller(subject);
    if (blame.place !== null) return { evidence, blame };
    // The unwinder does not know the place and marks all it finds: the first of them is but a suspicion.
    const found = subject.trace.filter((frame) => frame.symbol !== null).map(ownPlace).find((place) => place !== null && place.frame.module !== null);
    return { evidence, suspects: found === undefined || found === null ? [] : [suspectOf(found, "the first function of a module on a stack that the kernel could not walk for sure")] };
  },
  blame: byCaller,
  confidence: "medium",
  summary: (who) => `${someone(who, "someone")} calls a function pointer that leads to data: its object was overwritten, or freed and used again`,
  next: (subject, guilty) => [...trace(guilty, "see which object it takes the function from"), ...guard(subject, guilty), ...kasan(subject)],
};
