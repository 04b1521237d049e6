import { memberAt, nameText, resolve, sizeOf, type Btf } from "../../btf/index.ts";
import { OopscopeError } from "../../base/index.ts";
import { bytesOf, shapeOf, textPlaceOf, type Node, type TextPlace, type Type, type Typed } from "../expression/index.ts";

/** Where in struct sk_buff things are, in bytes, and in struct net_device. Null where this kernel's types have no such member. */
export type PacketLayout = {
  /** Bytes of sk_buff that hold all of the following. */
  readonly size: number;
  readonly len: number;
  readonly protocol: number;
  readonly dev: number;
  readonly head: number;
  readonly data: number;
  readonly tail: number;
  readonly networkHeader: number;
  readonly macHeader: number;
  readonly deviceName: number;
  readonly deviceIndex: number;
};

/** What a pointer leads to that is shown in short. */
export type Pointee = "device" | "sock" | "sockaddr" | "in_addr" | "in6_addr" | "task";

/** How a value gets into a record. */
export type Capture =
  | { readonly kind: "number"; readonly node: Node; readonly type: Type }
  /** Up to `size` bytes with their NUL; behind a pointer, with its address in front. */
  | { readonly kind: "text"; readonly place: TextPlace; readonly size: number; readonly type: Type | null }
  /** Bytes of an array or a struct. */
  | { readonly kind: "memory"; readonly address: Node; readonly size: number; readonly type: Type }
  /** A pointer, and `size` bytes from `offset` of what it leads to. */
  | { readonly kind: "pointee"; readonly node: Node; readonly form: Pointee; readonly offset: number; readonly size: number; readonly type: Type }
  | { readonly kind: "packet"; readonly node: Node; readonly layout: PacketLayout; readonly bytes: number; readonly type: Type }
  | { readonly kind: "unreadable"; readonly why: string };

/** A value of a record: its name, how it is read, and where it stands, in bytes from the record's start. */
export type Field = { readonly name: string; readonly capture: Capture; readonly offset: number; /** One byte for the value, one for what it leads to: see `status`. */ readonly status: number };

/** What a status byte says. */
export const status = { read: 0, fault: 1, zero: 2 } as const;

export type CaptureOptions = { /** Most bytes of a text, its NUL among them. */ readonly textSize: number; /** Most bytes of a packet. */ readonly packetSize: number; /** Most bytes of an array or a struct. */ readonly memorySize: number };
export const captureDefaults: CaptureOptions = { textSize: 64, packetSize: 96, memorySize: 64 };

const align = (size: number): number => (size + 7) & ~7;

/** Bytes that a value takes in a record. */
export function sizeOfCapture(capture: Capture): number {
  switch (capture.kind) {
    case "number":
      return 8;
    case "text":
      return 8 + align(capture.size);
    case "memory":
      return align(capture.size);
    case "pointee":
      return 8 + align(capture.size);
    case "packet":
      return packetPart.bytes + align(capture.bytes);
    case "unreadable":
      return 0;
  }
}

/** Where in a packet's part of a record things stand. `from`: 0 network header, 1 link header, 2 data; `count`: how many bytes there are. */
export const packetPart = { address: 0, length: 8, protocol: 12, index: 16, from: 20, count: 24, hasDevice: 28, device: 32, bytes: 48 } as const;

/** How an expression's value is captured. */
export function captureOf(btf: Btf, value: Typed, options: CaptureOptions = captureDefaults): Capture {
  if (value.kind === "text") return { kind: "text", place: value.place, size: 16, type: value.type };
  if (value.kind === "place") {
    const place = textPlaceOf(btf, value);
    if (place?.kind === "array" && isChar(btf, value.type)) return { kind: "text", place, size: Math.min(options.textSize, place.length), type: value.type };
    const size = bytesOf(btf, value.type);
    if (size === null || size === 0) return { kind: "unreadable", why: "its type has no size" };
    return { kind: "memory", address: value.address, size: Math.min(options.memorySize, size), type: value.type };
  }
  const { node, type } = value;
  const shape = shapeOf(btf, type);
  if (shape.kind !== "pointer") return { kind: "number", node, type };
  if (isCharTarget(btf, shape.to)) return { kind: "text", place: { kind: "pointer", address: node }, size: options.textSize, type };
  const target = shapeOf(btf, shape.to);
  if (target.kind !== "struct") return { kind: "number", node, type };
  const name = btf.nameOf(target.id);
  try {
    if (name === "sk_buff") return { kind: "packet", node, layout: packetLayout(btf, target.id), bytes: options.packetSize, type };
    const pointee = pointeeOf(btf, target.id, name);
    if (pointee) return { kind: "pointee", node, ...pointee, type };
  } catch (error) {
    // A type of this name that is made otherwise: the pointer alone is shown.
    if (!(error instanceof OopscopeError)) throw error;
  }
  return { kind: "number", node, type };
}

function pointeeOf(btf: Btf, id: number, name: string): { readonly form: Pointee; readonly offset: number; readonly size: number } | null {
  const at = (path: string): number => memberAt(btf, id, path).bitOffset / 8;
  switch (name) {
    case "net_device":
      return { form: "device", offset: at("name"), size: 16 };
    case "sock":
      return { form: "sock", offset: 0, size: memberAt(btf, id, "__sk_common").size ?? 0 };
    case "sockaddr":
    case "sockaddr_in":
    case "sockaddr_in6":
    case "__kernel_sockaddr_storage":
      return { form: "sockaddr", offset: 0, size: name === "sockaddr" || name === "sockaddr_in" ? 16 : 28 };
    case "in_addr":
      return { form: "in_addr", offset: 0, size: 4 };
    case "in6_addr":
      return { form: "in6_addr", offset: 0, size: 16 };
    case "task_struct":
      return { form: "task", offset: at("comm"), size: 16 };
    default:
      return null;
  }
}

/** Throws `bad-argument` where a member is not there. */
export function packetLayout(btf: Btf, skb: number): PacketLayout {
  const at = (path: string, size: number): number => {
    const place = memberAt(btf, skb, path);
    if (place.size !== size || place.bitOffset % 8 !== 0) throw new OopscopeError("bad-argument", `\`${path}\` of struct sk_buff has ${place.size} bytes, not ${size}`, {});
    return place.bitOffset / 8;
  };
  const device = btf.find("net_device", "struct");
  if (device === null) throw new OopscopeError("bad-argument", "BTF has no struct net_device", {});
  const offsets = { len: at("len", 4), protocol: at("protocol", 2), dev: at("dev", 8), head: at("head", 8), data: at("data", 8), tail: at("tail", 4), networkHeader: at("network_header", 2), macHeader: at("mac_header", 2) };
  const size = align(Math.max(...Object.values(offsets)) + 8);
  return { ...offsets, size: Math.min(size, sizeOf(btf, skb) ?? size), deviceName: memberAt(btf, device, "name").bitOffset / 8, deviceIndex: memberAt(btf, device, "ifindex").bitOffset / 8 };
}

/** Whether an array's elements are `char` by that name. */
function isChar(btf: Btf, type: Type): boolean {
  const shape = shapeOf(btf, type);
  return shape.kind === "array" && isCharTarget(btf, shape.element);
}

/** What C calls `char` is text, and `const unsigned char`, which names of files have: other unsigned char and u8 are mostly bytes. */
function isCharTarget(btf: Btf, type: Type): boolean {
  if (type.kind !== "btf" || btf.kindOf(resolve(btf, type.id)) !== "int") return false;
  const name = nameText(btf, type.id);
  return name === "char" || (name === "unsigned char" && btf.kindOf(type.id) === "const");
}
