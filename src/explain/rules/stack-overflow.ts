import { nobody, ownPlace, pick, type Blame } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { plainName } from "../../oops/index.ts";
import { frameEvidence, nameOf, type Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** The stack is used up: by a recursion, which the trace repeats, or by large frames. */
export const stackOverflow: Rule = {
  name: "stack-overflow",
  kinds: ["stack-overflow"],
  needs: [],
  helps: [
    { form: /stack guard page was hit[^\n]*/, why: "the stack ran into the page below it" },
    { form: /Insufficient stack space to handle exception[^\n]*/, why: "there was no room left for an exception" },
    { form: /PANIC: double fault[^\n]*/, why: "an exception for which the stack had no room" },
    { form: /corrupted stack end detected[^\n]*/, why: "the mark at the stack's end is overwritten" },
    { form: /Thread overran stack[^\n]*/, why: "the kernel says it" },
  ],
  when: (subject) => {
    const cycle = cycleOf(subject);
    if (cycle === null) return { evidence: [] };
    const { frames, count } = cycle;
    const place = frames.map(ownPlace).find((one) => one !== null) ?? null;
    const names = frames.map((frame) => `\`${nameOf(frame)}\``).join(", ");
    return {
      evidence: [frameEvidence(frames[0]!, `${names} ${frames.length > 1 ? "come" : "comes"} again ${count} times in the trace`)],
      blame: place === null ? nobody : { place, sure: true, suspects: [] },
    };
  },
  blame: (subject): Blame => pick(subject.trail, subject),
  confidence: "high",
  summary: (who, subject) => {
    const cycle = cycleOf(subject);
    return cycle === null ? `the kernel stack overflowed under ${someone(who, "a call chain that the log does not show")}` : `the kernel stack overflowed: ${someone(who, `\`${nameOf(cycle.frames[0]!)}\``)} ${cycle.frames.length > 1 ? "calls itself by way of others" : "calls itself"} without end`;
  },
  next: (_subject, guilty) => trace(guilty, "see how deep it goes, and for which argument"),
};

/** Cycles longer than this are none. */
const longestCycle = 8;

/** The shortest sequence of frames that the trace repeats at least three times without a gap: a recursion. */
function cycleOf(subject: Subject): { readonly frames: readonly ReturnType<Subject["stack"]>[number][]; readonly count: number } | null {
  const trace = subject.trace.filter((frame) => frame.reliable && frame.symbol !== null);
  const names = trace.map((frame) => `${plainName(frame.symbol!)} ${frame.offset} ${frame.module}`);
  for (let length = 1; length <= longestCycle; length++) {
    for (let from = 0, run = 0; from + length < names.length; from++) {
      run = names[from] === names[from + length] ? run + 1 : 0;
      if (run < length * 3) continue;
      const start = from - run + 1;
      let end = from + 1;
      while (end + length < names.length && names[end] === names[end + length]) end++;
      return { frames: trace.slice(start, start + length), count: Math.floor((end - start) / length) + 1 };
    }
  }
  return null;
}
