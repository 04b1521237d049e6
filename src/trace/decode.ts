import { memberAt, resolve, type Btf, type BtfEnum } from "../btf/index.ts";
import { textOf } from "../base/index.ts";
import type { RingRecord } from "../bpf/index.ts";
import { packetPart, status, type Field, type Pointee } from "./code/fields.ts";
import type { NamedValue, TraceValue } from "./event.ts";
import { ipv4Text, ipv6Text } from "./packet/address.ts";
import { shapeOf, textOfType, type Type } from "./expression/index.ts";
import { errnoName } from "./view/errno.ts";

/** Reads one value out of a record. */
export type ReadValue = (record: RingRecord) => TraceValue;

const absent = (why: string): TraceValue => ({ kind: "absent", why });

/** Readers of a record's values, in their order, with their names. */
export function valueReaders(btf: Btf, fields: readonly Field[]): readonly { readonly name: string; readonly read: ReadValue }[] {
  return fields.map((field) => ({ name: field.name, read: checkedReader(field, readerOf(btf, field)) }));
}

export function readValues(readers: readonly { readonly name: string; readonly read: ReadValue }[], record: RingRecord): NamedValue[] {
  return readers.map(({ name, read }) => ({ name, value: read(record) }));
}

function checkedReader({ capture, offset, status: at }: Field, read: ReadValue): ReadValue {
  if (capture.kind === "unreadable") return () => absent(capture.why);
  return (record) => {
    const state = record.u8(at);
    if (state === status.fault) return absent(`nothing can be read at 0x${record.u64(offset).toString(16)}`);
    if (state === status.zero) return absent("division by zero");
    return read(record);
  };
}

function readerOf(btf: Btf, { capture, offset, status: statusAt, name }: Field): ReadValue {
  switch (capture.kind) {
    case "number": {
      const present = presentNumber(btf, capture.type, name);
      return (record) => present(record.u64(offset));
    }
    case "text": {
      const { size, place, type } = capture;
      const typeText = type === null ? "char *" : textOfType(btf, type);
      return (record) => {
        const address = place.kind === "pointer" ? record.u64(offset) : 0n;
        if (place.kind === "pointer" && (address === 0n || record.u8(statusAt + 1) !== 0)) return { kind: "pointer", address, type: typeText, text: null };
        const bytes = record.bytes(offset + 8, size);
        const end = bytes.indexOf(0);
        // Behind a pointer the last byte is a NUL also where the text goes on.
        return { kind: "text", text: textOf(bytes, 0, end < 0 ? size : end), cut: end < 0 ? place.kind === "array" && place.length > size : place.kind === "pointer" && end === size - 1 };
      };
    }
    case "memory": {
      const { size, type } = capture;
      const typeText = textOfType(btf, type);
      return (record) => ({ kind: "bytes", bytes: record.bytes(offset, size), type: typeText });
    }
    case "pointee": {
      const { size, form, type } = capture;
      const typeText = textOfType(btf, type);
      const short = pointeeText(btf, form);
      return (record) => {
        const address = record.u64(offset);
        return { kind: "pointer", address, type: typeText, text: address === 0n || record.u8(statusAt + 1) !== 0 ? null : short(record.bytes(offset + 8, size)) };
      };
    }
    case "packet": {
      const typeText = textOfType(btf, capture.type);
      return (record) => {
        const address = record.u64(offset + packetPart.address);
        if (record.u8(statusAt + 1) !== 0) return { kind: "pointer", address, type: typeText, text: null };
        const hasDevice = record.u32(offset + packetPart.hasDevice) === 1;
        const from = (["network", "link", "data"] as const)[record.u32(offset + packetPart.from)] ?? "data";
        return {
          kind: "packet",
          address,
          length: record.u32(offset + packetPart.length),
          protocol: record.u32(offset + packetPart.protocol),
          device: hasDevice ? record.text(offset + packetPart.device, 16) : null,
          ifindex: hasDevice ? record.i32(offset + packetPart.index) : null,
          from,
          bytes: record.bytes(offset + packetPart.bytes, Math.min(capture.bytes, record.u32(offset + packetPart.count))),
        };
      };
    }
    case "unreadable":
      return () => absent(capture.why);
  }
}

const hexNames = /flags?$|mask$|features|^addr(?:ess)?$|cookie|magic/i;

/** What a number of a type is, from its 64 bits. */
export function presentNumber(btf: Btf, type: Type, name = ""): (bits: bigint) => TraceValue {
  const shape = shapeOf(btf, type);
  if (shape.kind === "pointer") {
    const typeText = textOfType(btf, type);
    return (bits) => ({ kind: "pointer", address: bits, type: typeText, text: null });
  }
  if (shape.kind !== "integer") return () => absent(`it is \`${textOfType(btf, type)}\``);
  const width = 8 * shape.size;
  const cut = shape.signed ? (bits: bigint): bigint => BigInt.asIntN(width, bits) : (bits: bigint): bigint => BigInt.asUintN(width, bits);
  if (type.kind === "btf") {
    const found = btf.type(resolve(btf, type.id));
    if (found.kind === "enum" || found.kind === "enum64") return presentEnum(found, textOfType(btf, type), cut);
    if (found.kind === "int" && found.bool) return (bits) => ({ kind: "bool", value: cut(bits) !== 0n });
    const names = namesOf(btf, type.id);
    if (names.includes("char")) return (bits) => ({ kind: "character", value: cut(bits) });
    const swapped = names.some((one) => one === "__be16" || one === "__be32" || one === "__be64" || one === "__sum16");
    if (swapped) return (bits) => ({ kind: "integer", value: swap(BigInt.asUintN(width, bits), shape.size), base: shape.size === 2 ? 10 : 16 });
    if (names.some((one) => one === "gfp_t" || one === "netdev_features_t" || one === "fmode_t" || one === "phys_addr_t" || one === "dma_addr_t")) return (bits) => ({ kind: "integer", value: cut(bits), base: 16 });
  }
  const base = hexNames.test(name) ? 16 : 10;
  return (bits) => ({ kind: "integer", value: cut(bits), base });
}

