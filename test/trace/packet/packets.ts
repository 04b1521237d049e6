// Packets as the RFCs draw them, field by field: nothing of the reader's is used.

export type Bytes = readonly number[];

const u8 = (value: number): Bytes => [value & 0xff];
export const u16 = (value: number): Bytes => [(value >>> 8) & 0xff, value & 0xff];
export const u32 = (value: number): Bytes => [...u16(value >>> 16), ...u16(value)];
export const bytesOf = (...parts: readonly Bytes[]): Uint8Array => Uint8Array.from(parts.flat());
export const zeros = (size: number): Bytes => new Array<number>(size).fill(0);

export const v4 = (address: string): Bytes => address.split(".").map(Number);
export const mac = (address: string): Bytes => address.split(":").map((byte) => parseInt(byte, 16));

/** Eight groups, at most one `::`. */
export function v6(address: string): Bytes {
  const [left, right] = address.split("::").map((side) => (side === "" ? [] : side.split(":")));
  const all = right === undefined ? left! : [...left!, ...new Array<string>(8 - left!.length - right.length).fill("0"), ...right];
  return all.flatMap((group) => u16(parseInt(group, 16)));
}

export const ethernet = (type: number, payload: Bytes, { from = "02:00:00:00:00:01", to = "02:00:00:00:00:02" } = {}): Bytes => [...mac(to), ...mac(from), ...u16(type), ...payload];
export const vlan = (id: number, type: number, payload: Bytes, priority = 0): Bytes => [...u16((priority << 13) | id), ...u16(type), ...payload];

export type Ip4 = { from?: string; to?: string; protocol: number; options?: Bytes; id?: number; flags?: number; ttl?: number; tos?: number; length?: number };

export function ipv4({ from = "192.0.2.1", to = "192.0.2.2", protocol, options = [], id = 0x1234, flags = 0x4000, ttl = 64, tos = 0, length }: Ip4, payload: Bytes): Bytes {
  const words = 5 + options.length / 4;
  const header = [...u8(0x40 | words), ...u8(tos), ...u16(length ?? 4 * words + payload.length), ...u16(id), ...u16(flags), ...u8(ttl), ...u8(protocol), ...u16(0), ...v4(from), ...v4(to), ...options];
  const sum = checksum(header);
  header.splice(10, 2, ...u16(sum));
  return [...header, ...payload];
}

export function checksum(bytes: Bytes): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export type Ip6 = { from?: string; to?: string; next: number; hops?: number; flow?: number; length?: number };

export const ipv6 = ({ from = "2001:db8::1", to = "2001:db8::2", next, hops = 64, flow = 0, length }: Ip6, payload: Bytes): Bytes => [...u32(0x6000_0000 + flow), ...u16(length ?? payload.length), ...u8(next), ...u8(hops), ...v6(from), ...v6(to), ...payload];

export const udp = (from: number, to: number, payload: Bytes, length = 8 + payload.length): Bytes => [...u16(from), ...u16(to), ...u16(length), ...u16(0), ...payload];

export type TcpFields = { from?: number; to?: number; seq?: number; ack?: number; flags?: number; window?: number; options?: Bytes };

export const tcp = ({ from = 40000, to = 80, seq = 1, ack = 0, flags = 2, window = 64240, options = [] }: TcpFields, payload: Bytes = []): Bytes => [...u16(from), ...u16(to), ...u32(seq), ...u32(ack), ...u8((5 + options.length / 4) << 4), ...u8(flags), ...u16(window), ...u16(0), ...u16(0), ...options, ...payload];

export const icmp = (type: number, code: number, rest: number, payload: Bytes = []): Bytes => [...u8(type), ...u8(code), ...u16(0), ...u32(rest), ...payload];
export const arp = (operation: number, from: readonly [string, string], to: readonly [string, string]): Bytes => [...u16(1), ...u16(0x0800), 6, 4, ...u16(operation), ...mac(from[0]), ...v4(from[1]), ...mac(to[0]), ...v4(to[1])];
/** A G-PDU (TS 29.281); `more`: sequence number, N-PDU number, type of the next extension, and the extensions. */
export const gtpu = (teid: number, payload: Bytes, { flags = 0x30, message = 255, more = [] as Bytes } = {}): Bytes => [flags, message, ...u16(more.length + payload.length), ...u32(teid), ...more, ...payload];
