import { version } from "../../base/index.ts";

/** LINKTYPE_LINUX_SLL2 (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html): what `tcpdump -i any` writes. */
const cookedLink = 276;

/** A packet as a file gets it. */
export type CapturedPacket = {
  /** The interface's name and number; null where there is no device. */
  readonly device: string | null;
  readonly ifindex: number | null;
  /** Where `bytes` begin: at the network header, or at an Ethernet header, of which the file keeps the source and the type. */
  readonly from: "network" | "ethernet";
  /** The ethertype of what begins at the network header (`skb->protocol`); without meaning for `ethernet`. */
  readonly protocol: number;
  /** `skb->pkt_type` (PACKET_HOST 0 … PACKET_OUTGOING 4). */
  readonly packetType?: number;
  /** Nanoseconds since 1970 (CLOCK_REALTIME). */
  readonly time: bigint;
  readonly bytes: Uint8Array;
  /** Bytes that the packet has from the first of `bytes` on; fewer than `bytes` are never written down. */
  readonly length: number;
  /** What is said of it, a line each: the function that saw it, why it was dropped. */
  readonly comments?: readonly string[];
  /** Events lost since the packet before, on this interface. */
  readonly lost?: bigint;
};

/**
 * Writes the pcapng format (draft-ietf-opsawg-pcapng), little endian, times in nanoseconds. All packets are "cooked", as those of `tcpdump -i any` are: a tracer sees
 * most of them without a link header, and libpcap reads no file with two link types. Nothing is kept but the interfaces: each method gives the bytes that follow in the file.
 *
 *     const file = new PcapngWriter();
 *     write(file.header("Linux 6.1.0"), file.packet({ … }), file.statistics({ … }));
 */
export class PcapngWriter {
  /** Interfaces by name, in the order of their descriptions. */
  readonly #interfaces = new Map<string, number>();

  /** The section header, which comes first. `system`: the kernel's name and release. */
  header(system: string): Uint8Array {
    const content = new Uint8Array(16);
    const view = viewOf(content);
    view.setUint32(0, 0x1a2b3c4d, true);
    view.setUint16(4, 1, true);
    // Length of the section: not known.
    view.setBigInt64(8, -1n, true);
    return block(0x0a0d0d0a, content, [text(3, system), text(4, `oopscope ${version}`)]);
  }

  /** A packet, after the description of its interface if that is new. */
  packet(packet: CapturedPacket): Uint8Array {
    const { device, time, packetType = 0, comments = [], lost = 0n } = packet;
    const name = device ?? "(no device)";
    let index = this.#interfaces.get(name);
    const described: Uint8Array[] = [];
    if (index === undefined) {
      index = this.#interfaces.size;
      this.#interfaces.set(name, index);
      described.push(interfaceBlock(name));
    }
    const { header, bytes, length } = cooked(packet);
    const captured = header.length + bytes.length;
    const content = new Uint8Array(20 + padded(captured));
    const view = viewOf(content);
    view.setUint32(0, index, true);
    content.set(timeOf(time), 4);
    view.setUint32(12, captured, true);
    view.setUint32(16, header.length + Math.max(length, bytes.length), true);
    content.set(header, 20);
    content.set(bytes, 20 + header.length);
    const options = comments.map((comment) => text(1, comment));
    // epb_flags: the direction is in the lowest two bits; 2 is outbound.
    options.push(option(2, u32(packetType === 4 ? 2 : 1)));
    if (lost > 0n) options.push(option(4, u64(lost)));
    return joined([...described, block(6, content, options)]);
  }

  /**
   * How many packets were seen and lost in all, at the end. Losses are not known by interface: the first one stands for all, and says so. Nothing where no packet was
   * written. Times in nanoseconds since 1970.
   */
  statistics({ start, end, seen, lost }: { readonly start: bigint; readonly end: bigint; readonly seen: bigint; readonly lost: bigint }): Uint8Array {
    if (this.#interfaces.size === 0) return new Uint8Array(0);
    const content = new Uint8Array(12);
    content.set(timeOf(end), 4);
    return block(5, content, [text(1, "counts of all interfaces"), option(2, timeOf(start)), option(3, timeOf(end)), option(4, u64(seen)), option(5, u64(lost))]);
  }
}

/** The SLL2 header, which is in network order, and what follows it. */
function cooked({ from, protocol, ifindex, packetType = 0, bytes, length }: CapturedPacket): { header: Uint8Array; bytes: Uint8Array; length: number } {
  const header = new Uint8Array(20);
  const view = viewOf(header);
  const frame = from === "ethernet" && bytes.length >= 14;
  view.setUint16(0, frame ? viewOf(bytes).getUint16(12) : protocol);
  view.setUint32(4, ifindex ?? 0);
  // ARPHRD_ETHER, or ARPHRD_NONE.
  view.setUint16(8, frame ? 1 : 0xfffe);
  header[10] = packetType;
  if (!frame) return { header, bytes, length };
  header[11] = 6;
  header.set(bytes.subarray(6, 12), 12);
  return { header, bytes: bytes.subarray(14), length: length - 14 };
}

/** An interface description: if_name, if_tsresol 10^-9. No limit on the length of packets. */
function interfaceBlock(name: string): Uint8Array {
  const content = new Uint8Array(8);
  viewOf(content).setUint16(0, cookedLink, true);
  return block(1, content, [text(2, name), option(9, Uint8Array.of(9))]);
}

/** A time as the format has it: the upper half first. */
function timeOf(time: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setUint32(0, Number(BigInt.asUintN(32, time >> 32n)), true);
  viewOf(bytes).setUint32(4, Number(BigInt.asUintN(32, time)), true);
  return bytes;
}

/** Type, length, content, options, length again; all in words of four bytes. */
function block(type: number, content: Uint8Array, options: readonly Uint8Array[]): Uint8Array {
  const size = 12 + content.length + options.reduce((sum, each) => sum + each.length, 0) + (options.length > 0 ? 4 : 0);
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  view.setUint32(0, type, true);
  view.setUint32(4, size, true);
  bytes.set(content, 8);
  let at = 8 + content.length;
  for (const each of options) {
    bytes.set(each, at);
    at += each.length;
  }
  // opt_endofopt is four zero bytes, which are there.
  view.setUint32(size - 4, size, true);
  return bytes;
}

function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + padded(value.length));
  viewOf(bytes).setUint16(0, code, true);
  viewOf(bytes).setUint16(2, value.length, true);
  bytes.set(value, 4);
  return bytes;
}

/** An option's length has 16 bits, and readers expect blocks of moderate size. */
const longestText = 4096;
const utf8 = new TextEncoder();

/** Text as UTF-8, cut between characters where it is too long. */
function text(code: number, value: string): Uint8Array {
  if (3 * value.length <= longestText) return option(code, utf8.encode(value));
  const bytes = new Uint8Array(longestText);
  return option(code, bytes.subarray(0, utf8.encodeInto(value, bytes).written));
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const padded = (size: number): number => (size + 3) & ~3;
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
