import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { explained, judged, logNames, logsFolder, verdictText, withCode, withModules } from "../support/verdicts.ts";

/**
 * Logs that do not show whom to blame: freed-jump, object-, timer- and work-use-after-free (the crash comes long after the free), heap-overflow and
 * stack-smash (the write is past when it is noticed), unloaded-timer (no frame of the module is left).
 */
const notInLog = ["freed-jump", "heap-overflow", "heap-overflow-kfence", "object-use-after-free", "stack-smash", "timer-use-after-free", "unloaded-timer", "work-use-after-free"];

test.each(logNames)("%s: kind and guilty line are the scenario's", async (name) => {
  const { kindRight, lineRight, verdict } = await judged(name);
  expect({ kindRight, lineRight }, JSON.stringify(verdict.guilty)).toEqual({ kindRight: true, lineRight: !notInLog.includes(name) });
  // Where the log does not show the culprit, the verdict must not claim to be sure.
  if (!lineRight) expect(verdict.confidence).not.toBe("high");
});

test.each(notInLog)("%s: with the module's code the guilty line is the scenario's", async (name) => {
  const { kindRight, lineRight, verdict } = await judged(name, {}, withCode);
  expect({ kindRight, lineRight }, JSON.stringify(verdict.guilty)).toEqual({ kindRight: true, lineRight: true });
  expect(verdict.confidence).not.toBe("high");
});

test.each(logNames)("%s: the verdicts in whole", async (name) => {
  expectGolden(verdictText(await explained(readFileSync(`${logsFolder}${name}.log`), { name: `${name}.log` }, withModules)), new URL(`verdicts/${name}.txt`, import.meta.url));
});

test.each(logNames)("%s: without any file the function that the log names stays guilty", async (name) => {
  const whole = await judged(name);
  const { verdict, kindRight } = await judged(name, { modules: [] });
  expect(kindRight).toBe(true);
  const { guilty } = whole.verdict;
  if (guilty === null || verdict.guilty === null) expect(verdict.guilty).toEqual(guilty);
  else {
    // The log names the function that owns the code; what was inlined into it only the file knows.
    const frames = whole.report.stacks.flatMap(({ frames: all }) => all);
    const owner = (one: string) => frames.filter(({ functions }) => functions.some(({ function: fn }) => fn === one)).map(({ symbol }) => symbol?.replace(/\..*/, ""));
    expect([guilty.function, ...owner(guilty.function)]).toContain(verdict.guilty.function);
  }
});
