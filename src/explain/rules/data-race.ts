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

/** The stacks of the two accesses, the write first. */
function sides({ report }: Subject): (readonly Subject["trail"][number][])[] {
  const both = report.stacks.filter(({ name }) => /^(?:marked |assert no )?(?:read|write|read-write)s? .*\bby$|^(?:read|write)(?:-write)? by$/.test(name) || / by$/.test(name));
  const frames = both.sort((one, other) => Number(other.name.startsWith("write")) - Number(one.name.startsWith("write"))).map((stack) => stack.frames.filter((frame) => frame.reliable && frame.symbol !== null));
  return frames.filter((list) => list.length > 0);
}
