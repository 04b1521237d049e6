import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { guard, trace } from "../steps.ts";
import { someone } from "../words.ts";

/** Debug objects: memory is freed that holds a timer, work or RCU head which the kernel still has (lib/debugobjects.c). */
export const freedWhileActive: Rule = {
  name: "freed-while-active",
  kinds: ["use-after-free"],
  needs: [{ form: /ODEBUG: free active[^\n]*/, why: "the object that is freed holds something the kernel still waits for" }],
  when: (subject) => {
    // `hint: wu_timeout+0x0/0x30 [m]`: the callback that would have run.
    const said = subject.find(/ODEBUG: free active[^\n]*?object type: (\w+)/);
    const hint = said === null ? null : subject.frameAt(said.logLine);
    return { evidence: hint === null || said === null ? [] : [{ logLine: said.logLine, text: hint.text, why: `what would have run: the ${said.match[1]!.replaceAll("_", " ")}'s function` }] };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, subject) => `${someone(who, "someone")} frees an object whose ${(subject.find(/object type: (\w+)/)?.match[1] ?? "timer or work").replaceAll("_", " ")} is still active`,
  next: (subject, guilty) => [...trace(guilty, "see who calls it, and when"), ...guard(subject, guilty)],
};
