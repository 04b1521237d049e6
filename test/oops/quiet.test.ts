import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { LineSplitter, LogReader, quietLines, type LogLine } from "../../src/oops/index.ts";
import { randomForTest } from "../support/seed.ts";

const folder = new URL("logs/", import.meta.url);
const lines = readdirSync(folder)
  .filter((file) => file.endsWith(".log"))
  .flatMap((file) => readFileSync(new URL(file, folder), "latin1").split("\n"));
const messages = lines.map((line) => line.replace(/^(?:<\d+>)?\[[ \d.]+\] ?/, ""));
const prefixes = ["[    1.000001] ", "[12345.678901] ", "<4>[    0.000000] ", "[    1.000001] [  T123] ", "[    1.000001][  C1] ", "<6>[    2.5] [ C0] ", "Nov 22 17:00:00 host kernel: [   12.345678] ", "Nov  2 17:00:00 host kernel: ", "Nov 22 17:00:00 host ", "2026-11-22T17:00:00.123456+00:00 host kernel: [   12.345678] [   T1] ", "2026-11-22T17:00:00Z a kernel: "];
const spice = ["+0x1/0x2", "[<ffffffff81000000>]", " [    3.000000] ", "\r", "\x1b[31m", " [#1]", "(GFP_KERNEL)", " 12us : bpf_trace_printk: ", "host kernel: ", "kernel: ", "  ", "\t", "&#x42;UG: ", "SysRq : Show", "[ T1] ", "> ", "\0", "=".repeat(40), "------------[ cut here ]------------", "DMI: ", "Linux version 6.1.0 "];

/** What a reader that has nothing under way hears in a line, and whether it waits for more afterwards. */
function heard(text: string): string[] {
  const said: string[] = [];
  const reader = new LogReader({ report: () => said.push("report"), loose: () => said.push("frames"), kaslrOffset: () => said.push("offset"), boot: () => said.push("boot") });
  const splitter = new LineSplitter();
  const read: LogLine[] = [];
  splitter.push(Buffer.from(`${text}\n`, "latin1"), (line) => {
    read.push(line);
    reader.push(line);
  });
  if (read.length !== 1 || read[0]!.parts !== undefined || !splitter.asWritten || !splitter.between) said.push("form");
  if (!reader.idle) said.push("begin");
  if (/^(?:DMI: |Linux version |Kernel Offset: |SysRq : Show|sysrq: Show)/.test(text.slice(read[0]?.start))) said.push("word");
  return said;
}

const isQuiet = (text: string): boolean => quietLines(Buffer.from(`${text}\n`, "latin1"), 0, 0).lines === 1;

test("a quiet line says nothing to the reader", () => {
  const random = randomForTest("quiet");
  const pick = <T>(of: readonly T[]): T => of[random.below(of.length)]!;
  let quiet = 0;
  for (const prefix of prefixes) {
    for (const message of messages) {
      if (!isQuiet(prefix + message)) continue;
      quiet++;
      expect({ line: prefix + message, heard: heard(prefix + message) }).toEqual({ line: prefix + message, heard: [] });
    }
  }
  expect(quiet).toBeGreaterThan(1000);
  for (let round = 0; round < 20_000; round++) {
    const message = pick(messages);
    const at = random.below(message.length + 1);
    const line = pick(prefixes) + (random.below(3) === 0 ? pick(spice) : "") + message.slice(0, at) + pick(spice) + message.slice(at + random.below(3));
    if (line.includes("\n") || !isQuiet(line)) continue;
    expect({ line, heard: heard(line) }).toEqual({ line, heard: [] });
  }
});

test("quiet are whole lines of the kernel's, up to the context of what follows", () => {
  const chatter = "[    1.000001] usb 1-1: new device\n[    1.000002] \n<6>[    1.000003] [    T1] e1000: eth0[12] link is up (1000)\r\n[    1.000004] systemd[1]: Started\n";
  const rest = "[    1.000005] BUG: KASAN: ";
  const of = (text: string, from: number, keep: number) => quietLines(Buffer.from(text, "latin1"), from, keep);
  expect(of(chatter + rest, 0, 0)).toEqual({ end: chatter.length, lines: 4 });
  expect(of(chatter + rest, 0, 1)).toEqual({ end: chatter.lastIndexOf("[    1.000004]"), lines: 3 });
  expect(of(chatter + rest, 0, 4)).toEqual({ end: 0, lines: 0 });
  expect(of(chatter + rest, chatter.indexOf("<6>"), 1)).toEqual({ end: chatter.lastIndexOf("[    1.000004]"), lines: 1 });
  expect(of(chatter.slice(0, -1), 0, 0)).toEqual({ end: chatter.lastIndexOf("[    1.000004]"), lines: 3 });
  expect(of("", 0, 0)).toEqual({ end: 0, lines: 0 });
  const syslog = "Nov 22 17:00:00 host kernel: usb 1-1\nNov 22 17:00:00 host systemd[1]: Started\n2026-11-22T17:00:00.123456+00:00 host kernel: [   12.3] e1000\n";
  expect(of(syslog, 0, 0)).toEqual({ end: syslog.length, lines: 3 });
  for (const line of ["Nov 22 17:00:00 host kernel: [x] usb", "Nix 22 17:00:00 host kernel: usb", "2026-11-22 17:00:00 host kernel: usb", "usb 1-1", " [    1.0] usb", "[    1.0 usb", "[    1.0] \tusb", "[    1.0] [  X1] usb"]) expect(of(`${line}\n`, 0, 0), line).toEqual({ end: 0, lines: 0 });
});
