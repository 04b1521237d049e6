import { expect, test } from "vitest";
import { rendererOf, renderFormats } from "../../src/render/index.ts";
import { expectGolden } from "../support/golden.ts";
import { hostileCase, savedCase } from "./cases.ts";

// skb-double-free: two reports, an earlier event. null-chain: sources and a faulting expression. article: the log's text alone.
const cases = { "skb-double-free": savedCase("skb-double-free"), "null-chain": savedCase("null-chain"), article: savedCase("article"), hostile: hostileCase() };
const endings = { terminal: "txt", markdown: "md", lkml: "mail.txt", html: "html" } as const;

for (const [name, found] of Object.entries(cases)) {
  test.each(renderFormats)(`${name} as %s, in whole`, async (format) => {
    const render = await rendererOf(format);
    const text = render(found);
    expectGolden(text, new URL(`goldens/${name}.${endings[format]}`, import.meta.url));
    // The same again: nothing of a machine or of time is in it.
    expect(render(structuredClone(found)) === text).toBe(true);
  });
}

test("a case without a crash", async () => {
  const empty = { ...cases.article, reports: [], loose: [], sources: [], log: { name: "boot.log", lines: [] } };
  for (const format of renderFormats) expect((await rendererOf(format))(empty)).toMatch(format === "terminal" ? /^$/ : /no crash in this log/i);
});
