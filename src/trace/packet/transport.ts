import { readIcmp, readIcmp6 } from "./icmp.ts";
import type { Slice } from "./slice.ts";
import { readGre, readUdpTunnel } from "./tunnel.ts";
import type { Walk } from "./walk.ts";

/** What stands behind an IP header. */
export function readTransport(walk: Walk, protocol: number, slice: Slice): void {
  switch (protocol) {
    case 1:
      return readIcmp(walk, slice);
    case 6:
      return readTcp(walk, slice);
    case 17:
      return readUdp(walk, slice);
    case 47:
      return readGre(walk, slice);
    case 58:
      return readIcmp6(walk, slice);
    case 132:
      return readSctp(walk, slice);
    default:
      return walk.payload(protocolNames[protocol] ?? `protocol ${protocol}`, slice);
  }
}

/** https://www.iana.org/assignments/protocol-numbers, those met without a reader here. */
export const protocolNames: Readonly<Record<number, string>> = { 1: "ICMP", 2: "IGMP", 4: "IPv4", 6: "TCP", 17: "UDP", 33: "DCCP", 41: "IPv6", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6", 88: "EIGRP", 89: "OSPF", 103: "PIM", 108: "IPComp", 112: "VRRP", 115: "L2TP", 132: "SCTP", 136: "UDP-Lite", 137: "MPLS", 255: "raw" };

const flagLetters: readonly (readonly [mask: number, letter: string])[] = [[0x01, "F"], [0x02, "S"], [0x04, "R"], [0x08, "P"], [0x10, "."], [0x20, "U"], [0x40, "E"], [0x80, "W"]];

function readTcp(walk: Walk, slice: Slice): void {
  if (!walk.whole("TCP header", slice, 20)) return;
  const headerLength = (slice.u8(12) >> 4) * 4;
  const flags = flagLetters.filter(([mask]) => (slice.u8(13) & mask) !== 0).map(([, letter]) => letter).join("");
  if (headerLength < 20) return walk.malformed(`TCP header of ${headerLength} bytes`);
  if (slice.length < headerLength) return walk.malformed(`TCP header: ${slice.length} bytes of ${headerLength}`);
  walk.add({
    kind: "tcp",
    sourcePort: slice.u16(0),
    destinationPort: slice.u16(2),
    sequence: slice.u32(4),
    acknowledgement: slice.u32(8),
    flags: flags === "" ? "none" : flags,
    window: slice.u16(14),
    headerLength,
    payload: slice.knownLength === null ? null : slice.length - headerLength,
    options: tcpOptions(slice.part(20, headerLength - 20), headerLength - 20),
  });
}

/** https://www.iana.org/assignments/tcp-parameters. Each writes itself as tcpdump does, from its bytes behind kind and length. */
function tcpOptions(bytes: Uint8Array, whole: number): string[] {
  const texts: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at]!;
    if (kind === 0) return texts;
    if (kind === 1) {
      at++;
      continue;
    }
    const size = bytes[at + 1] ?? 0;
    if (at + 1 >= bytes.length || at + size > bytes.length) return [...texts, at + (bytes[at + 1] ?? 2) <= whole ? "cut off" : "malformed"];
    if (size < 2) return [...texts, "malformed"];
    if (kind === 2 && size === 4) texts.push(`mss ${view.getUint16(at + 2)}`);
    else if (kind === 3 && size === 3) texts.push(`wscale ${view.getUint8(at + 2)}`);
    else if (kind === 4 && size === 2) texts.push("sackOK");
    else if (kind === 5 && size >= 10 && (size - 2) % 8 === 0) {
      const blocks = Array.from({ length: (size - 2) / 8 }, (_, index) => `${view.getUint32(at + 2 + 8 * index)}:${view.getUint32(at + 6 + 8 * index)}`);
      texts.push(`sack ${blocks.join(" ")}`);
    } else if (kind === 8 && size === 10) texts.push(`TS val ${view.getUint32(at + 2)} ecr ${view.getUint32(at + 6)}`);
    else if (kind === 19 && size === 18) texts.push("md5");
    else if (kind === 29) texts.push("tcp-ao");
    else if (kind === 30) texts.push("mptcp");
    else if (kind === 34) texts.push("tfo");
    else texts.push(`option ${kind}`);
    at += size;
  }
  return bytes.length < whole ? [...texts, "cut off"] : texts;
}

function readUdp(walk: Walk, slice: Slice): void {
  if (!walk.whole("UDP header", slice, 8)) return;
  const sourcePort = slice.u16(0);
  const destinationPort = slice.u16(2);
  const length = slice.u16(4);
  // 0: of a jumbogram (RFC 2675), or not filled in yet.
  if (length !== 0 && length < 8) return walk.malformed(`UDP length ${length}`);
  const rest = slice.from(8, length === 0 ? Infinity : length - 8);
  walk.add({ kind: "udp", sourcePort, destinationPort, payload: length === 0 ? rest.knownLength : length - 8 });
  readUdpTunnel(walk, sourcePort, destinationPort, rest);
}

/** RFC 9260, section 3.2, and the chunks that came later. */
const chunkNames: Readonly<Record<number, string>> = { 0: "DATA", 1: "INIT", 2: "INIT ACK", 3: "SACK", 4: "HEARTBEAT", 5: "HEARTBEAT ACK", 6: "ABORT", 7: "SHUTDOWN", 8: "SHUTDOWN ACK", 9: "ERROR", 10: "COOKIE ECHO", 11: "COOKIE ACK", 12: "ECNE", 13: "CWR", 14: "SHUTDOWN COMPLETE", 15: "AUTH", 64: "I-DATA", 128: "ASCONF ACK", 130: "RE-CONFIG", 132: "PAD", 192: "FORWARD TSN", 193: "ASCONF", 194: "I-FORWARD TSN" };
const mostChunks = 16;

function readSctp(walk: Walk, slice: Slice): void {
  if (!walk.whole("SCTP header", slice, 12)) return;
  const chunks: string[] = [];
  for (let at = 12; at < slice.length; ) {
    if (!slice.has(at + 4)) {
      chunks.push(slice.length < at + 4 ? "malformed" : "cut off");
      break;
    }
    if (chunks.length === mostChunks) {
      chunks.push("…");
      break;
    }
    const size = slice.u16(at + 2);
    chunks.push(chunkNames[slice.u8(at)] ?? `chunk ${slice.u8(at)}`);
    if (size < 4 || at + size > slice.length) {
      chunks.push("malformed");
      break;
    }
    at += (size + 3) & ~3;
  }
  walk.add({ kind: "sctp", sourcePort: slice.u16(0), destinationPort: slice.u16(2), tag: slice.u32(4), chunks });
}
