import type { Slice } from "./slice.ts";
import type { Walk } from "./walk.ts";

const gtpPort = 2152;
const vxlanPort = 4789;
/** What Linux used before the port was assigned, and still does by default. */
const vxlanLinuxPort = 8472;

/** What stands in a UDP packet, as far as its ports tell. A tunnel's own port is the destination's; GTP-U answers from it as well. */
export function readUdpTunnel(walk: Walk, sourcePort: number, destinationPort: number, slice: Slice): void {
  if (slice.length === 0) return;
  if (destinationPort === gtpPort || sourcePort === gtpPort) return readGtpU(walk, slice);
  if (destinationPort === vxlanPort || destinationPort === vxlanLinuxPort) return readVxlan(walk, slice);
  walk.payload(null, slice);
}

/** 3GPP TS 29.281, table 6.1-1. */
const messages: Readonly<Record<number, string>> = { 1: "echo request", 2: "echo response", 26: "error indication", 31: "supported extension headers", 253: "tunnel status", 254: "end marker", 255: "G-PDU" };
/** TS 29.281, figure 5.2.1-3. */
const extensionNames: Readonly<Record<number, string>> = { 0x03: "long PDCP PDU number", 0x20: "service class", 0x40: "UDP port", 0x81: "RAN container", 0x82: "long PDCP PDU number", 0x83: "Xw RAN container", 0x84: "NR RAN container", 0x85: "PDU session", 0xc0: "PDCP PDU number" };
const mostExtensions = 8;

/** TS 29.281, sections 5.1 and 5.2. */
function readGtpU(walk: Walk, slice: Slice): void {
  if (!walk.whole("GTP-U header", slice, 8)) return;
  const flags = slice.u8(0);
  // Version 1, protocol type GTP (not GTP').
  if (flags >> 5 !== 1 || (flags & 0x10) === 0) return walk.malformed(`GTP-U version ${flags >> 5}${(flags & 0x10) === 0 ? ", GTP'" : ""}`);
  const message = slice.u8(1);
  const length = slice.u16(2);
  const teid = slice.u32(4);
  const name = messages[message] ?? `message ${message}`;
  const body = slice.from(8, length);
  let rest = body;
  let sequence: number | null = null;
  const extensions: string[] = [];
  const add = () => walk.add({ kind: "gtp-u", message, name, teid, sequence, extensions });
  // With any of the flags E, S and PN all of the optional four bytes are there.
  if ((flags & 0x07) !== 0) {
    if (!body.has(4)) {
      add();
      walk.whole("GTP-U optional fields", body, 4);
      return;
    }
    if ((flags & 0x02) !== 0) sequence = body.u16(0);
    let next = (flags & 0x04) !== 0 ? body.u8(3) : 0;
    rest = body.from(4);
    while (next !== 0) {
      const size = rest.u8(0) * 4;
      const label = extensionNames[next] ?? `extension 0x${next.toString(16)}`;
      if (!rest.has(1) || !rest.has(size) || size === 0 || extensions.length === mostExtensions) {
        add();
        if (extensions.length === mostExtensions) walk.malformed(`more than ${mostExtensions} GTP-U extension headers`);
        else if (rest.has(1) && size === 0) walk.malformed(`GTP-U ${label} header of 0 bytes`);
        else walk.whole(`GTP-U ${label} header`, rest, Math.max(size, 4));
        return;
      }
      extensions.push(next === 0x85 ? pduSession(rest, size) : label);
      next = rest.u8(size - 1);
      rest = rest.from(size);
    }
  }
  add();
  if (message === 255 && rest.length > 0) walk.ip(rest);
  else if (rest.length > 0) walk.payload(null, rest);
}

/** TS 38.415, section 5.5.2: the type in the first half byte, and the QoS flow's id in the low six bits of the second. */
function pduSession(slice: Slice, size: number): string {
  const type = slice.u8(1) >> 4;
  const way = type === 0 ? "DL" : type === 1 ? "UL" : `type ${type}`;
  return size < 4 ? "PDU session" : `PDU session ${way} qfi ${slice.u8(2) & 0x3f}`;
}

/** RFC 7348, section 5. */
function readVxlan(walk: Walk, slice: Slice): void {
  if (!walk.whole("VXLAN header", slice, 8)) return;
  walk.add({ kind: "vxlan", vni: (slice.u8(0) & 0x08) !== 0 ? slice.u32(4) >>> 8 : null });
  walk.ethernet(slice.from(8));
}

/** RFC 2784, RFC 2890, and of version 1 RFC 2637. */
export function readGre(walk: Walk, slice: Slice): void {
  if (!walk.whole("GRE header", slice, 4)) return;
  const flags = slice.u16(0);
  const protocol = slice.u16(2);
  const version = flags & 7;
  const routing = (flags & 0x4000) !== 0;
  const checksum = (flags & 0x8000) !== 0;
  const hasKey = (flags & 0x2000) !== 0;
  const hasSequence = (flags & 0x1000) !== 0;
  const hasAcknowledgement = version === 1 && (flags & 0x0080) !== 0;
  const size = 4 + 4 * [checksum || routing, hasKey, hasSequence, hasAcknowledgement].filter(Boolean).length;
  if (version > 1) return walk.malformed(`GRE version ${version}`);
  if (!walk.whole("GRE header", slice, size)) return;
  const keyAt = checksum || routing ? 8 : 4;
  walk.add({ kind: "gre", version, protocol, key: hasKey ? slice.u32(keyAt) : null, sequence: hasSequence ? slice.u32(keyAt + (hasKey ? 4 : 0)) : null });
  const rest = slice.from(size);
  if (routing) walk.payload("GRE with source routes", rest);
  else if (version === 1 && protocol === 0x880b) walk.payload("PPP", rest);
  else if (protocol === 0x6558) walk.ethernet(rest);
  else if (rest.length > 0) walk.byEthertype(protocol, rest);
}
