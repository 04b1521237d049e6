import { ipv4Text, ipv6Text, macText } from "./address.ts";
import type { Fragment, Layer } from "./layers.ts";
import { Slice } from "./slice.ts";
import { readTransport } from "./transport.ts";
import type { Walk } from "./walk.ts";

/**
 * Where the bytes begin: at an Ethernet header, or at the network header. Of the latter, `protocol` is its ethertype, if it is known (`skb->protocol`); else the version in
 * its first byte tells IPv4 from IPv6.
 */
export type PacketStart = { readonly from: "ethernet" } | { readonly from: "network"; readonly protocol?: number };

/** Headers within headers, with all tunnels: hostile packets have no end. */
const deepest = 16;
const longestChain = 16;

/**
 * The headers of a packet, from its bytes or the first of them. Never throws: where the bytes end or make no sense the last layer says so. `length` is the
 * packet's from its first byte on, null where that is not known (then the lengths in its headers are believed).
 */
export function readPacket(bytes: Uint8Array, start: PacketStart, length: number | null): Layer[] {
  const layers: Layer[] = [];
  const walk = new PacketWalk(layers, 0);
  const slice = new Slice(bytes, length === null ? Infinity : Math.max(length, bytes.length));
  if (start.from === "ethernet") walk.ethernet(slice);
  else if (start.protocol === undefined) walk.ip(slice);
  else walk.byEthertype(start.protocol, slice);
  return layers;
}

class PacketWalk implements Walk {
  readonly layers: Layer[];
  readonly #quotes: number;

  constructor(layers: Layer[], quotes: number) {
    this.layers = layers;
    this.#quotes = quotes;
  }

  add(layer: Layer): void {
    this.layers.push(layer);
  }

  whole(name: string, slice: Slice, size: number): boolean {
    if (this.layers.length >= deepest) {
      this.add({ kind: "malformed", what: `more than ${deepest} headers` });
      return false;
    }
    if (slice.has(size)) return true;
    if (slice.length < size) this.add({ kind: "malformed", what: `${name}: ${slice.length} bytes of ${size}` });
    else this.add({ kind: "cut off", what: `${name}: ${slice.bytes.length} bytes of ${size}` });
    return false;
  }

  malformed(what: string): void {
    this.add({ kind: "malformed", what });
  }

  payload(what: string | null, slice: Slice): void {
    this.add({ kind: "payload", what, length: slice.knownLength });
  }

  ethernet(slice: Slice): void {
    if (!this.whole("Ethernet header", slice, 14)) return;
    const type = slice.u16(12);
    this.add({ kind: "ethernet", destination: macText(slice.part(0, 6)), source: macText(slice.part(6, 6)), type });
    this.byEthertype(type, slice.from(14));
  }

  byEthertype(type: number, slice: Slice): void {
    switch (type) {
      case 0x0800:
        return this.ipv4(slice);
      case 0x86dd:
        return this.ipv6(slice);
      case 0x0806:
        return this.#arp(slice);
      case 0x8100:
      case 0x88a8:
        return this.#vlan(type, slice);
      default:
        return this.payload(type <= 1500 ? `802.3 length ${type}` : (ethertypes[type] ?? `ethertype 0x${type.toString(16).padStart(4, "0")}`), slice);
    }
  }

