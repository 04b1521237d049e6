import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { readHeader } from "../../src/oops/header.ts";
import { parseLog, type CrashReport } from "../../src/oops/index.ts";
import { sortOf } from "../../src/oops/untangle/sort.ts";
import { began, continues, step, unfinished, type Speaker } from "../../src/oops/untangle/speaker.ts";
import { randomForTest } from "../support/seed.ts";
import { alone, reportLines, said, weave } from "./weave.ts";

// Reports of guests whose processors differ in what they print, and how they end.
const names = ["warn-credit", "null-chain", "refcount-underflow", "bug-commit", "list-corruption", "divide-rate", "soft-lockup", "non-canonical", "sleep-in-atomic", "hung-task", "init-null.6.1.0-56-arm64"];
const pairs = names.flatMap((one) => names.filter((other) => other !== one && one.includes("arm64") === other.includes("arm64")).map((other) => [one, other] as const));
const reports = new Map(names.map((name) => [name, [0, 1].map((cpu) => reportLines(name, cpu))]));
const alones = new Map(names.map((name) => [name, reports.get(name)!.map(alone)]));

const pcOf = (report: CrashReport) => report.stacks.flatMap(({ frames }) => frames).find(({ role, user }) => role === "pc" && !user)?.symbol ?? null;

test("the grammar: a report alone has no line out of place", () => {
  const wrong: string[] = [];
  for (const name of readdirSync(new URL("../fixtures/logs/", import.meta.url)).filter((file) => file.endsWith(".log"))) {
    let speaker: Speaker | null = null;
    const shown = new Set<string>();
    for (const text of reportLines(name.slice(0, -4), 0)) {
      const sort = sortOf(text, 0, readHeader(text, 0), shown);
      if (sort.is === "header" && (speaker === null || !continues(speaker, sort.header))) speaker = began(-1, sort);
      else if (speaker !== null) {
        const { cost, next } = step(speaker, sort);
        if (cost > 1) wrong.push(`${name}: ${text.slice(0, 60)}`);
        speaker = next;
      }
    }
    if (speaker !== null && unfinished(speaker) > 0) wrong.push(`${name}: unfinished`);
  }
  expect(wrong).toEqual([
    // After an interrupt on its own stack the kernel of 5.10 closes no `<TASK>`.
    "skb-double-free-forward.5.10.0-46-amd64.log: RIP: 0010:native_safe_halt+0xe/0x20",
    // KASAN describes the stack behind its trace.
    "stack-smash-kasan.log:  sm_register+0x0/0x120 [stack_smash]",
  ]);
});

test("two reports printed at once are two with caller ids, and without nothing is wrong in silence", { timeout: 120_000 }, () => {
  const random = randomForTest("weaves");
  const below = (limit: number) => random.below(limit);
  const count = { weaves: 0, reports: 0, "in doubt": 0, "whole": 0, "title right": 0, "kind right": 0, "pc right": 0, "frames": 0, "frames told": 0 };
  const wrong: string[] = [];
  for (const [one, other] of pairs) {
    const logs = [reports.get(one)![0]!, reports.get(other)![1]!];
    const truths = [alones.get(one)![0]!, alones.get(other)![1]!];
    for (let n = 0; n < 4; n++) {
      const late = below(logs[0]!.length);
      const woven = weave(logs, late, 1 + below(12), below);
      const place = `${one}, ${other}, late ${late}, weave ${n}`;
      const apart = parseLog(Buffer.from(woven.callers, "latin1")).reports;
      if (JSON.stringify(apart.map((report) => JSON.stringify(said(report))).sort()) !== JSON.stringify(truths.map((report) => JSON.stringify(said(report))).sort())) wrong.push(`${place}: with caller ids`);
      count.weaves++;
      for (const report of parseLog(Buffer.from(woven.text, "latin1")).reports) {
        const truth = truths[woven.of[report.lines[0] - 1]!]!;
        const foreign = report.stacks.some(({ frames }) => frames.some(({ line }) => woven.of[line - 1] !== woven.of[report.lines[0] - 1]));
        const right = { title: report.title === truth.title, kind: report.kind === truth.kind, pc: pcOf(report) === pcOf(truth) };
        count.reports++;
        count["title right"] += Number(right.title);
        count["kind right"] += Number(right.kind);
        count["pc right"] += Number(right.pc);
        count.frames += truth.stacks.flatMap(({ frames }) => frames).length;
        count["frames told"] += report.stacks.flatMap(({ frames }) => frames).length;
        count.whole += Number(JSON.stringify(said({ ...report, corrupted: null })) === JSON.stringify(said({ ...truth, corrupted: null })));
        if (report.corrupted !== null) count["in doubt"]++;
        else if (foreign || !right.title || !right.kind || !right.pc) wrong.push(`${place}: ${report.title}, foreign frames: ${foreign}`);
      }
    }
  }
  console.log(count);
  expect(wrong).toEqual([]);
});

