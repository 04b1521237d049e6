import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { root } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";
import { explained, verdictText } from "../support/verdicts.ts";

/** Reports, written after the kernel's own printk, whose nearest function of a module is the victim or the messenger. */
const folder = `${root}test/explain/misleading/`;
const logs = readdirSync(folder).filter((name) => name.endsWith(".log"));

test.each(logs)("%s: nobody is blamed for standing nearby", async (name) => {
  const found = await explained(readFileSync(folder + name), { name, modules: [] });
  expect(found.reports).toHaveLength(1);
  expectGolden(verdictText(found), new URL(`misleading/${name.replace(".log", ".txt")}`, import.meta.url));
});
