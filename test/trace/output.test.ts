import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { durationText, eventJson, eventText, type CallEvent, type TraceEvent, type TraceValue } from "../../src/trace/index.ts";
import { expectGolden } from "../support/golden.ts";

const packet = Buffer.from("4500001c000100004001664f0a0000010a0000020800f7fd00010001", "hex");
const values: readonly TraceValue[] = [
  { kind: "integer", value: -5n, base: 10 }, { kind: "integer", value: 0xfedcba9876543210n, base: 10 }, { kind: "integer", value: 255n, base: 16 }, { kind: "character", value: 120n }, { kind: "character", value: 10n }, { kind: "bool", value: true },
  { kind: "enum", value: 7n, name: "GREEN", type: "enum color" }, { kind: "enum", value: 8n, name: null, type: "enum color" }, { kind: "error", value: -12n, name: "ENOMEM" }, { kind: "text", text: "a \u001b[31mname\u202e", cut: false }, { kind: "text", text: "long", cut: true },
  { kind: "bytes", bytes: Uint8Array.of(1, 2, 255), type: "struct x" }, { kind: "bytes", bytes: Uint8Array.of(2, 0, 0x5e, 0, 0, 1), type: "u8[6]" }, { kind: "bytes", bytes: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), type: "struct in6_addr" },
  { kind: "pointer", address: 0n, type: "void *", text: null }, { kind: "pointer", address: 0xffff888003a1c000n, type: "struct net_device *", text: "gtp\u001b0" }, { kind: "pointer", address: 0xffff888003a1c000n, type: "void *", text: null },
  { kind: "packet", address: 0xffff888003a1c0e0n, length: 28, protocol: 0x0800, device: "gtp0", ifindex: 4, from: "network", bytes: packet }, { kind: "packet", address: 0xffff888003a1c0e0n, length: 28, protocol: 0x88cc, device: null, ifindex: null, from: "data", bytes: new Uint8Array() },
  { kind: "packet", address: 0x10n, length: 14, protocol: 0x0806, device: "lo", ifindex: 1, from: "link", bytes: new Uint8Array(5) }, { kind: "absent", why: "nothing can be read at 0x10" },
];
const call: CallEvent = { kind: "entry", time: 123_456_789_012n, cpu: 1, pid: 42, tid: 43, comm: "ping", probe: "gtp:gtp_dev_xmit", module: "gtp", function: "gtp_dev_xmit", args: [], ret: null, duration: null, stack: null };
const frame = { address: 0xffffffff81000010n, symbol: "tcp_sendmsg", offset: 16, module: null, functions: [{ function: "inner", file: "net/core/sock.h", line: 12 }, { function: "tcp_sendmsg", file: "net/ipv4/tcp.c", line: 1480 }] };
const events: readonly TraceEvent[] = [
  { ...call, args: values.map((value, index) => ({ name: `v${index}`, value })) },
  { ...call, kind: "exit", comm: "a\u001b]0;b\u0007\n", ret: { kind: "error", value: -2n, name: "ENOENT" }, duration: 12_345n },
  { ...call, kind: "exit", duration: 3_200_000_000n },
  { ...call, kind: "exit", time: 1n << 60n, ret: { kind: "pointer", address: 0n, type: "void *", text: null }, duration: 999n },
  { ...call, kind: "tracepoint", probe: "t:skb:kfree_skb", module: "skb", function: "kfree_skb", args: [{ name: "skb->len > \u001b", value: { kind: "integer", value: 1n, base: 10 } }] },
  { ...call, stack: [frame, { address: 0xffffffffc0000010n, symbol: "gtp_rx", offset: 0x21, module: "gtp", functions: [] }, { address: 0x10n, symbol: null, offset: 0, module: null, functions: [] }] },
  { kind: "lost", time: 5n, count: 1n, why: "full" }, { kind: "lost", time: 6n, count: 1_234n, why: "rate" }, { kind: "lost", time: 7n, count: 2n, why: "nested" },
];

it("events as text and as NDJSON, in whole", () => {
  expectGolden(`${events.map(eventText).join("")}\n${events.map(eventJson).join("")}`, new URL("golden/output.txt", import.meta.url));
});

it("no event has a control character on its way out", () => {
  expect(events.map((event) => /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(eventText(event)))).toEqual(events.map(() => false));
});

it("each line of NDJSON is as the schema says", () => {
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(readFileSync("docs/trace.schema.json", "utf8")) as object);
  for (const event of events) expect([validate(JSON.parse(eventJson(event))), validate.errors]).toEqual([true, null]);
});

it("durations", () => {
  expect([0n, 999n, 1_000n, 99_949n, 123_456n, 9_999_999n, 1_000_000_000n, 75_000_000_000n].map(durationText)).toEqual(["0 ns", "999 ns", "1.00 µs", "99.9 µs", "123.5 µs", "10.0 ms", "1.00 s", "75.0 s"]);
});
