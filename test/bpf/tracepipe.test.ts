import { expect, it } from "vitest";
import { readTraceLine } from "../../src/bpf/tracepipe.ts";

const printk = { kind: "printk", pid: null, from: "bpf_trace_printk" };

it.each([
  ["           <...>-1234    [001] d..21  1234.567890: bpf_trace_printk: gtp5g_xmit_skb_ipv4: skb=1 len=84", { ...printk, comm: "<...>", tid: 1234, cpu: 1, flags: "d..21", time: 1234567890000n, text: "gtp5g_xmit_skb_ipv4: skb=1 len=84" }],
  // A name with a minus in it, one with spaces; 5.10's shorter flags; with `record-tgid`.
  ["     kworker-u4-2-17      [000] ....     0.000001: bpf_trace_printk: x", { ...printk, comm: "kworker-u4-2", tid: 17, cpu: 0, flags: "....", time: 1000n, text: "x" }],
  ["  Web Content 7-99      [010] d.s31 99999.123456: bpf_trace_printk: a: b: c", { ...printk, comm: "Web Content 7", tid: 99, cpu: 10, flags: "d.s31", time: 99999123456000n, text: "a: b: c" }],
  ["            bash-55      (     40) [000] d.... 5.000000: bpf_trace_printk: y", { ...printk, comm: "bash", tid: 55, pid: 40, cpu: 0, flags: "d....", time: 5000000000n, text: "y" }],
  ["            bash-55      (-------) [000] d.... 5.000000: bpf_trace_printk: ", { ...printk, comm: "bash", tid: 55, cpu: 0, flags: "d....", time: 5000000000n, text: "" }],
  ["CPU:3 [LOST 120 EVENTS]", { kind: "lost", cpu: 3, count: 120 }],
  ["CPU:3 [LOST EVENTS]", { kind: "lost", cpu: 3, count: null }],
  ["the second line of a message", null],
  ["", null],
  [`${" ".repeat(100_000)}-`, null],
  [`${"a-1 ".repeat(20_000)}`, null],
])("%#", (text, expected) => {
  expect(readTraceLine(text)).toEqual(expected);
});
