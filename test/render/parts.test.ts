import { expect, test } from "vitest";
import type { CaseReport } from "../../src/case/index.ts";
import { excerptsOf, marksOf } from "../../src/render/marks.ts";
import { faultText } from "../../src/render/place.ts";
import { registersOf } from "../../src/render/registers.ts";
import { decodedLines, savedLines } from "../../src/render/saved-lines.ts";
import { stacksToShow } from "../../src/render/stack-rows.ts";
import { taintInWords } from "../../src/render/taint.ts";
import { cut, padded, untabbed, widthOf, wrapped } from "../../src/render/width.ts";
import { savedCase } from "./cases.ts";

test("columns of a terminal", () => {
  expect([widthOf("abc"), widthOf("漢字"), widthOf("e\u0301"), widthOf("\tx"), widthOf("ab\tx"), widthOf("🐞"), widthOf("\u200b")]).toEqual([3, 4, 1, 9, 9, 2, 0]);
  expect(untabbed("a\tb漢\tc")).toBe("a       b漢     c");
  expect([cut("abcdef", 6), cut("abcdefg", 6), cut("漢字漢字", 6), cut("漢字漢字", 8)]).toEqual(["abcdef", "abc...", "漢...", "漢字漢字"]);
  expect(padded("漢", 4)).toBe("漢  ");
  expect(wrapped("one two three a/very/long/path.c:12 four", 9)).toEqual(["one two", "three", "a/very/long/path.c:12", "four"]);
  expect(wrapped("", 9)).toEqual([""]);
});

test("taint in words", () => {
  expect(taintInWords("GOE")).toEqual(["out-of-tree module", "unsigned module"]);
  expect(taintInWords("PZ")).toEqual(["proprietary module", "unknown flag Z"]);
  expect(taintInWords("G")).toEqual([]);
});

test("what of a guilty line is meant", () => {
  const found = savedCase("null-chain");
  const report = found.reports[0]!;
  const underlined = (text: string, change: Partial<CaseReport["verdict"]> = {}, column: number | null = null) => {
    const stacks = report.stacks.map((stack) => ({ ...stack, frames: stack.frames.map((frame) => ({ ...frame, functions: frame.functions.map((fn) => ({ ...fn, column: fn.line === 65 ? column : null })) })) }));
    const one = { ...report, stacks, verdict: { ...report.verdict!, fault: null, ...change } };
    const [excerpt] = excerptsOf({ ...found, sources: [{ file: "lab/modules/null_chain/null_chain.c", first: 65, lines: [text] }] }, one, marksOf(one), 3);
    const { from, to } = excerpt!.lines[0]!.underlines[0]!;
    return text.slice(from, to);
  };
  expect(underlined("\tkfree(skb->head); /* twice; */")).toBe("kfree(skb->head)");
  expect(underlined("\tif (!x) kfree(y); // c", {}, 10)).toBe("kfree(y)");
  expect(underlined("\treturn a->b;", {}, 10)).toBe("->b");
  expect(underlined("\treturn a->b;")).toBe("return a->b");
  expect(underlined("\treturn f(a->b, 1);", { fault: { ...report.verdict!.fault!, expression: "a->b" } })).toBe("a->b");
  expect(underlined("\t/* nothing */")).toBe("\t/* nothing */");
  expect(underlined("")).toBe("");
  expect(underlined("\tx = f(g(1), \"(\"", {}, 6)).toBe("f(g(1), \"(\"");
});

test("places whose source is not there, and lines beyond it, are no excerpts", () => {
  const found = savedCase("null-chain");
  const report = found.reports[0]!;
  expect(excerptsOf({ ...found, sources: [] }, report, marksOf(report), 3)).toEqual([]);
  expect(excerptsOf({ ...found, sources: [{ ...found.sources[0]!, first: 66 }] }, report, marksOf(report), 3)).toEqual([]);
  expect(marksOf({ ...report, verdict: null })).toEqual([]);
});

test("the faulting expression in a sentence", () => {
  const fault = { expression: "a->b", variable: "a", type: "struct a *", field: "b", value: "0x0", register: "rax", address: "0x8" };
  expect(faultText(fault)).toBe("`a->b`: `a` (`struct a *`) = NULL, in rax, address 0x8");
  expect(faultText({ ...fault, value: null, register: null, address: null })).toBe("`a->b`: `a` (`struct a *`)");
  expect(faultText({ ...fault, expression: "n", variable: "n", type: "u32", register: null, address: null })).toBe("`n` (`u32`) = 0x0");
  expect(faultText({ expression: "x != y", variable: null, type: null, field: null, value: null, register: null, address: null })).toBe("`x != y`");
});

test("registers with what is in them, by name, or by value: a NULL then only of the register that the fault is about", () => {
  const { general, system } = registersOf(savedCase("null-chain").reports[0]!);
  expect(general.filter(({ what }) => what !== null).map(({ name, what, faulting }) => ({ name, what, faulting }))).toEqual([
    { name: "rsp", what: "the stack pointer", faulting: false },
    { name: "rax", what: "`route->neighbour->device` (`struct nc_device *`); NULL, or 0", faulting: true },
    { name: "r13", what: "a user address, or a number", faulting: false },
    { name: "cr2", what: "what was accessed", faulting: false },
  ]);
  expect(system.map(({ name }) => name)).toEqual(["ss", "eflags", "fs", "gs", "knlgs", "cs", "ds", "es", "cr0", "cr3", "cr4", "pkru"]);
});

test("the pc is the first frame of its call trace, also where the trace repeats it", () => {
  const [report] = savedCase("null-chain").reports;
  expect(stacksToShow(report!).map(({ name, frames }) => [name, frames.length, frames[0]!.text])).toEqual([["call trace", 12, "nc_admit+0x17/0x50 [null_chain]"]]);
  const pc = report!.stacks[0]!;
  const trace = report!.stacks[1]!;
  const repeated = { ...report!, stacks: [pc, { ...trace, frames: [pc.frames[0]!, ...trace.frames] }] };
  expect(stacksToShow(repeated)[0]!.frames).toHaveLength(12);
});

test("a line with bytes that are no characters still has its frame in its place", () => {
  const found = savedCase("null-chain");
  const [report] = found.reports;
  // In the log the two bytes took two columns, in the case they take eight.
  const lines = found.log.lines.map(({ line, text }) => ({ line, text: line === 26 ? text.replace("[ ", "\\xff\\xfe[ ") : line === 27 ? text.replace("[ ", "é[ ") : text }));
  const stacks = report!.stacks.map((stack) => ({ ...stack, frames: stack.frames.map((frame) => (frame.logLine === 26 || frame.logLine === 27 ? { ...frame, column: frame.column + 2 } : frame)) }));
  const changed = { ...found, log: { ...found.log, lines }, reports: [{ ...report!, stacks }] };
  const decoded = decodedLines(savedLines(changed), changed.reports[0]!).filter(({ line }) => line === 26 || line === 27);
  expect(decoded).toEqual([
    { line: 26, text: "\\xff\\xfe[    3.093871]  nc_write (lab/modules/null_chain/null_chain.c:103) [null_chain]" },
    { line: 27, text: "é[    3.094283]  proc_reg_write (fs/proc/inode.c:340 in pde_write, fs/proc/inode.c:352)" },
  ]);
});
