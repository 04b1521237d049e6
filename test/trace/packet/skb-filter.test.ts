import { expect, test } from "vitest";
import { Assembler, r0, r1, r6, r8, reg } from "../../../src/bpf/index.ts";
import { Emitter } from "../../../src/trace/code/emit.ts";
import { emitPacketFilter, type TagLayout } from "../../../src/trace/code/packet-filter.ts";
import { parseFilter } from "../../../src/trace/packet/filter/parse.ts";
import { simulate } from "../simulator.ts";
import { bytesOf, ethernet, ipv4, udp, type Bytes } from "./packets.ts";

// Whole programs on a struct sk_buff in memory; what the filters themselves say is held against libpcap in filter.oracle.ts.

const layout = { size: 64, len: 0, protocol: 4, dev: 8, head: 16, data: 24, tail: 32, networkHeader: 36, macHeader: 38, deviceName: 0, deviceIndex: 16 };
const tci = 40;
const tags: Readonly<Record<string, TagLayout>> = { word: { tci, present: { offset: 44, size: 4, mask: -1 } }, bit: { tci, present: { offset: 48, size: 1, mask: 0x80 } } };
const context = 0xffff_c900_0001_0000n;
const skb = 0xffff_8880_0100_0000n;
const head = 0xffff_8880_0200_0000n;

type Buffers = { readonly bytes: Uint8Array; readonly room?: number; readonly network?: number; readonly mac?: number; readonly data?: number; readonly protocol?: number; readonly more?: number; readonly tag?: number | null; readonly readable?: boolean };

/** What a filter says of a buffer: `room` bytes before `bytes`; the headers and data as places from skb->head; `more`: bytes in pages. */
function answer(text: string, { bytes, room = 32, network = room + 14, mac = room, data = room + 14, protocol = 0x0800, more = 0, tag = null, readable = true }: Buffers, present: keyof typeof tags | null = "word"): "match" | "no match" | "fault" {
  const code = new Assembler().mov(r6, reg(r1));
  const emitter = new Emitter({ code, argument: () => void code.load(8, r8, r6, 0), builtin: () => {}, stackTop: -32, prefix: "k" });
  const node = { op: "argument", index: 0, width: { size: 8, signed: false } } as const;
  emitPacketFilter(code, { node, layout, tag: present === null ? null : tags[present]!, filter: parseFilter(text) }, emitter, -32, "drop", "fault");
  code.mov(r0, 1).exit();
  if (code.leadsTo("drop")) code.label("drop").mov(r0, 0).exit();
  code.label("fault").mov(r0, 2).exit();
  const buffer = new Uint8Array(64);
  const view = new DataView(buffer.buffer);
  const tail = room + bytes.length;
  view.setUint32(layout.len, tail - data + more, true);
  view.setUint16(layout.protocol, protocol);
  view.setBigUint64(layout.head, head, true);
  view.setBigUint64(layout.data, head + BigInt(data), true);
  view.setUint32(layout.tail, tail, true);
  view.setUint16(layout.networkHeader, network, true);
  view.setUint16(layout.macHeader, mac, true);
  view.setUint16(tci, tag ?? 0x123, true);
  if (tag !== null) view.setUint32(44, 0x8100, true);
  view.setUint8(48, tag === null ? 0x7f : 0x80);
  const memory = Uint8Array.from([...new Uint8Array(room).fill(0xee), ...bytes]);
  const argument = new Uint8Array(8);
  new DataView(argument.buffer).setBigUint64(0, skb, true);
  const pieces = [{ address: context, bytes: argument }, { address: head, bytes: memory }, ...(readable ? [{ address: skb, bytes: buffer }] : [])];
  return (["no match", "match", "fault"] as const)[Number(simulate(code.assemble(), { memory: { pieces }, context }))]!;
}

const inner: Bytes = ipv4({ from: "10.0.0.1", to: "10.0.0.2", protocol: 17 }, udp(5000, 2152, [1, 2, 3, 4]));
const packet = bytesOf(ethernet(0x0800, inner));

test.each<[string, Partial<Buffers>, ReturnType<typeof answer>]>([
  ["udp port 2152", {}, "match"],
  ["udp port 2153", {}, "no match"],
  ["src host 10.0.0.1 and dst net 10.0.0.0/24", {}, "match"],
  ["src host 10.0.0.2", {}, "no match"],
  // What is handed on to a device begins at the Ethernet header.
  ["udp port 2152", { data: 32 }, "match"],
  ["ether[12:2] = 0x800", {}, "match"],
  ["ether[12:2] = 0x806", {}, "no match"],
  // Lengths are those from the header on, whatever skb->data is.
  ["len = 32", {}, "match"],
  ["len = 32", { data: 32 }, "match"],
  ["len = 32", { data: 32 + 14 + 20 }, "match"],
  ["len = 1032", { more: 1000 }, "match"],
  ["ether[0] >= 0 and len = 46", {}, "match"],
  // The type beside the bytes tells, not they.
  ["ip6", { protocol: 0x86dd }, "match"],
  ["udp port 2152", { protocol: 0x86dd }, "no match"],
  // Bytes in pages are not there.
  ["ip[40] = 0", { more: 1000 }, "no match"],
  ["not ip[40] = 0", { more: 1000 }, "no match"],
  // Behind the tail there is nothing.
  ["ip", { network: 400 }, "match"],
  ["ip[0] = 0x45", { network: 400 }, "no match"],
  // Tags.
  ["vlan", {}, "no match"],
  ["vlan 5 and udp port 2152", { tag: 0x2005 }, "match"],
  ["vlan 6", { tag: 0x2005 }, "no match"],
  // Nothing to begin at, nothing to read.
  ["udp", { network: 0 }, "fault"],
  ["ether[0] = 1", { mac: 0xffff }, "fault"],
  ["ether[0] = 1", { mac: 46 }, "fault"],
  ["udp", { readable: false }, "fault"],
])("%s %j: %s", (text, buffers, expected) => {
  for (const present of ["word", "bit"] as const) expect(answer(text, { bytes: packet, ...buffers }, present)).toBe(expected);
});

test("without a place for tags they cannot be asked for", () => {
  expect(() => answer("vlan 5", { bytes: packet }, null)).toThrow("`vlan` needs the Ethernet header or the tag beside the packet, and these packets have neither");
});
