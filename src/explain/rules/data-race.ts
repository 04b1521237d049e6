import { earlierOf, nobody, pickOrFirst } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";
import type { Subject } from "../subject.ts";

/** KCSAN: two accesses at the same time, one of them a write, and neither marked nor locked. */
export const dataRace: Rule = {
  name: "data-race",
  kinds: ["data-race"],
  needs: [{ form: /BUG: KCSAN: [^\n]*/, why: "the two functions" }],
  helps: [{ form: /value changed: [^\n]*/, why: "what the race did" }],
  when: (subject) => {
    const [, other] = sides(subject);
    const second = other === undefined ? null : earlierOf("the other side", other, subject);
    return { evidence: [], earlier: second === null ? [] : [second.earlier] };
  },
  blame: (subject) => {
    const [first] = sides(subject);
    return first === undefined ? nobody : pickOrFirst(first, subject);
  },
  confidence: "medium",
  summary: (who) => `${someone(who, "somebody")} and another reach the same memory at the same time without a lock between them`,
  next: (_subject, guilty) => trace(guilty, "see who calls it, on which processors"),
};

/** The stacks of the two accesses: what is not marked (READ_ONCE() and its like) before what is, and the write before the read. */
function sides(subject: Subject): (readonly Subject["trail"][number][])[] {
  const both = subject.report.stacks.filter(({ name }) => / by$/.test(name));
  const order = ({ name, frames }: (typeof both)[number]) => (isMarked(subject, frames[0]?.logLine ?? 0) ? 2 : 0) + (name.startsWith("write") ? 0 : 1);
  const frames = both.sort((one, other) => order(one) - order(other)).map((stack) => stack.frames.filter((frame) => frame.reliable && frame.symbol !== null));
  return frames.filter((list) => list.length > 0);
}

/** `write (marked) to 0x… of 4 bytes by task 42 on cpu 0:` stands in the line before the stack. */
function isMarked({ lines }: Subject, firstFrame: number): boolean {
  return /\(marked/.test(lines.find(({ line }) => line === firstFrame - 1)?.text ?? "");
}
