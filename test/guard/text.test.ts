import { expect, it } from "vitest";
import { parseLog } from "../../src/oops/index.ts";
import { eventText, frameText, leakText, moduleRanges, skbArgumentsOf, taintText, usesAmong, type GuardEvent, type SymbolTable } from "../../src/guard/index.ts";
import { holdTooShort, recordsOf } from "../../src/guard/reader.ts";

const modules = "st 16384 0 - Live 0xffffffffc0400000 (OE)\noverlay 163840 1 - Live 0xffffffffc0200000\n";
const symbols: readonly (readonly [bigint, string])[] = [[0xffffffff81000000n, "_stext"], [0xffffffff81000100n, "consume_skb"], [0xffffffff810001c0n, "kfree_skbmem"], [0xffffffff81000240n, "die_here"], [0xffffffffc0400000n, "st_drop\tst"], [0xffffffffc0400040n, "st_xmit\tst"]];

function tableOf(): SymbolTable {
  const addresses = new BigUint64Array(new SharedArrayBuffer(8 * symbols.length));
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * symbols.length));
  let names = "";
  for (const [index, [address, name]] of symbols.entries()) {
    addresses[index] = address;
    offsets[index] = names.length;
    names += `${name}\n`;
  }
  return { addresses, offsets, names, modules, ranges: [{ module: null, from: 0xffffffff81000000n, to: 0xffffffff82000000n }, ...moduleRanges(modules)] };
}

const event: GuardEvent = {
  sequence: 1, kind: "double-free", object: "skb", address: 0xff2ff2388188da00n, time: 35_593_149_000n, pid: 207, tid: 207, cpu: 1, comm: "ev\nil", context: "hardirq", interrupts: "off", hold: "acknowledged", waited: 12n,
  stack: [0xffffffffa0000123n, 0xffffffff81000105n, 0xffffffffc04000b0n, 0xffffffff81000240n],
  freed: { time: 35_592_774_020n, pid: 7, tid: 8, cpu: 0, comm: "ping", stack: [0xffffffff810001c5n, 0xffffffffc0400017n, 0xffffffffc0500000n] },
  packet: { device: "tun9", protocol: 0x800, length: 28, bytes: "4500" },
};
const kernel = { release: "6.1.0-56-amd64", version: "#1 SMP Debian 6.1.192-2", taint: "GOE" };

it("writes an event as a report that the reader of logs reads back", () => {
  const table = tableOf();
  const text = eventText(event, kernel, (address, exact) => frameText(table, address, table.ranges, exact));
  expect(text).toBe(`==================================================================
BUG: oopscope-guard: double-free of an skb at 0xff2ff2388188da00
Packet: device tun9, protocol 0x0800, length 28, network header 4500
CPU: 1 PID: 207 Comm: ev?il Tainted: GOE 6.1.0-56-amd64 #1 SMP Debian 6.1.192-2
Context: hardirq, interrupts off
Call Trace:
 consume_skb+0x5/0xc0
 st_xmit+0x70/0x3fc0 [st]
 kfree_skbmem+0x80/0x80
Freed by task 8 on cpu 0, 374980 ns before:
 kfree_skbmem+0x5/0x80
 st_drop+0x17/0x40 [st]
==================================================================
`);
  const { reports } = parseLog(Buffer.from(text));
  expect(reports.map(({ title, kind, corrupted, context, kernel: { release }, stacks }) => ({ title, kind, corrupted, context, release, stacks: stacks.map(({ name, frames }) => [name, ...frames.map(({ symbol, module }) => `${symbol} ${module}`)]) }))).toEqual([
    {
      title: "oopscope-guard: double-free of an skb in consume_skb", kind: "double-free", corrupted: null, release: "6.1.0-56-amd64",
      context: { cpu: 1, pid: 207, comm: "ev?il", mode: "hardirq", taint: { flags: "GOE", words: ["OOT_MODULE", "UNSIGNED_MODULE"] } },
      stacks: [["call trace", "consume_skb null", "st_xmit st", "kfree_skbmem null"], ["freed by", "kfree_skbmem null", "st_drop st"]],
    },
  ]);
});