function presentEnum(found: BtfEnum, typeText: string, cut: (bits: bigint) => bigint): (bits: bigint) => TraceValue {
  const names = new Map<bigint, string>();
  for (const { name, value } of found.values) if (!names.has(value)) names.set(value, name);
  // Values of one bit each, and more than two of them: flags.
  const bits = found.values.filter(({ value }) => value !== 0n);
  const flags = bits.length > 2 && bits.every(({ value }) => value > 0n && (value & (value - 1n)) === 0n) && new Set(bits.map(({ value }) => value)).size === bits.length;
  return (raw) => {
    const value = cut(raw);
    let name = names.get(value) ?? null;
    if (name === null && flags && value > 0n) {
      const set = bits.filter((one) => (one.value & value) !== 0n);
      const rest = value & ~set.reduce((all, one) => all | one.value, 0n);
      name = [...set.map((one) => one.name), ...(rest === 0n ? [] : [`0x${rest.toString(16)}`])].join("|");
    }
    return { kind: "enum", value, name, type: typeText };
  };
}

/** Names that a type has on the way to what it is. */
function namesOf(btf: Btf, id: number): string[] {
  const names: string[] = [];
  for (let at = id, steps = 0; steps < 32; steps++) {
    const type = btf.type(at);
    if (type.name !== "") names.push(type.name);
    if (type.kind !== "typedef" && type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict" && type.kind !== "type_tag") break;
    at = type.type;
  }
  return names;
}

function swap(value: bigint, size: number): bigint {
  let out = 0n;
  for (let byte = 0; byte < size; byte++) out = (out << 8n) | ((value >> BigInt(8 * byte)) & 0xffn);
  return out;
}

/** What a function gave back: by its type, and where that is a signed number or a pointer and this one is an errno, as that. */
export function presentResult(btf: Btf, type: Type): (bits: bigint) => TraceValue {
  const present = presentNumber(btf, type);
  const shape = shapeOf(btf, type);
  const isPointer = shape.kind === "pointer";
  const isSigned = shape.kind === "integer" && shape.signed && shape.size >= 4;
  if (!isPointer && !isSigned) return present;
  const width = isPointer ? 64 : 8 * shape.size;
  return (bits) => {
    const value = BigInt.asIntN(width, bits);
    const name = value < 0n && value >= -4095n ? errnoName(Number(-value)) : null;
    return name === null ? present(bits) : { kind: "error", value, name };
  };
}

const dotted = (bytes: Uint8Array, at = 0): string => ipv4Text(bytes.subarray(at));
const port = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

const families: Readonly<Record<number, string>> = { 1: "unix", 2: "inet", 10: "inet6", 16: "netlink", 17: "packet" };
const tcpStates = ["", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"];

/** What is shown of the bytes that a pointer leads to. */
function pointeeText(btf: Btf, form: Pointee): (bytes: Uint8Array) => string {
  switch (form) {
    case "device":
    case "task":
      return (bytes) => {
        const end = bytes.indexOf(0);
        return textOf(bytes, 0, end < 0 ? bytes.length : end);
      };
    case "in_addr":
      return (bytes) => dotted(bytes);
    case "in6_addr":
      return (bytes) => ipv6Text(bytes);
    case "sockaddr":
      return (bytes) => {
        const family = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, true);
        if (family === 2) return `${dotted(bytes, 4)}:${port(bytes, 2)}`;
        if (family === 10 && bytes.length >= 24) return `[${ipv6Text(bytes.subarray(8))}]:${port(bytes, 2)}`;
        return families[family] ?? `family ${family}`;
      };
    case "sock": {
      const common = btf.find("sock_common", "struct");
      const at = (path: string): number => (common === null ? 0 : memberAt(btf, common, path).bitOffset / 8);
      const places = { family: at("skc_family"), state: at("skc_state"), to: at("skc_daddr"), from: at("skc_rcv_saddr"), toPort: at("skc_dport"), fromPort: at("skc_num") };
      // Without IPv6 there is no such member.
      const six = common !== null && hasMember(btf, common, "skc_v6_daddr") ? { to: at("skc_v6_daddr"), from: at("skc_v6_rcv_saddr") } : null;
      return (bytes) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        const family = view.getUint16(places.family, true);
        const state = tcpStates[bytes[places.state]!] ?? "";
        const ports = [view.getUint16(places.fromPort, true), port(bytes, places.toPort)];
        if (family === 2) return `${dotted(bytes, places.from)}:${ports[0]} > ${dotted(bytes, places.to)}:${ports[1]} ${state}`.trimEnd();
        if (family === 10 && six && six.to + 16 <= bytes.length) return `[${ipv6Text(bytes.subarray(six.from))}]:${ports[0]} > [${ipv6Text(bytes.subarray(six.to))}]:${ports[1]} ${state}`.trimEnd();
        return families[family] ?? `family ${family}`;
      };
    }
  }
}

function hasMember(btf: Btf, id: number, path: string): boolean {
  try {
    memberAt(btf, id, path);
    return true;
  } catch {
    return false;
  }
}