test("a report that was cut off does not touch the next", () => {
  const random = randomForTest("cut reports");
  const below = (limit: number) => random.below(limit);
  const wrong: string[] = [];
  for (const [one, other] of pairs) {
    for (let n = 0; n < 4; n++) {
      const own = reports.get(one)![0]!;
      const headed = own.findIndex((line) => /^CPU: |^task:/.test(line)) + 1;
      const cut = headed + below(own.length - headed);
      const lines = [...own.slice(0, cut), ...reports.get(other)![1]!];
      const found = parseLog(Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1")).reports.find(({ lines: [first] }) => first > cut);
      if (found === undefined || JSON.stringify(said(found)) !== JSON.stringify(said(alones.get(other)![1]!))) wrong.push(`${one} cut at ${cut}, ${other}: ${found?.title ?? "none"}`);
    }
  }
  expect(wrong).toEqual([]);
});

// What a console without caller ids shows of a warning that another processor prints amid a call trace.
test("a warning within another's call trace", () => {
  const text = `[  100.000001] BUG: kernel NULL pointer dereference, address: 0000000000000008
[  100.000002] #PF: supervisor read access in kernel mode
[  100.000003] Oops: 0000 [#1] PREEMPT SMP
[  100.000004] CPU: 1 PID: 602 Comm: two Not tainted 6.1.0 #2
[  100.000005] RIP: 0010:two_read+0x10/0x30 [two]
[  100.000006] RSP: 0018:ffffc900004e8e60 EFLAGS: 00010246
[  100.000007] RAX: 0000000000000001 RBX: 0000000000000002 RCX: 0000000000000003
[  100.000008] RDX: 0000000000000004 RSI: 0000000000000005 RDI: 0000000000000006
[  100.000009] RBP: 0000000000000007 R08: 0000000000000008 R09: 0000000000000009
[  100.000010] R10: 000000000000000a R11: 000000000000000b R12: 000000000000000c
[  100.000011] R13: 000000000000000d R14: 000000000000000e R15: 000000000000000f
[  100.000012] FS:  0000000000000000(0000) GS:ff16393e1f000000(0000) knlGS:0000000000000000
[  100.000013] CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
[  100.000014] CR2: 0000000000000008 CR3: 000000000253a000 CR4: 0000000000751ef0
[  100.000015] Call Trace:
[  100.000016]  <TASK>
[  100.000017]  two_run+0x41/0x60 [two]
[  100.000018] ------------[ cut here ]------------
[  100.000019] WARNING: CPU: 0 PID: 501 at net/core/one.c:10 one_check+0x20/0x40
[  100.000020]  kthread+0xda/0x100
[  100.000021] Modules linked in: one two(O)
[  100.000022] CPU: 0 PID: 501 Comm: one Not tainted 6.1.0 #2
[  100.000023]  ret_from_fork+0x22/0x30
[  100.000024] RIP: 0010:one_check+0x20/0x40
[  100.000025]  </TASK>
[  100.000026] Modules linked in: one two(O)
[  100.000027] RSP: 0018:ffffc900003d7d58 EFLAGS: 00010286
[  100.000027] RAX: 0000000000000011 RBX: 0000000000000012 RCX: 0000000000000013
[  100.000027] RDX: 0000000000000014 RSI: 0000000000000015 RDI: 0000000000000016
[  100.000027] RBP: 0000000000000017 R08: 0000000000000018 R09: 0000000000000019
[  100.000027] R10: 000000000000001a R11: 000000000000001b R12: 000000000000001c
[  100.000027] R13: 000000000000001d R14: 000000000000001e R15: 000000000000001f
[  100.000027] FS:  0000000000000000(0000) GS:ff16393e1f100000(0000) knlGS:0000000000000000
[  100.000027] CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
[  100.000027] CR2: 00000000005794a9 CR3: 000000000253b000 CR4: 0000000000751ef0
[  100.000028] Call Trace:
[  100.000029] CR2: 0000000000000008
[  100.000030]  <TASK>
[  100.000031]  one_run+0x31/0x60
[  100.000032] ---[ end trace 0000000000000000 ]---
[  100.000033]  kthread+0xda/0x100
[  100.000034] RIP: 0010:two_read+0x10/0x30 [two]
[  100.000035]  ret_from_fork+0x22/0x30
[  100.000036]  </TASK>
[  100.000037] ---[ end trace 0000000000000000 ]---
`;
  expect(parseLog(Buffer.from(text)).reports.map(({ title, corrupted, lines, context, registers, stacks }) => ({
    title, corrupted, lines, cpu: context.cpu, rsp: registers["rsp"], stacks: stacks.filter(({ name }) => name !== "mentioned").map(({ name, frames }) => [name, ...frames.map(({ line, symbol }) => `${line} ${symbol ?? ""}`)]),
  }))).toEqual([
    {
      title: "BUG: unable to handle kernel NULL pointer dereference in two_read", corrupted: null, lines: [1, 42], cpu: 1, rsp: "0xffffc900004e8e60",
      stacks: [["pc", "5 two_read"], ["call trace", "17 two_run", "20 kthread", "23 ret_from_fork"], ["summary", "42 two_read"]],
    },
    { title: "WARNING in one_check", corrupted: null, lines: [18, 45], cpu: 0, rsp: "0xffffc900003d7d58", stacks: [["pc", "24 one_check"], ["call trace", "39 one_run", "41 kthread", "43 ret_from_fork"]] },
  ]);
});
