import { nobody, pick } from "../blame.ts";
import type { Rule } from "../rule.ts";

/** The first process ended. The kernel cannot go on without it. */
export const initKilled: Rule = {
  name: "init-killed",
  kinds: ["panic"],
  needs: [{ form: /Attempted to kill (?:init|the idle task)[^\n]*/, why: "the first process ended; its exit code stands behind" }],
  when: (subject) => {
    const blame = pick(subject.trail, subject);
    return { evidence: [], blame: blame.place !== null && blame.place.frame.module !== null ? blame : nobody };
  },
  blame: null,
  confidence: "medium",
  summary: (who, subject) => {
    const code = parseInt(subject.find(/exitcode=0x([0-9a-f]{1,8})/)?.match[1] ?? "0", 16);
    const signal = code & 0x7f;
    return `init ended ${signal === 0 ? `by itself, with status ${(code >> 8) & 0xff}` : `by signal ${signal}`}${who === null ? ": look at what init printed before" : `, in ${who}`}`;
  },
  next: () => [{ why: "boot with this to find out which part of the start-up fails", command: "init=/bin/sh" }],
};