it("writes what was never freed, and what should not be, as reports that are read back", () => {
  const table = tableOf();
  const frame = (address: bigint, exact: boolean): string | null => frameText(table, address, table.ranges, exact);
  const wrong = eventText({ ...event, kind: "invalid-free", object: "slab", packet: null, freed: null }, kernel, frame);
  const leak = leakText({ object: "slab", count: 3, bytes: 12_288n, first: { address: 1n, time: 1000n, pid: 7, tid: 8, cpu: 0, comm: "st\t1" }, stack: [0xffffffff81000105n, 0xffffffffc04000b0n] }, 3000n, kernel, frame);
  expect(leak).toBe(`==================================================================
BUG: oopscope-guard: leak of 3 objects, 12288 bytes, the first 2000 ns ago
CPU: 0 PID: 8 Comm: st?1 Tainted: GOE 6.1.0-56-amd64 #1 SMP Debian 6.1.192-2
Call Trace:
 consume_skb+0x5/0xc0
 st_xmit+0x70/0x3fc0 [st]
==================================================================
`);
  const { reports } = parseLog(Buffer.from(wrong + leak));
  expect(reports.map(({ title, kind, corrupted, stacks }) => ({ title, kind, corrupted, stacks: stacks.map(({ name, frames }) => [name, ...frames.map(({ symbol }) => symbol)]) }))).toEqual([
    { title: "oopscope-guard: invalid-free of an object in consume_skb", kind: "invalid-free", corrupted: null, stacks: [["call trace", "consume_skb", "st_xmit", "kfree_skbmem"]] },
    { title: "oopscope-guard: leak of objects in consume_skb", kind: "leak", corrupted: null, stacks: [["call trace", "consume_skb", "st_xmit"]] },
  ]);
});

it("names nothing in a module that came to lie where another one was", () => {
  const now = moduleRanges("other 16384 0 - Live 0xffffffffc0400000\n");
  expect([frameText(tableOf(), 0xffffffffc0400017n, [tableOf().ranges[0]!, ...now]), frameText(tableOf(), 0xffffffff81000105n, [tableOf().ranges[0]!, ...now])]).toEqual(["0xffffffffc0400017", "consume_skb+0x5/0xc0"]);
});

it("takes a probe's own place as it is, and a return address as the call before it", () => {
  expect([frameText(tableOf(), 0xffffffff810001c0n, undefined, true), frameText(tableOf(), 0xffffffff810001c0n)]).toEqual(["kfree_skbmem+0x0/0x80", "consume_skb+0xc0/0xc0"]);
});

it("cuts a text into records that the kernel's log takes whole, with the stamp that a console sets before each line", () => {
  const text = Array.from({ length: 60 }, (_, index) => ` function_${index}+0x1/0x2`).join("\n");
  const records = recordsOf(`${text}\n${"x".repeat(5000)}\n`);
  expect(records.map((record) => record.split("\n").reduce((size, line) => size + line.length + 18, 0) <= 922)).toEqual(records.map(() => true));
  expect(records.map((record) => record.slice(4)).join("\n")).toBe(`${text}\n${"x".repeat(882)}`);
});

it.each([
  ["int st_drop(struct sk_buff *skb, struct net_device *dev)", [0]],
  ["static void f(void (*call)(struct sk_buff *, int), const struct sk_buff *one, struct sk_buff **list, struct sk_buff *two)", [1, 3]],
  ["struct sk_buff *make(unsigned int size)", []],
  ["unsigned int hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)", [1]],
  ["", []],
])("finds the skbs among the arguments of %s", (prototype, expected) => {
  expect(skbArgumentsOf(prototype)).toEqual(expected);
});

it.each([
  [300, [], null],
  [300, [0, 0], null],
  [300, [12_000, 14_000], null],
  // The quicker one may be held.
  [300, [12_000, 180_200], { slowest: 181, advised: 800 }],
  [300, [12_000, 180_000, 20_000, 900_000], null],
  [20, [11_000], { slowest: 11, advised: 100 }],
])("says of a hold of %i ms whether readers that looked every %j µs at worst come in time", (hold, longest, expected) => {
  expect(holdTooShort(hold, longest)).toEqual(expected);
});

it("leaves out, by name and reason, functions whose skb is in no known place when they are entered", () => {
  const prototypes = new Map([
    ["st_xmit", "int st_xmit(struct net_device *dev, struct sk_buff *skb)"], ["st_drop", "void st_drop(struct sk_buff *skb, int why)"], ["st_late", "int st_late(int a, int b, int c, int d, int e, struct sk_buff *skb)"],
    ["st_init", "int st_init(void)"],
  ]);
  expect(usesAmong(["st_xmit", "__pfx_st_xmit", "__pfx_st_drop.isra.0", "st_xmit.cold", "st_drop.isra.0", "st_drop.constprop.0.isra.0", "st_drop.isra.0.cold", "st_late", "st_init", "st_init.part.0", "st_gone.constprop.0", "st_unknown"], prototypes)).toEqual({
    uses: [{ function: "st_xmit", argument: 1 }],
    left: [
      { function: "st_drop.isra.0", why: "the compiler changed its arguments (.isra): where the skb is cannot be told" },
      { function: "st_drop.constprop.0.isra.0", why: "the compiler changed its arguments (.constprop): where the skb is cannot be told" },
      { function: "st_late", why: "the skb is its argument 6, and five are in reach" },
      { function: "st_gone.constprop.0", why: "the compiler changed its arguments (.constprop), and nothing tells whether it takes an skb" },
    ],
  });
});

it.each([[0n, ""], [0x3000n, "GOE"], [0x3001n, "POE"], [0x200n, "GW"]])("writes the taint %s as the kernel does", (mask, text) => {
  expect(taintText(mask)).toBe(text);
});
