import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { parseLog, type ParsedFrame, type ParsedLog } from "../../src/oops/index.ts";
import { randomForTest } from "../support/seed.ts";

const folder = new URL("logs/", import.meta.url);
const logs = readdirSync(folder).filter((file) => file.endsWith(".log")).map((file) => readFileSync(new URL(file, folder)));
const formsFolder = new URL("../fixtures/forms/", import.meta.url);
const forms = readdirSync(formsFolder).filter((file) => file !== "README.md").map((file) => readFileSync(new URL(file, formsFolder)));

const spice = ["+0x", "/0x", "[<", ">]", "(", ")", "\n", "\r", "\x1b[", "\0", "\xff", " ? ", "<TASK>", "Code: ", "RIP: ", "BUG: ", "WARNING: ", "[ T1]", "[   1.0] ", "0x", "Call Trace:", "Modules linked in:", "=".repeat(66), "Kernel panic - not syncing: ", "A".repeat(3000), "0".repeat(3000), " ".repeat(3000), "(".repeat(3000), "[<".repeat(1500), "? ".repeat(1500), "f+0x1/0x2 ".repeat(300)];

const spiceOfForms = ["{\n", "}\n", "},{\n", '{"MESSAGE":"', '"}', "[1,2]", "__CURSOR=a\n", "MESSAGE\n", "MESSAGE=", "\xff\xff\0\0\0\0\0\0", ",ncfrag=0/99999;", "4,1,2,-,ncfrag=5/10;x", "4,1,2,+;", "4,1,2,c;", "\\x0a", "\\x", "#012", "&lt;", "&#x41;", "> ", "Oops#1 Part1\n", "Oops#1 Part7\n", " SUBSYSTEM=x\n", "data: {", "\x1e{", "\x1b[32m", "E/a( 0): ", "11-22 17:00:00.123     0     0 E a: ", "\u2028"];

function mutate(log: Buffer, next: (below: number) => number): Buffer {
  let bytes = log;
  for (let edits = 1 + next(4); edits > 0; edits--) {
    const at = next(bytes.length + 1);
    const end = Math.min(bytes.length, at + next(200));
    switch (next(6)) {
      case 0:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from((next(3) === 0 ? spiceOfForms : spice)[next(spiceOfForms.length)]!, "latin1"), bytes.subarray(at)]);
        break;
      case 2:
        bytes = Buffer.from(bytes);
        for (let k = at; k < Math.min(end, at + 8); k++) bytes[k] = next(256);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
        break;
      case 4:
        bytes = bytes.subarray(0, at);
        break;
      default: {
        const other = logs[next(logs.length)]!;
        const from = next(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + next(600)), bytes.subarray(at)]);
      }
    }
  }
  return bytes;
}

function problemOf(bytes: Buffer, log: ParsedLog): string | null {
  const { lines } = log;
  const whole = lines.map(({ text }) => text as string).join("\n") + (log.terminated ? "\n" : "");
  if (log.asWritten && whole !== bytes.toString("latin1")) return "the lines are not the log";
  if (lines.some(({ line, start, text }, k) => line !== k + 1 || start < 0 || start > text.length)) return "a line's number or start is wrong";
  const frameProblem = (frame: ParsedFrame): string | null => {
    const text = lines[frame.line - 1]?.text;
    if (text === undefined) return "a frame stands in no line";
    if (!(frame.from >= 0 && frame.from < frame.to && frame.to <= text.length)) return "a frame's span leaves its line";
    const shown = text.slice(frame.from, frame.to);
    if (frame.symbol !== null && !shown.startsWith(frame.symbol)) return `the span ${JSON.stringify(shown)} does not begin with its symbol`;
    return null;
  };
  for (const frame of log.loose) if (frameProblem(frame) !== null) return frameProblem(frame);
  for (const report of log.reports) {
    const [first, last] = report.lines;
    if (!(first >= 1 && first <= last && last <= lines.length)) return "a report leaves the log";
    for (const { frames } of report.stacks) for (const frame of frames) if (frameProblem(frame) !== null || frame.line < first || frame.line > last) return frameProblem(frame) ?? "a frame stands outside of its report";
    for (const code of report.code) {
      if (!(code.line >= first && code.line <= last && code.from >= 0 && code.from <= code.to && code.to <= lines[code.line - 1]!.text.length)) return "a code line's span is wrong";
      if (code.trap !== null && !(code.trap >= 0 && code.trap < code.bytes.length)) return "the trap is outside of the code";
    }
    if (/\{f\}|\{access\}/.test(report.title) || report.title === "") return `the title is ${report.title}`;
  }
  return null;
}

