import { OopscopeError, messageOf } from "../base/index.ts";
import { resolve, sizeOf, typeText, type Btf } from "../btf/index.ts";
import { fieldsOf } from "./decode.ts";

/**
 * Writes a value of a type as `decoderOf` reads it, over bytes that are zero: members that are left out stay so. Bytes of exactly the type's size are taken as they are.
 * Throws `bad-argument`, naming the member, for what does not fit: numbers out of range, members that there are not, text without room. `name` is what
 * the whole is called in those.
 */
export function encodeValue(btf: Btf, id: number, value: unknown, name = ""): Uint8Array<ArrayBuffer> {
  const size = sizeOf(btf, id);
  if (size === null) throw new OopscopeError("bad-argument", `\`${typeText(btf, id)}\` has no size`, { type: id });
  const bytes = new Uint8Array(new ArrayBuffer(size));
  write(btf, id, new DataView(bytes.buffer), 0, value, name);
  return bytes;
}

function wrong(path: string, what: string, value: unknown): OopscopeError {
  const shown = typeof value === "bigint" || typeof value === "number" || typeof value === "boolean" ? String(value) : typeof value === "string" ? JSON.stringify(value) : value === null ? "null" : typeof value;
  return new OopscopeError("bad-argument", `${path === "" ? "the value" : `\`${path}\``} ${what}, not ${shown}`, { path });
}

function write(btf: Btf, id: number, view: DataView, at: number, value: unknown, path: string): void {
  const resolved = resolve(btf, id);
  const type = btf.type(resolved);
  const size = sizeOf(btf, resolved) ?? 0;
  if (value instanceof Uint8Array) {
    if (value.length !== size) throw new OopscopeError("bad-argument", `${path === "" ? "the value" : `\`${path}\``} has ${size} bytes, not ${value.length}`, { path });
    new Uint8Array(view.buffer, at, size).set(value);
    return;
  }
  const { little } = btf.header;
  switch (type.kind) {
    case "int":
      writeInteger(view, at, size, type.bool ? Number(value) : value, type.signed, little, path);
      return;
    case "ptr":
      writeInteger(view, at, size, value, false, little, path);
      return;
    case "float":
      if (typeof value !== "number") throw wrong(path, "is a number", value);
      if (size === 8) view.setFloat64(at, value, little);
      else view.setFloat32(at, value, little);
      return;
    case "enum":
    case "enum64": {
      const named = typeof value === "string" ? type.values.find(({ name }) => name === value) : undefined;
      if (typeof value === "string" && named === undefined) throw wrong(path, `is one of ${type.values.map(({ name }) => name).join(", ")}`, value);
      writeInteger(view, at, size, named?.value ?? value, type.signed, little, path);
      return;
    }
    case "array":
      writeArray(btf, type.element, type.length, view, at, value, path);
      return;
    case "struct":
    case "union": {
      if (typeof value !== "object" || value === null) throw wrong(path, `is a ${type.kind}`, value);
      const fields = fieldsOf(btf, resolved);
      for (const [name, inner] of Object.entries(value)) {
        const field = fields.find((one) => one.name === name);
        const place = path === "" ? name : `${path}.${name}`;
        if (field === undefined) throw new OopscopeError("bad-argument", `\`${typeText(btf, id)}\` has no member \`${name}\`; it has ${fields.map((one) => one.name).join(", ")}`, { path: place });
        if (field.bitSize > 0) writeBits(view, at, field.bitOffset, field.bitSize, inner, little, place);
        else write(btf, field.type, view, at + (field.bitOffset >>> 3), inner, place);
      }
      return;
    }
    case "var":
    case "void":
    case "fwd":
    case "func":
    case "func_proto":
    case "datasec":
    case "decl_tag":
    case "typedef":
    case "const":
    case "volatile":
    case "restrict":
    case "type_tag":
      throw new OopscopeError("bad-argument", `${path === "" ? "the value" : `\`${path}\``} is \`${typeText(btf, id)}\`, which cannot be written`, { path });
  }
}

/** An integer of a size, checked for its range; both signs are taken for what has the same bits (`0xffffffff` for an int is refused, −1 for an unsigned too). */
export function writeInteger(view: DataView, at: number, size: number, value: unknown, signed: boolean, little: boolean, path: string): void {
  let whole: bigint;
  try {
    if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean") throw new TypeError("it is no number");
    whole = BigInt(value);
  } catch (cause) {
    throw cause instanceof RangeError || cause instanceof TypeError ? wrong(path, "is an integer", value) : new Error(messageOf(cause));
  }
  const bits = 8 * size;
  if (whole !== (signed ? BigInt.asIntN(bits, whole) : BigInt.asUintN(bits, whole))) throw wrong(path, `is ${signed ? "a signed" : "an unsigned"} integer of ${bits} bits`, value);
  let rest = BigInt.asUintN(bits, whole);
  for (let byte = 0; byte < size; byte++, rest >>= 8n) view.setUint8(at + (little ? byte : size - 1 - byte), Number(rest & 0xffn));
}

function writeBits(view: DataView, at: number, bitOffset: number, bits: number, value: unknown, little: boolean, path: string): void {
  if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean") throw wrong(path, "is an integer", value);
  let whole: bigint;
  try {
    whole = BigInt(value);
  } catch {
    throw wrong(path, "is an integer", value);
  }
  if (whole >= 1n << BigInt(bits) || whole < -(1n << BigInt(bits - 1))) throw wrong(path, `has ${bits} bits`, value);
  for (let bit = 0; bit < bits; bit++) {
    const place = bitOffset + (little ? bit : bits - 1 - bit);
    const mask = little ? 1 << (place & 7) : 0x80 >>> (place & 7);
    const byte = at + (place >>> 3);
    const set = ((whole >> BigInt(bit)) & 1n) === 1n;
    view.setUint8(byte, set ? view.getUint8(byte) | mask : view.getUint8(byte) & ~mask);
  }
}

function writeArray(btf: Btf, elementId: number, length: number, view: DataView, at: number, value: unknown, path: string): void {
  const element = btf.type(resolve(btf, elementId));
  const size = sizeOf(btf, elementId) ?? 0;
  if (typeof value === "string") {
    if (element.kind !== "int" || element.size !== 1) throw wrong(path, "is an array", value);
    const bytes = Buffer.from(value, "utf8");
    if (bytes.length >= length) throw new OopscopeError("bad-argument", `${path === "" ? "the value" : `\`${path}\``} has room for ${Math.max(0, length - 1)} bytes of text and a NUL, not for ${bytes.length}`, { path });
    new Uint8Array(view.buffer, at, bytes.length).set(bytes);
    return;
  }
  if (!Array.isArray(value)) throw wrong(path, "is an array", value);
  if (value.length > length) throw new OopscopeError("bad-argument", `${path === "" ? "the value" : `\`${path}\``} has ${length} elements, not ${value.length}`, { path });
  for (const [index, one] of value.entries()) write(btf, elementId, view, at + index * size, one, `${path}[${index}]`);
}
