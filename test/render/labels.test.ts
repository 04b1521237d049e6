import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { marksOf } from "../../src/render/marks.ts";
import { expectGolden } from "../support/golden.ts";
import { explained, logNames, logsFolder, withModules } from "../support/verdicts.ts";

// What is written under the guilty line of each lab log: it must be said of that line, and not of another that only crashed for it.

test("what is said of the guilty line", async () => {
  const rows: string[] = [];
  for (const name of logNames) {
    const found = await explained(readFileSync(`${logsFolder}${name}.log`), {}, withModules);
    for (const report of found.reports) {
      const guilty = marksOf(report).find(({ role }) => role === "guilty");
      rows.push(`${name}:${report.lines[0]} ${guilty === undefined ? "-" : `${guilty.function}:${guilty.line ?? "?"} ${guilty.label}`}`);
    }
  }
  expect(rows.length).toBeGreaterThan(80);
  expectGolden(`${rows.join("\n")}\n`, new URL("goldens/labels.txt", import.meta.url));
});
