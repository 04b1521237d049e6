import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SourceFolders, assertionAt } from "../../src/source/index.ts";

const root = mkdtempSync(join(tmpdir(), "oopscope-source-"));
afterAll(() => rmSync(root, { recursive: true }));
const folder = join(root, "tree");
mkdirSync(join(folder, "net/core"), { recursive: true });
writeFileSync(join(folder, "net/core/skbuff.c"), "one\r\ntwo\nthree\nfour\nfive\n");
writeFileSync(join(root, "secret"), "secret\n");
symlinkSync(join(root, "secret"), join(folder, "link.c"));
const sources = new SourceFolders([join(root, "nowhere"), folder]);

describe("finding sources", () => {
  test.each([
    ["as it is", "net/core/skbuff.c"],
    ["with what the builder had before it", "/build/linux-6.1/net/core/skbuff.c"],
    ["with steps up", "../../net/core/../core/skbuff.c"],
  ])("%s", (_, file) => {
    expect(sources.excerpt(file, 2, 1)).toEqual({ file, first: 1, lines: ["one", "two", "three"] });
  });

  test.each([
    ["not there", "net/core/dev.c"], ["a folder", "net/core"], ["a name alone, deeper", "skbuff.c"], ["out of the folder", "../secret"], ["a link out of the folder", "link.c"], ["the whole path of another file", join(root, "secret")], ["empty", ""],
    ["with a NUL", "net\0core"], ["endless", "a/".repeat(5000)],
  ])("%s: null", (_, file) => expect(sources.lines(file)).toBeNull());

  test("lines that are not there", () => {
    for (const line of [0, -1, 7, 1.5, NaN]) expect(sources.excerpt("net/core/skbuff.c", line)).toBeNull();
    expect(sources.excerpt("net/core/skbuff.c", 5, 1)).toEqual({ file: "net/core/skbuff.c", first: 4, lines: ["four", "five", ""] });
  });
});

describe("the condition of an assertion", () => {
  const of = (text: string, line = 1) => assertionAt(text.split("\n"), line);
  test.each([
    ["	BUG_ON(transaction->state != BC_RUNNING); /* GUILTY */", { macro: "BUG_ON", condition: "transaction->state != BC_RUNNING" }],
    ["	if (WARN_ON_ONCE(!list_empty(&a->list) && f(b, c)))", { macro: "WARN_ON_ONCE", condition: "!list_empty(&a->list) && f(b, c)" }],
    ['	WARN(x > 3, "x, %d )\\"", x);', { macro: "WARN", condition: "x > 3" }],
    ["	VM_BUG_ON_PAGE(PageTail(page), page);", { macro: "VM_BUG_ON_PAGE", condition: "PageTail(page)" }],
    ["	DEBUG_NET_WARN_ON_ONCE(a /* why */ < b);", { macro: "DEBUG_NET_WARN_ON_ONCE", condition: "a < b" }],
    ["	c = ')'; WARN_ON(c == ',' || c == '\\'');", { macro: "WARN_ON", condition: "c == ',' || c == '\\''" }],
    ["	return 0;", null],
    ["	BUG();", null],
    ["	BUG_ON(", null],
    ["	BUG_ON(a; b)", null],
  ])("%s", (text, expected) => expect(of(text)).toEqual(expected));

  test("over several lines", () => {
    const text = "int f(void)\n{\n\tWARN_ON(a->b &&\n\t\t!c->d);\n\treturn 0;";
    expect(of(text, 3)).toEqual({ macro: "WARN_ON", condition: "a->b && !c->d" });
    expect(of(text, 4)).toEqual({ macro: "WARN_ON", condition: "a->b && !c->d" });
    expect(of(text, 5)).toBeNull();
  });
});
