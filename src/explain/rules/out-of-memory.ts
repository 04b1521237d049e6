import { nobody, pick, suspectOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, type Evidence, type Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** No memory is left. Who asked last is seldom to blame; an out-of-tree module on its stack, or a cache that ate all, is worth a look. */
export const outOfMemory: Rule = {
  name: "out-of-memory",
  kinds: ["out-of-memory"],
  needs: [],
  helps: [{ form: /\S{1,32} invoked oom-killer: [^\n]*|Out of memory[^\n]*|System is deadlocked on memory[^\n]*/, why: "the kernel says it" }],
  when: (subject) => {
    const blame = pick(subject.trail, subject);
    const asked = blame.place !== null && subject.isOutOfTree(blame.place.frame.module) ? blame.place : null;
    const cache = largestCache(subject);
    const killed = subject.find(/Killed process \d+ \([^)\n]{0,64}\)[^\n]*/);
    const evidence = [...cache, ...(killed === null ? [] : [evidenceOf(killed, "what the kernel killed, and how much memory it had")])];
    // Where programs hold the memory, who asks last is but the next one.
    if (asked !== null && cache.length === 0) return { evidence, blame: nobody, suspects: [suspectOf(asked, "it asked for more when none was left, which alone proves nothing")] };
    return { evidence, blame: asked === null ? nobody : { ...blame, sure: false } };
  },
  blame: null,
  confidence: "high",
  summary: (who, subject) => {
    const [cache] = largestCache(subject);
    return `no memory is left${cache === undefined ? "" : `, and most of what the kernel itself holds is in one slab cache`}${who === null ? "" : `; ${someone(who)} was asking for more`}`;
  },
  next: (subject, guilty) => [
    ...(guilty?.module === null || guilty === null ? [] : [{ why: "see what the module allocates and does not free", command: `oopscope guard ${guilty.module} --leaks` }]),
    ...trace(guilty, "see how often it allocates"),
    ...(subject.has(/Unreclaimable slab info/) ? [{ why: "see the cache grow on a machine that still runs", command: "slabtop -s c" }] : []),
  ],
};

/** The slab cache that holds most of the memory, if one stands out: `kmalloc-4k  178112KB  178112KB`. */
function largestCache(subject: Subject): Evidence[] {
  const header = subject.find(/Unreclaimable slab info:/);
  if (header === null) return [];
  let best: { line: number; text: string; size: number } | null = null;
  let total = 0;
  for (const { line, text } of subject.lines) {
    const row = line <= header.logLine ? null : /([\w:.-]{1,64}) {2,}(\d{1,12})KB {2,}(\d{1,12})KB\s*$/.exec(text);
    if (row === null) continue;
    const size = Number(row[3]);
    total += size;
    if (best === null || size > best.size) best = { line, text: text.slice(row.index), size };
  }
  if (best === null || best.size * 2 < total) return [];
  return [evidenceOf({ logLine: best.line, text: best.text, match: /^/.exec("")! }, "the slab cache that holds most of the kernel's memory")];
}
