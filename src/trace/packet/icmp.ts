import { ipv4Text, ipv6Text } from "./address.ts";
import type { Slice } from "./slice.ts";
import type { Walk } from "./walk.ts";

/** RFC 792, RFC 1122: destination unreachable, by code. */
const unreachable = ["network unreachable", "host unreachable", "protocol unreachable", "port unreachable", "fragmentation needed", "source route failed", "network unknown", "host unknown", "source isolated", "network prohibited", "host prohibited", "network unreachable for TOS", "host unreachable for TOS", "administratively prohibited", "host precedence violation", "precedence cutoff"];
const kinds: Readonly<Record<number, string>> = { 0: "echo reply", 4: "source quench", 5: "redirect", 8: "echo request", 9: "router advertisement", 10: "router solicitation", 13: "timestamp request", 14: "timestamp reply", 15: "information request", 16: "information reply", 17: "address mask request", 18: "address mask reply", 42: "extended echo request", 43: "extended echo reply" };

/** RFC 792. */
export function readIcmp(walk: Walk, slice: Slice): void {
  if (!walk.whole("ICMP header", slice, 8)) return;
  const type = slice.u8(0);
  const code = slice.u8(1);
  const aboutPacket = [3, 4, 5, 11, 12].includes(type);
  const text = (): string => {
    switch (type) {
      case 3:
        return (unreachable[code] ?? `unreachable code ${code}`) + (code === 4 ? ` (mtu ${slice.u16(6)})` : "");
      case 5:
        return `redirect to ${ipv4Text(slice.part(4, 4))}`;
      case 11:
        return code === 0 ? "time exceeded in transit" : code === 1 ? "time exceeded in reassembly" : `time exceeded code ${code}`;
      case 12:
        return code === 0 ? `parameter problem at byte ${slice.u8(4)}` : `parameter problem code ${code}`;
      default:
        return kinds[type] ?? `type ${type} code ${code}`;
    }
  };
  const echo = type === 0 || type === 8 ? { id: slice.u16(4), sequence: slice.u16(6) } : null;
  walk.add({ kind: "icmp", type, code, text: text(), echo, quoted: aboutPacket ? walk.quoted(4, slice.from(8)) : [] });
}

/** RFC 4443, section 3.1, and RFC 4861, RFC 2710, RFC 3810. */
const unreachable6 = ["no route", "administratively prohibited", "beyond scope of source", "address unreachable", "port unreachable", "source address failed policy", "route rejected", "error in source route"];
const kinds6: Readonly<Record<number, string>> = { 128: "echo request", 129: "echo reply", 130: "multicast listener query", 131: "multicast listener report", 132: "multicast listener done", 133: "router solicitation", 134: "router advertisement", 135: "neighbor solicitation", 136: "neighbor advertisement", 137: "redirect", 143: "multicast listener report v2" };

/** RFC 4443. */
export function readIcmp6(walk: Walk, slice: Slice): void {
  if (!walk.whole("ICMPv6 header", slice, 8)) return;
  const type = slice.u8(0);
  const code = slice.u8(1);
  const text = (): string => {
    switch (type) {
      case 1:
        return unreachable6[code] ?? `unreachable code ${code}`;
      case 2:
        return `packet too big (mtu ${slice.u32(4)})`;
      case 3:
        return code === 0 ? "time exceeded in transit" : code === 1 ? "time exceeded in reassembly" : `time exceeded code ${code}`;
      case 4:
        return `parameter problem code ${code} at byte ${slice.u32(4)}`;
      case 135:
      case 136:
        return `${kinds6[type]!} ${slice.has(24) ? ipv6Text(slice.part(8, 16)) : "of an address that is cut off"}`;
      default:
        return kinds6[type] ?? `type ${type} code ${code}`;
    }
  };
  const echo = type === 128 || type === 129 ? { id: slice.u16(4), sequence: slice.u16(6) } : null;
  walk.add({ kind: "icmp6", type, code, text: text(), echo, quoted: type < 128 ? walk.quoted(6, slice.from(8)) : [] });
}
