import { OopscopeError, textOf } from "../base/index.ts";
import { resolve, sizeOf, typeText, type Btf, type BtfInt, type BtfMember } from "../btf/index.ts";

/** Reads one value of a type at an offset; `end` is where the bytes end, for arrays without a length at a struct's end. */
export type Decode = (view: DataView, at: number, end: number) => unknown;

/** Structs within structs: C has a handful, a loop in hostile BTF has no end. */
const deepest = 32;

/**
 * A function that reads values of a type, made once for a type: integers to 32 bits as numbers, wider ones and pointers as bigints, `bool` as boolean, enums by
 * name where a value has one, arrays of `char` as text to the first NUL, of other bytes as Uint8Array, other arrays as arrays, structs and unions as objects with
 * the members of anonymous ones among their own. Throws `bad-argument` for what has no value: void, functions, structs that are only declared.
 */
export function decoderOf(btf: Btf, id: number): Decode {
  return decoder(btf, id, 0);
}

function decoder(btf: Btf, id: number, depth: number): Decode {
  if (depth > deepest) throw btf.fail(id, `type ${id} has more than ${deepest} types within one another`);
  const type = btf.type(resolve(btf, id));
  const { little } = btf.header;
  switch (type.kind) {
    case "int":
      return intDecoder(type, little);
    case "ptr":
      return btf.pointerSize === 8 ? (view, at) => view.getBigUint64(at, little) : (view, at) => BigInt(view.getUint32(at, little));
    case "float":
      if (type.size !== 4 && type.size !== 8) break;
      return type.size === 8 ? (view, at) => view.getFloat64(at, little) : (view, at) => view.getFloat32(at, little);
    case "enum":
    case "enum64": {
      const names = new Map(type.values.map(({ name, value }) => [value, name]));
      const read = numberDecoder(type.size, type.signed, little);
      return (view, at) => {
        const value = read(view, at);
        return names.get(BigInt(value)) ?? value;
      };
    }
    case "array":
      return arrayDecoder(btf, type.element, type.length, depth);
    case "struct":
    case "union":
      return structDecoder(membersOf(btf, type.id, depth));
    case "var":
      return decoder(btf, type.type, depth + 1);
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
  }
  throw new OopscopeError("bad-argument", `\`${typeText(btf, id)}\` (${type.kind}) has no value that could be read`, { type: id });
}

function intDecoder(type: BtfInt, little: boolean): Decode {
  if (type.bool) return (view, at) => view.getUint8(at) !== 0;
  if (type.bits !== 8 * type.size || type.bitOffset !== 0) return bitsDecoder(type.bitOffset, type.bits, type.signed, little);
  return numberDecoder(type.size, type.signed, little);
}

/** Integers of 1 to 16 bytes; a size that no integer has reads as bigint byte by byte. */
export function numberDecoder(size: number, signed: boolean, little: boolean): (view: DataView, at: number) => number | bigint {
  switch (size) {
    case 1:
      return signed ? (view, at) => view.getInt8(at) : (view, at) => view.getUint8(at);
    case 2:
      return signed ? (view, at) => view.getInt16(at, little) : (view, at) => view.getUint16(at, little);
    case 4:
      return signed ? (view, at) => view.getInt32(at, little) : (view, at) => view.getUint32(at, little);
    case 8:
      return signed ? (view, at) => view.getBigInt64(at, little) : (view, at) => view.getBigUint64(at, little);
    default:
      return (view, at) => {
        let value = 0n;
        for (let byte = 0; byte < size; byte++) value = (value << 8n) | BigInt(view.getUint8(at + (little ? size - 1 - byte : byte)));
        return signed ? BigInt.asIntN(8 * size, value) : value;
      };
  }
}

/** A bit-field: `bitOffset` from `at`, counted as the compiler does (from the low end on little-endian machines). */
function bitsDecoder(bitOffset: number, bits: number, signed: boolean, little: boolean): Decode {
  const first = bitOffset >>> 3;
  const last = (bitOffset + bits - 1) >>> 3;
  const shift = BigInt(little ? bitOffset & 7 : 8 * (last - first + 1) - (bitOffset & 7) - bits);
  const read = (view: DataView, at: number): bigint => {
    let value = 0n;
    for (let byte = first; byte <= last; byte++) value = (value << 8n) | BigInt(view.getUint8(at + (little ? last + first - byte : byte)));
    return signed ? BigInt.asIntN(bits, value >> shift) : BigInt.asUintN(bits, value >> shift);
  };
  return bits <= 32 ? (view, at) => Number(read(view, at)) : read;
}

