import { readFileSync, readdirSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Case } from "../../src/case/index.ts";
import { decode } from "../../src/decode/index.ts";
import { explain, ruleNames } from "../../src/explain/index.ts";
import { root } from "../support/cli.ts";
import { mutated } from "../support/mutations.ts";
import { randomForTest, type Random } from "../support/seed.ts";
import { logNames, logsFolder, modulesFolder } from "../support/verdicts.ts";

const logs = [...logNames.map((name) => `${logsFolder}${name}.log`), ...readdirSync(`${root}test/oops/logs`).filter((name) => name.endsWith(".log")).map((name) => `${root}test/oops/logs/${name}`)].map((path) => readFileSync(path));
const boot = gunzipSync(readFileSync(`${root}test/fixtures/boots/6.1.0-56-amd64.log.gz`));

/** A log with lines of others among its own, lines lost, doubled and swapped. */
function spliced(random: Random): Buffer {
  const lines = logs[random.below(logs.length)]!.toString("latin1").split("\n");
  for (let edits = 1 + random.below(5); edits > 0; edits--) {
    const other = random.below(4) === 0 ? boot : logs[random.below(logs.length)]!;
    const from = other.toString("latin1").split("\n");
    const start = random.below(from.length);
    const at = random.below(lines.length + 1);
    switch (random.below(4)) {
      case 0: lines.splice(at, random.below(20)); break;
      case 1: lines.splice(at, 0, ...from.slice(start, start + 1 + random.below(40))); break;
      case 2: lines.splice(at, random.below(20), ...from.slice(start, start + 1 + random.below(20))); break;
      default: for (let k = 0; k < 8 && at + k < lines.length; k++) if (random.below(2) === 0) lines.splice(at + k, 0, from[(start + k) % from.length]!);
    }
  }
  return Buffer.from(lines.join("\n"), "latin1");
}

/** What is wrong with the verdicts, or null. */
function problemOf(found: Case): string | null {
  const lines = new Map(found.log.lines.map(({ line, text }) => [line, text]));
  for (const { verdict, stacks } of found.reports) {
    if (verdict === null) return "a report without a verdict";
    if (!ruleNames.includes(verdict.rule)) return `no rule is named ${verdict.rule}`;
    for (const { logLine, text } of verdict.evidence) {
      const line = lines.get(logLine);
      // An earlier report stands with its title.
      if (line === undefined || (!line.includes(text) && !found.reports.some(({ title }) => title === text))) return `line ${logLine} does not hold the evidence ${JSON.stringify(text)}`;
    }
    const { guilty } = verdict;
    if (guilty === null || guilty.function === "cleanup_module") continue;
    const shown = stacks.some(({ frames }) => frames.some((frame) => (frame.reliable || frame.exact) && [frame.symbol ?? "", ...frame.functions.map((fn) => fn.function)].some((name) => name.startsWith(guilty.function))));
    if (!shown) return `${guilty.function} is guilty, and stands on no stack that the kernel is sure of`;
  }
  return null;
}

test("spliced and damaged logs: a verdict for each report, which rests on the log, and is the same again", async () => {
  const random = randomForTest("explain fuzz");
  for (let round = 0; round < 1500; round++) {
    let bytes: Uint8Array = random.below(3) > 0 ? spliced(random) : logs[random.below(logs.length)]!;
    if (random.below(2) === 0) bytes = mutated(bytes, random, [], logs[random.below(logs.length)]!);
    const { case: decoded } = await decode(bytes, { root: null, code: "none", ...(round % 10 === 0 ? { modules: [modulesFolder] } : {}) });
    const found = await explain(decoded);
    expect(problemOf(found), `round ${round}, OOPSCOPE_SEED=${random.seed}`).toBeNull();
    if (round % 50 === 0) expect(await explain(JSON.parse(JSON.stringify(found)) as Case)).toEqual(found);
  }
}, 120_000);
