import { expect, test } from "vitest";
import { decode } from "../../src/decode/index.ts";
import { root } from "../support/cli.ts";

// What an operator asks for with SysRq-w, -l and -p is no crash: its frames stand outside of reports, with their lines all the same.
const blocked = `[  100.000000] sysrq: Show Blocked State
[  100.000001] task:script          state:D stack:0     pid:44    ppid:2      flags:0x00004000
[  100.000002] Call Trace:
[  100.000003]  <TASK>
[  100.000004]  nc_write+0x60/0x80 [null_chain]
[  100.000005]  ret_from_fork+0x22/0x30
[  100.000006]  </TASK>
`;
const processors = `[  101.000000] sysrq: Show backtrace of all active CPUs
[  101.000001] NMI backtrace for cpu 0
[  101.000002] CPU: 0 PID: 92 Comm: script Tainted: G           OE      6.1.0-56-amd64 #1  Debian 6.1.192-2
[  101.000003] RIP: 0010:nc_admit+0x17/0x50 [null_chain]
[  101.000004] RSP: 0018:ff54849e4062ff10 EFLAGS: 00000246
[  101.000005] Call Trace:
[  101.000006]  <TASK>
[  101.000007]  nc_write+0x60/0x80 [null_chain]
[  101.000008]  </TASK>
`;
const hung = `[   99.000000] INFO: task other:91 blocked for more than 120 seconds.
[   99.000001] task:other           state:D stack:0     pid:91    ppid:1      flags:0x00000002
[   99.000002] Call Trace:
[   99.000003]  <TASK>
[   99.000004]  __schedule+0x34d/0xa00
[   99.000005]  schedule+0x5a/0xd0
[   99.000006]  </TASK>
`;
const decoded = async (text: string) => (await decode(Buffer.from(text), { modules: [`${root}test/fixtures/modules/6.1.0-56-amd64/null_chain.ko`], root: null })).case;
const placesOf = (frames: Awaited<ReturnType<typeof decoded>>["loose"]) => frames.map(({ logLine, symbol, exact, functions }) => `${logLine} ${symbol ?? ""}${exact ? " exact" : ""} ${functions.map(({ function: name, line }) => `${name}:${line ?? "?"}`).join(" ")}`);

test("each task's and each processor's frames are decoded, and there is no crash", async () => {
  const found = await decoded(blocked + processors);
  expect(found.reports).toEqual([]);
  expect(found.kernel.release).toBe("6.1.0-56-amd64");
  expect(placesOf(found.loose)).toEqual([
    "5 nc_write nc_write:103", "6 ret_from_fork ",
    "11 nc_admit exact nc_half_queue:65 nc_route_room:70 nc_admit:89", "15 nc_write nc_write:103",
  ]);
});

test("a report before the dump has none of its frames", async () => {
  const found = await decoded(hung + blocked + processors);
  expect(found.reports.map(({ title, lines, stacks }) => ({ title, lines, stacks: stacks.map(({ name, frames }) => [name, ...frames.map(({ logLine }) => logLine)]) }))).toEqual([
    { title: "INFO: task hung in __schedule", lines: [1, 7], stacks: [["call trace", 5, 6]] },
  ]);
  expect(found.loose.map(({ logLine }) => logLine)).toEqual([12, 13, 18, 22]);
});
