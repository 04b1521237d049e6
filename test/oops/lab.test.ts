import { readFileSync, readdirSync, existsSync } from "node:fs";
import { expect, test } from "vitest";
import { parseLog } from "../../src/oops/index.ts";

// Real panics of guests, with what the scenario that caused them knows to be true.
const folder = new URL("../fixtures/logs/", import.meta.url);
type Expected = { readonly kind: string; readonly context: string; readonly release: string; readonly arch: string; readonly logLine: number; readonly log: string; readonly module: string; readonly end: string };
const expected = (name: string): Expected => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Expected;
const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".expect.json")) : [];

test("there are real logs", () => expect(names.length).toBeGreaterThan(0));

// The scenario knows more than its log: 0x4141414141414141 proves no use after free by itself.
const saidByLog: Readonly<Record<string, string>> = { "timer-use-after-free": "general-protection" };

// What stands in these logs and is not read yet: who made KCSAN's accesses (`by task`, `by interrupt`), and that KFENCE's object was `freed by` someone before.
// A kernel thread's stack says nothing of the processor.
const unread: Readonly<Record<string, { readonly arch?: null }>> = {
  "counter-race": { arch: null },
  "dma-race": { arch: null },
};

for (const name of names) {
  const log = new URL(name.replace(".expect.json", ".log"), folder);
  if (!existsSync(log)) continue;
  test(name, () => {
    const scenario = name.replace(".expect.json", "");
    const truth = expected(name);
    const known = { kind: saidByLog[scenario] ?? truth.kind, mode: truth.context as string | null, arch: truth.arch as string | null, ...unread[scenario] };
    const { reports } = parseLog(readFileSync(log));
    const report = reports.find(({ lines: [first, last] }) => first <= truth.logLine && truth.logLine <= last);
    expect(report).toMatchObject({ kind: known.kind, corrupted: null, context: { mode: known.mode }, kernel: { release: truth.release, arch: known.arch } });
    expect(report!.modules.length === 0 || report!.modules.some((module) => module.name === truth.module)).toBe(true);
  });
}