  #vlan(tag: number, slice: Slice): void {
    if (!this.whole("VLAN tag", slice, 4)) return;
    const control = slice.u16(0);
    const type = slice.u16(2);
    this.add({ kind: "vlan", tag, id: control & 0xfff, priority: control >> 13, dropEligible: (control & 0x1000) !== 0, type });
    this.byEthertype(type, slice.from(4));
  }

  #arp(slice: Slice): void {
    if (!this.whole("ARP header", slice, 8)) return;
    const hardware = slice.u16(0);
    const protocol = slice.u16(2);
    const operation = slice.u16(6);
    if (hardware !== 1 || protocol !== 0x0800 || slice.u8(4) !== 6 || slice.u8(5) !== 4) return this.add({ kind: "arp", operation, hardware, protocol, sender: null, target: null });
    if (!this.whole("ARP packet", slice, 28)) return;
    const side = (at: number) => ({ mac: macText(slice.part(at, 6)), address: ipv4Text(slice.part(at + 6, 4)) });
    this.add({ kind: "arp", operation, hardware, protocol, sender: side(8), target: side(18) });
  }

  ip(slice: Slice): void {
    if (!this.whole("IP header", slice, 1)) return;
    const version = slice.u8(0) >> 4;
    if (version === 4) this.ipv4(slice);
    else if (version === 6) this.ipv6(slice);
    else this.malformed(`IP version ${version}`);
  }

  ipv4(slice: Slice): void {
    if (!this.whole("IPv4 header", slice, 20)) return;
    const version = slice.u8(0) >> 4;
    const headerLength = (slice.u8(0) & 0xf) * 4;
    if (version !== 4) return this.malformed(`IPv4 header of version ${version}`);
    if (headerLength < 20) return this.malformed(`IPv4 header of ${headerLength} bytes`);
    if (!this.whole("IPv4 header", slice, headerLength)) return;
    const length = slice.u16(2);
    if (length !== 0 && length < headerLength) return this.malformed(`IPv4 length ${length}, header ${headerLength}`);
    const flags = slice.u16(6);
    const fragment: Fragment | null = (flags & 0x3fff) === 0 ? null : { id: slice.u16(4), offset: (flags & 0x1fff) * 8, more: (flags & 0x2000) !== 0 };
    const protocol = slice.u8(9);
    this.add({
      kind: "ipv4",
      source: ipv4Text(slice.part(12, 4)),
      destination: ipv4Text(slice.part(16, 4)),
      protocol,
      ttl: slice.u8(8),
      trafficClass: slice.u8(1),
      id: slice.u16(4),
      dontFragment: (flags & 0x4000) !== 0,
      fragment,
      headerLength,
      length,
      options: ipv4Options(slice.part(20, headerLength - 20)),
    });
    this.#afterIp(protocol, slice.from(headerLength, length === 0 ? Infinity : length - headerLength), fragment);
  }

  ipv6(slice: Slice): void {
    if (!this.whole("IPv6 header", slice, 40)) return;
    const first = slice.u32(0);
    if (first >>> 28 !== 6) return this.malformed(`IPv6 header of version ${first >>> 28}`);
    const length = slice.u16(4);
    const extensions: string[] = [];
    let fragment: Fragment | null = null;
    let next = slice.u8(6);
    let rest = slice.from(40, length === 0 ? Infinity : length);
    let problem: Layer | null = null;
    for (let name = extensionNames[next]; name !== undefined; name = extensionNames[next]) {
      if (extensions.length === longestChain) {
        problem = { kind: "malformed", what: `more than ${longestChain} IPv6 extension headers` };
        break;
      }
      // RFC 8200, section 4; the authentication header counts in words of four bytes, less two (RFC 4302); a fragment header has eight bytes.
      const size = next === 44 ? 8 : next === 51 ? (slice8(rest) + 2) * 4 : (slice8(rest) + 1) * 8;
      if (!rest.has(8) || !rest.has(size)) {
        const wanted = rest.has(2) ? size : 8;
        problem = { kind: rest.length < wanted ? "malformed" : "cut off", what: `IPv6 ${name} header: ${Math.min(rest.length, rest.bytes.length)} bytes of ${wanted}` };
        break;
      }
      extensions.push(name);
      if (next === 44) {
        const place = rest.u16(2);
        fragment = { id: rest.u32(4), offset: place & 0xfff8, more: (place & 1) !== 0 };
      }
      next = rest.u8(0);
      rest = rest.from(size);
      // What follows in a later fragment is the middle of something.
      if (fragment !== null && fragment.offset > 0) break;
    }
    this.add({
      kind: "ipv6",
      source: ipv6Text(slice.part(8, 16)),
      destination: ipv6Text(slice.part(24, 16)),
      protocol: next,
      hopLimit: slice.u8(7),
      trafficClass: (first >>> 20) & 0xff,
      flowLabel: first & 0xfffff,
      length,
      fragment,
      extensions,
    });
    if (problem !== null) this.add(problem);
    else this.#afterIp(next, rest, fragment);
  }

  #afterIp(protocol: number, slice: Slice, fragment: Fragment | null): void {
    if (fragment !== null && fragment.offset > 0) return this.payload(null, slice);
    switch (protocol) {
      case 4:
        return this.ipv4(slice);
      case 41:
        return this.ipv6(slice);
      case 59:
        return;
      default:
        return readTransport(this, protocol, slice);
    }
  }

  quoted(version: 4 | 6, slice: Slice): Layer[] {
    if (this.#quotes > 0 || slice.length === 0) return [];
    const layers: Layer[] = [];
    const walk = new PacketWalk(layers, this.#quotes + 1);
    if (version === 4) walk.ipv4(slice);
    else walk.ipv6(slice);
    return layers;
  }
}

const slice8 = (slice: Slice): number => slice.u8(1);

/** https://www.iana.org/assignments/ieee-802-numbers, those that a network has without IP. */
const ethertypes: Readonly<Record<number, string>> = { 0x8035: "RARP", 0x8847: "MPLS", 0x8848: "MPLS multicast", 0x8863: "PPPoE discovery", 0x8864: "PPPoE session", 0x888e: "EAPOL", 0x88cc: "LLDP", 0x88e5: "MACsec", 0x88f7: "PTP", 0x8809: "slow protocol", 0x6558: "Ethernet in Ethernet" };

/** IPv6 extension headers that have a next header at a place that is known (RFC 8200, RFC 4302, RFC 6275). ESP hides what follows, so it is a protocol. */
const extensionNames: Readonly<Record<number, string>> = { 0: "hop-by-hop", 43: "routing", 44: "fragment", 51: "AH", 60: "destination options", 135: "mobility" };

/** https://www.iana.org/assignments/ip-parameters; copied, class and number as one byte. */
const optionNames: Readonly<Record<number, string>> = { 7: "record route", 68: "timestamp", 130: "security", 131: "loose source route", 136: "stream id", 137: "strict source route", 148: "router alert" };

function ipv4Options(bytes: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const type = bytes[at]!;
    if (type === 0) break;
    if (type === 1) {
      at++;
      continue;
    }
    const size = bytes[at + 1] ?? 0;
    if (size < 2 || at + size > bytes.length) return [...names, `option ${type} malformed`];
    names.push(optionNames[type] ?? `option ${type}`);
    at += size;
  }
  return names;
}
