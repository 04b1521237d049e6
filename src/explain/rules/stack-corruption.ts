import { byTrail, ownPlace, suspectOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, frameEvidence } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** The stack protector: on return a function found the guard behind its arrays overwritten. */
export const stackCorruption: Rule = {
  name: "stack-corruption",
  kinds: ["stack-corruption"],
  needs: [{ form: /stack is corrupted in:? ?[^\n]*/, why: "the guard behind the function's local arrays was overwritten" }],
  when: (subject) => {
    const said = subject.find(/stack is corrupted in:? ?(\S+)/);
    const frame = said === null ? null : subject.frameAt(said.logLine);
    const place = frame === null ? null : ownPlace(frame);
    if (said === null || frame === null || place === null) return { evidence: [] };
    const others = subject.trail.map(ownPlace).filter((one) => one !== null && one.frame.symbol !== frame.symbol && one.frame.module === frame.module).slice(0, 1);
    return {
      evidence: [evidenceOf(said, "found on its return"), frameEvidence(frame, "its arrays lie below the guard")],
      blame: { place, sure: true, suspects: [] },
      suspects: others.map((one) => suspectOf(one!, "its caller: the bytes beyond the arrays are its own")),
    };
  },
  blame: byTrail,
  confidence: "medium",
  summary: (who) => `${someone(who, "a function")}, or what it hands its local arrays to, wrote past the end of an array on the stack`,
  next: (_subject, guilty) => [...trace(guilty, "see the lengths that it is called with"), { why: "a kernel with KASAN names the write itself", command: "oopscope lab run --kernel PATH/TO/KASAN/bzImage --module MODULE.ko --script REPRODUCE.sh" }],
};
