import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OopscopeError } from "../../src/base/index.ts";
import { readCase, writeCase, type Case } from "../../src/case/index.ts";
import { root } from "../support/cli.ts";

const json = readFileSync(`${root}test/fixtures/cases/null-chain.json`, "utf8");

async function errorOf(text: string): Promise<{ code: string; message: string }> {
  const error = await readCase(text, "case.json").then(() => null, (thrown: unknown) => thrown);
  if (!(error instanceof OopscopeError)) throw new Error(`not an error of ours: ${String(error)}`);
  return { code: error.code, message: error.message };
}

/** The case with one value put elsewhere. */
function changed(path: readonly (string | number)[], value: unknown): string {
  const whole = JSON.parse(json) as Record<string | number, unknown>;
  const holder = path.slice(0, -1).reduce((at, key) => at[key] as Record<string | number, unknown>, whole);
  if (value === undefined) delete holder[path.at(-1)!];
  else holder[path.at(-1)!] = value;
  return JSON.stringify(whole);
}

test("what is wrong is named with its key and what stands there", async () => {
  const cases: [readonly (string | number)[], unknown, string][] = [
    [["reports", 0, "stacks", 1, "frames", 3, "logLine"], "29", 'reports[0].stacks[1].frames[3].logLine must be a number, not "29"'],
    [["reports", 0, "stacks", 1, "frames", 3, "logLine"], 1.5, "reports[0].stacks[1].frames[3].logLine must be a whole number, not 1.5"],
    [["reports", 0, "stacks", 1, "frames", 3, "logLine"], -1, "reports[0].stacks[1].frames[3].logLine must be at least 0, not -1"],
    [["reports", 0, "verdict", "confidence"], "sure", 'reports[0].verdict.confidence must be one of "high", "medium", "low", not "sure"'],
    [["reports", 0, "verdict"], undefined, "reports[0].verdict must be an object, not missing"],
    [["reports", 0, "lines"], [1], "reports[0].lines must be a list of at least 2, not [1]"],
    [["reports", 0, "registers", "rax"], 0, "reports[0].registers.rax must be a text, not 0"],
    [["reports", 0, "stacks", 0, "frames", 0, "address"], "57", 'reports[0].stacks[0].frames[0].address must be an 0x number, not "57"'],
    [["sources"], {}, "sources must be a list, not {}"],
    [["log"], null, "log must be an object, not null"],
  ];
  for (const [path, value, message] of cases) expect(await errorOf(changed(path, value))).toEqual({ code: "malformed", message: `case.json: ${message}` });
  expect(await errorOf(JSON.stringify({ schema: "oopscope.case/1" }))).toEqual({ code: "malformed", message: "case.json: tool must be an object, not missing, and 7 more" });
});

test("what is no case at all", async () => {
  expect(await errorOf("{")).toMatchObject({ code: "malformed", message: expect.stringMatching(/^case\.json is no JSON: /) as string });
  expect(await errorOf("[]")).toEqual({ code: "malformed", message: 'case.json is no case that this version reads: it has no schema, and not "oopscope.case/1"' });
  expect(await errorOf("null")).toMatchObject({ code: "malformed" });
  expect(await errorOf(changed(["schema"], "oopscope.case/2"))).toEqual({ code: "unsupported", message: 'case.json is no case that this version reads: its schema is "oopscope.case/2", and not "oopscope.case/1"' });
  expect(await errorOf("[".repeat(100_000))).toMatchObject({ code: "malformed" });
});

test("keys of a newer version are kept, in their places", async () => {
  const newer = changed(["reports", 0, "verdict", "mood"], { good: true });
  expect(writeCase(await readCase(newer, "case.json"))).toBe(`${JSON.stringify(JSON.parse(newer), null, 2)}\n`);
});

test("what is written in pieces is the JSON that JSON.stringify writes", () => {
  const found = JSON.parse(json) as Case;
  const odd = { ...found, reports: [...found.reports, ...found.reports], image: {}, events: [{}, { a: [] }, { b: [[1], [], null] }], more: undefined, deep: { list: [{ list: [1, "a\nb"] }], none: {}, nothing: undefined } };
  for (const one of [found, odd, {}]) expect(writeCase(one as unknown as Case)).toBe(`${JSON.stringify(one, null, 2)}\n`);
});

test("what a terminal would obey is written in escapes, and is the same JSON", () => {
  const found = JSON.parse(json) as Case;
  const hostile = { ...found, log: { ...found.log, name: "a\u009b31mb\u202ec\u001b[0m\u007f" } };
  const written = writeCase(hostile);
  expect(written).not.toMatch(/[^\n\x20-\x7e]/);
  expect(JSON.parse(written)).toEqual(hostile);
});
