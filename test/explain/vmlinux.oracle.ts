import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { debianKernel } from "../support/kernel.ts";
import { judged, logNames, promisedBy, withModules } from "../support/verdicts.ts";

// With a vmlinux the kernel's own functions are told by their source files: the verdicts must stay what they are without one.
const { vmlinux, release } = debianKernel();
const names = logNames.filter((name) => promisedBy(name).release === release);

test("there are logs of this kernel", () => {
  expect(existsSync(vmlinux)).toBe(true);
  expect(names.length).toBeGreaterThan(30);
});

test.each(names)("%s", async (name) => {
  const without = await judged(name, {}, withModules);
  const whole = await judged(name, { vmlinux }, withModules);
  const { rule, confidence, guilty } = whole.verdict;
  expect({ rule, confidence, guilty }).toEqual({ rule: without.verdict.rule, confidence: without.verdict.confidence, guilty: without.verdict.guilty });
  expect(whole.report.stacks.flatMap(({ frames }) => frames).some(({ module, functions }) => module === null && functions.some(({ file }) => file !== null))).toBe(true);
});