test("20,000 mutated logs keep their lines and their spans", () => {
  const random = randomForTest("mutated logs");
  const next = (below: number): number => random.below(below);
  for (let round = 0; round < 20_000; round++) {
    const bytes = mutate(logs[next(logs.length)]!, next);
    const problem = problemOf(bytes, parseLog(bytes));
    if (problem !== null) expect(problem, `round ${round}, OOPSCOPE_SEED=${random.seed}`).toBeNull();
  }
}, 120_000);

test("2,000 mutated forms", () => {
  const random = randomForTest("mutated forms");
  const next = (below: number): number => random.below(below);
  for (let round = 0; round < 2_000; round++) {
    const bytes = mutate(forms[next(forms.length)]!, next);
    const problem = problemOf(bytes, parseLog(bytes));
    if (problem !== null) expect(problem, `round ${round}, OOPSCOPE_SEED=${random.seed}`).toBeNull();
  }
}, 120_000);

// Memory and time of a form that goes on without an end are those of its length.
test("forms without an end", () => {
  const size = 1 << 17;
  const pieces = ["{", "{\n", "{\n}\n", "},{\n", '{"a":', '{"MESSAGE":"a"}\n', '{"MESSAGE":"a', "__CURSOR=\n", "__CURSOR=\nMESSAGE\n", "__CURSOR=a\nA=1\n", "4,1,2,-,ncfrag=0/9;a", "4,1,2,-,ncfrag=0/999999;\n", "4,1,2,+;a\n", "4,1,2,c;a\n", "\\x0a", "4,1,2,-;\\x0a", "#012", "h kernel: #012", "&lt;", "&", "> ", ">", "[    1.000000] ", "[    1.000000] a", "[", "\r", "a\r", "\ra", "Oops#1 Part1\n", "> [    1.000000] a\n", "Code: 00\n00 00\n", "Modules linked in: a\nb\n", "\x1b[32m[    1.000000] a\x1b[0m b", "\x1b[", "Sun 2026-11-22 17:00:00 UTC [s=0123456789abcdef0123456789abcdef;\n", "    ", "\t", "11-22 17:00:00.123     0     0 E ", "data: {\n", " DEVICE=\n", "kernel: ", "1 1 1 "];
  for (const head of ["", "BUG: kernel NULL pointer dereference, address: 0\n", "{\n", "__CURSOR=a\nMESSAGE\n", "4,1,2,-,ncfrag=0/999999;a"]) {
    for (const piece of pieces) {
      const bytes = Buffer.from(`${head}${piece.repeat(Math.ceil(size / piece.length))}x`, "latin1");
      expect(problemOf(bytes, parseLog(bytes))).toBeNull();
    }
  }
}, 240_000);

test("lines of a megabyte", () => {
  const pieces = ["a", "a.", "+0x", "f+0x1/0x2 ", "? ", "[<", "[<ffffffff81000000>] ", "(", " ", "0", "\x1b[", "\r", "RIP: 0010:", "epc : ", "Code: 0f ", "ff ", "a(O) ", "[ T1]", "<4>", "task:a ", "x0: 0 ", "\xff", "#1 ", "#1", "G ", "\t"];
  for (const head of ["", "[    1.0] ", "BUG: KASAN: ", "BUG: KCSAN: data-race in ", "WARNING: ", "Modules linked in: ", "Code: ", "CPU: 0 PID: 1 Comm: ", "INFO: task ", "BUG ", "Kernel panic - not syncing: ", "Linux version ", "Call Trace:\n"]) {
    for (const piece of pieces) {
      const bytes = Buffer.from(`BUG: kernel NULL pointer dereference, address: 0\n${head}${piece.repeat(Math.ceil((1 << 20) / piece.length))}${" ".repeat(9000)}x\n`, "latin1");
      expect(problemOf(bytes, parseLog(bytes))).toBeNull();
    }
  }
}, 120_000);

test("one report without an end", () => {
  for (const line of ["RIP: 0010:f+0x1/0x2", " f+0x1/0x2", "Call Trace:", "at: f+0x1/0x2", "NMI backtrace for cpu 1", "task:a state:D", "-> #1 (a):", "Code: 0f <0b>", "RAX: 0 RBX: 0", "Modules linked in: a", "kasan: x", "[   1.0][ T1] NMI backtrace for cpu 2", "list_del corruption", "Kernel panic - not syncing: x"]) {
    const bytes = Buffer.from(`Oops: 0000 [#1]\n${`${line}\n`.repeat(100_000)}`, "latin1");
    expect(problemOf(bytes, parseLog(bytes))).toBeNull();
  }
}, 60_000);

test("many small reports", () => {
  const bytes = Buffer.from("WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\nKernel Offset: 0x1000000 from 0xffffffff81000000\n".repeat(20_000), "latin1");
  expect(parseLog(bytes).reports).toHaveLength(20_000);
});