function arrayDecoder(btf: Btf, elementId: number, length: number, depth: number): Decode {
  const element = btf.type(resolve(btf, elementId));
  const size = sizeOf(btf, elementId);
  if (size === null) throw new OopscopeError("bad-argument", `an array of \`${typeText(btf, elementId)}\` has no size`, { type: elementId });
  // One of no length stands at a struct's end, for as many as there are.
  const count = length === 0 && size > 0 ? (at: number, end: number): number => Math.max(0, Math.floor((end - at) / size)) : (): number => length;
  if (element.kind === "int" && element.size === 1 && !element.bool) {
    if (element.name === "char" || element.char) {
      return (view, at, end) => {
        const stop = at + count(at, end);
        let nul = at;
        while (nul < stop && view.getUint8(nul) !== 0) nul++;
        return textOf(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at, nul);
      };
    }
    return (view, at, end) => new Uint8Array(view.buffer, view.byteOffset + at, count(at, end)).slice();
  }
  const read = decoder(btf, elementId, depth + 1);
  return (view, at, end) => {
    const values: unknown[] = [];
    for (let index = 0, all = count(at, end); index < all; index++) values.push(read(view, at + index * size, at + (index + 1) * size));
    return values;
  };
}

/** A member with its place in the outer struct. */
export type Field = { readonly name: string; readonly type: number; readonly bitOffset: number; readonly bitSize: number };

/** The named members of a struct, those of anonymous ones among its own. */
export function fieldsOf(btf: Btf, id: number, depth = 0): Field[] {
  if (depth > deepest) throw btf.fail(id, `type ${id} has more than ${deepest} types within one another`);
  const type = btf.type(resolve(btf, id));
  if (type.kind !== "struct" && type.kind !== "union") return [];
  return type.members.flatMap((member: BtfMember): Field[] => {
    if (member.name !== "") return [member];
    return fieldsOf(btf, member.type, depth + 1).map((inner) => ({ ...inner, bitOffset: inner.bitOffset + member.bitOffset }));
  });
}

type Reader = { readonly name: string; readonly offset: number; readonly read: Decode; /** Where the member ends; null: where the bytes do. */ readonly end: number | null };

function membersOf(btf: Btf, id: number, depth: number): Reader[] {
  return fieldsOf(btf, id).map(({ name, type, bitOffset, bitSize }) => {
    if (bitSize > 0) {
      const int = btf.type(resolve(btf, type));
      const signed = (int.kind === "int" || int.kind === "enum" || int.kind === "enum64") && int.signed;
      return { name, offset: bitOffset >>> 3, read: bitsDecoder(bitOffset & 7, bitSize, signed, btf.header.little), end: null };
    }
    const size = sizeOf(btf, type);
    return { name, offset: bitOffset >>> 3, read: decoder(btf, type, depth + 1), end: size === null || size === 0 ? null : (bitOffset >>> 3) + size };
  });
}

/** Each place of the code below writes one name only, which is what makes V8 write it fast: so the first eight have a place of their own. */
function structDecoder(readers: readonly Reader[]): Decode {
  const take = (reader: Reader | undefined, view: DataView, at: number, end: number): unknown => reader!.read(view, at + reader!.offset, reader!.end === null ? end : at + reader!.end);
  const [a, b, c, d, e, f, g, h] = readers;
  const count = readers.length;
  return (view, at, end) => {
    const value: Record<string, unknown> = {};
    if (count > 0) value[a!.name] = take(a, view, at, end);
    if (count > 1) value[b!.name] = take(b, view, at, end);
    if (count > 2) value[c!.name] = take(c, view, at, end);
    if (count > 3) value[d!.name] = take(d, view, at, end);
    if (count > 4) value[e!.name] = take(e, view, at, end);
    if (count > 5) value[f!.name] = take(f, view, at, end);
    if (count > 6) value[g!.name] = take(g, view, at, end);
    if (count > 7) value[h!.name] = take(h, view, at, end);
    for (let index = 8; index < count; index++) value[readers[index]!.name] = take(readers[index], view, at, end);
    return value;
  };
}
