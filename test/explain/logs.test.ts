import { readFileSync, readdirSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { root } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";
import { explained, verdictText } from "../support/verdicts.ts";

const logs = readdirSync(`${root}test/oops/logs`).filter((name) => name.endsWith(".log"));

test.each(logs)("%s: the verdicts in whole, by the text alone", async (name) => {
  expectGolden(verdictText(await explained(readFileSync(`${root}test/oops/logs/${name}`), { name, modules: [] })), new URL(`text/${name.replace(".log", ".txt")}`, import.meta.url));
});

test("the article's log: a double free, whom to blame, and why", async () => {
  const { reports } = await explained(readFileSync(`${root}test/oops/logs/article.log`), { modules: [] });
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatchObject({
    kind: "double-free",
    verdict: { rule: "double-free-skb", confidence: "high", guilty: { module: "gtp5g", function: "gtp5g_dev_xmit", file: null, line: null } },
  });
  const { evidence, next } = reports[0]!.verdict!;
  expect(evidence.slice(0, 4)).toEqual([
    { logLine: 2, text: "kernel BUG at mm/slub.c:307!", why: "SLUB's freelist check: the object that is freed is already the first one on the free list" },
    { logLine: 6, text: "kfree+0x236/0x250", why: "the check stands in `kfree`, which was freeing" },
    { logLine: 10, text: "RDI: ffff93e58bc98000", why: "RDI is equal to RBX: the object that is freed, and the head of the free list" },
    { logLine: 9, text: "RBX: ffff93e58bc98000 RCX: ffff93e58bc98000", why: "RDI is equal to RBX: the object that is freed, and the head of the free list" },
  ]);
  expect(next.map(({ command }) => command)).toContain("slub_debug=FU");
});

const boots = readdirSync(`${root}test/fixtures/boots`).filter((name) => name.endsWith(".gz"));

test.each(boots)("%s: no report and no verdict in an ordinary boot", async (name) => {
  const bytes = gunzipSync(readFileSync(`${root}test/fixtures/boots/${name}`));
  expect(bytes.includes("Linux version ")).toBe(true);
  expect((await explained(bytes)).reports).toEqual([]);
});
