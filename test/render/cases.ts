import { readFileSync } from "node:fs";
import type { Case } from "../../src/case/index.ts";
import { root } from "../support/cli.ts";

/** A saved case of test/fixtures/cases. */
export function savedCase(name: string): Case {
  return JSON.parse(readFileSync(`${root}test/fixtures/cases/${name}.json`, "utf8")) as Case;
}

/** What a log could hold to command a terminal, to run in a browser, or to pose as our own words. */
export const attack = [
  "</code></pre></textarea></script></style></title>\"'>",
  "<script>window.hit=1</script><img src=x onerror=window.hit=2><a href=javascript:window.hit=3>x</a>",
  "````\n```\n# heading\n<!-- @torvalds #1 GH-1 https://evil.example/ www.evil.example [x](https://evil.example) ![x](https://evil.example/x.png) `code` **b** | & &lt; ",
  "\u001b[31mred\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007\r\u009b2J\u202eesrever\u2066 \u0000\ttab 漢字 \ud800 --> \\",
].join(" ");

/** Keys whose values are of a fixed set or form. */
const formal = new Set(["schema", "match", "confidence", "mode", "reason", "address"]);

/** A short case with the attack behind every text in it, wherever that stands, and behind every register's name. */
export function hostileCase(behind = attack): Case {
  const poison = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return formal.has(key) ? value : `${value}${behind}`;
    if (Array.isArray(value)) return value.map((item) => poison(item, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [key === "registers" ? `${name}${behind}` : name, poison(inner, name)]));
  };
  const found = savedCase("null-chain");
  const report = found.reports[0]!;
  const short = {
    ...found,
    log: { ...found.log, lines: found.log.lines.slice(10, 14) },
    sources: [{ ...found.sources[0]!, first: 64, lines: found.sources[0]!.lines.slice(9, 12) }],
    reports: [
      {
        ...report,
        registers: Object.fromEntries(Object.entries(report.registers).filter(([name]) => /^(?:rax|rbx|cr2)$/.test(name))),
        instructions: { ...report.instructions!, list: report.instructions!.list.slice(12, 15), fromTrap: report.instructions!.fromTrap.slice(0, 2) },
        moreInstructions: [],
        stacks: report.stacks.slice(0, 2).map((stack) => ({ ...stack, frames: stack.frames.slice(0, 2) })),
      },
    ],
  };
  return poison(short, "") as Case;
}

/** Control characters, and those that turn the direction of writing: none may be in what is shown. */
export const commanding = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
