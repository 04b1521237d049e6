import { expect, test } from "vitest";
import { version } from "../../../src/base/index.ts";
import { capturedPacket } from "../../../src/trace/packet/capture.ts";
import { PcapngWriter } from "../../../src/trace/packet/pcapng.ts";
import type { PacketValue } from "../../../src/trace/event.ts";
import { entry } from "../view/events.ts";
import { bytesOf, ethernet, ipv4, ipv6, udp, vlan, type Bytes } from "./packets.ts";

// Blocks as draft-ietf-opsawg-pcapng draws them, in little endian.
const u16 = (value: number): Bytes => [value & 0xff, value >>> 8];
const u32 = (value: number): Bytes => [...u16(value & 0xffff), ...u16(value >>> 16)];
const padded = (bytes: Bytes): Bytes => [...bytes, ...new Array<number>((4 - (bytes.length % 4)) % 4).fill(0)];
const ascii = (text: string): Bytes => [...Buffer.from(text, "utf8")];
const option = (code: number, value: Bytes): Bytes => [...u16(code), ...u16(value.length), ...padded(value)];
const block = (type: number, ...parts: readonly Bytes[]): Bytes => {
  const content = parts.flat();
  return [...u32(type), ...u32(content.length + 12), ...content, ...u32(content.length + 12)];
};
const end = u32(0);
const time = (value: bigint): Bytes => [...u32(Number(value >> 32n)), ...u32(Number(value & 0xffff_ffffn))];

const now = 1_700_000_000_000_000_001n;
const packet = ipv4({ protocol: 17 }, udp(5000, 53, [1, 2, 3]));

test("section header", () => {
  expect(new PcapngWriter().header("Linux 6.1.0")).toEqual(bytesOf(block(0x0a0d0d0a, u32(0x1a2b3c4d), u16(1), u16(0), u32(0xffffffff), u32(0xffffffff), option(3, ascii("Linux 6.1.0")), option(4, ascii(`oopscope ${version}`)), end)));
});

test("a device is described once, before its first packet", () => {
  const file = new PcapngWriter();
  const one = { device: "eth0", ifindex: 2, from: "network", protocol: 0x0800, time: now, bytes: bytesOf(packet), length: 1500 } as const;
  const described = block(1, u16(276), u16(0), u32(0), option(2, ascii("eth0")), option(9, [9]), end);
  const cooked: Bytes = [8, 0, 0, 0, 0, 0, 0, 2, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const content = (index: number, header: Bytes, data: Bytes, length: number) => [...u32(index), ...time(now), ...u32(header.length + data.length), ...u32(header.length + length), ...padded([...header, ...data])];
  expect(file.packet(one)).toEqual(bytesOf(described, block(6, content(0, cooked, packet, 1500), option(2, u32(1)), end)));
  expect(file.packet({ ...one, packetType: 4, comments: ["gtp:gtp_dev_xmit", "dropped: NO_SOCKET"], lost: 5n })).toEqual(
    bytesOf(block(6, content(0, [...cooked.slice(0, 10), 4, ...cooked.slice(11)], packet, 1500), option(1, ascii("gtp:gtp_dev_xmit")), option(1, ascii("dropped: NO_SOCKET")), option(2, u32(2)), option(4, [5, 0, 0, 0, 0, 0, 0, 0]), end)),
  );
  // A frame: its source and its type go into the cooked header. A length that is too short is not believed.
  const frame = ethernet(0x0800, packet);
  expect(file.packet({ ...one, device: null, ifindex: null, from: "ethernet", protocol: 0, bytes: bytesOf(frame), length: 3 })).toEqual(
    bytesOf(
      block(1, u16(276), u16(0), u32(0), option(2, ascii("(no device)")), option(9, [9]), end),
      block(6, content(1, [8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], packet, packet.length), option(2, u32(1)), end),
    ),
  );
});

test("statistics", () => {
  const file = new PcapngWriter();
  const counts = { start: now, end: now + 5n, seen: 7n, lost: 2n };
  expect(file.statistics(counts)).toEqual(bytesOf());
  file.packet({ device: "eth0", ifindex: 2, from: "network", protocol: 0x0800, time: now, bytes: bytesOf(packet), length: 31 });
  expect(file.statistics(counts)).toEqual(
    bytesOf(block(5, u32(0), time(now + 5n), option(1, ascii("counts of all interfaces")), option(2, time(now)), option(3, time(now + 5n)), option(4, [7, 0, 0, 0, 0, 0, 0, 0]), option(5, [2, 0, 0, 0, 0, 0, 0, 0]), end)),
  );
});

test("a text that is too long is cut between characters", () => {
  const file = new PcapngWriter();
  const bytes = file.packet({ device: "é".repeat(3000), ifindex: 1, from: "network", protocol: 0x0800, time: now, bytes: bytesOf(packet), length: 31 });
  expect(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(20, 20 + 4096))).toBe("é".repeat(2048));
});

test("the packet of an event", () => {
  const event = entry(5, "gtp:gtp_dev_xmit", { comm: "a\nb" });
  const value: PacketValue = { kind: "packet", address: 1n, length: 9, protocol: 0x0800, device: "eth\x1b0", ifindex: 2, from: "network", bytes: bytesOf(packet.slice(0, 24)) };
  expect(capturedPacket(event, value, 1_000n, ["dropped: NO_SOCKET"])).toEqual({
    device: "eth\\x1b0", ifindex: 2, from: "network", protocol: 0x0800, time: event.time + 1_000n, bytes: value.bytes, length: 31, comments: ["gtp:gtp_dev_xmit entry, a\\x0ab-7 on cpu 1", "dropped: NO_SOCKET"],
  });
  const lengthOf = (more: Partial<PacketValue>) => capturedPacket(event, { ...value, ...more }, 0n).length;
  expect(lengthOf({ protocol: 0x86dd, bytes: bytesOf(ipv6({ next: 17 }, udp(1, 2, [1, 2, 3]))).subarray(0, 40) })).toBe(51);
  expect(lengthOf({ from: "link", bytes: bytesOf(ethernet(0x8100, vlan(5, 0x0800, packet))).subarray(0, 40) })).toBe(14 + 4 + 31);
  // Segmentation that is left to the device has no length in the header yet.
  expect(lengthOf({ length: 9000, bytes: bytesOf(ipv4({ protocol: 17, length: 0 }, udp(1, 2, []))) })).toBe(9000);
  expect(lengthOf({ length: 3, protocol: 0x88cc, bytes: bytesOf([1, 2, 3, 4, 5]) })).toBe(5);
});
