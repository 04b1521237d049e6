import { compileFunction } from "node:vm";
import { OopscopeError, textOf } from "../base/index.ts";
import { hostIsLittle } from "./bytes.ts";
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
      if (length > 0 && length <= longestKept && length % 4 === 0) return keptText(length);
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

/** Bytes of a text that is compared with the one before. */
const longestKept = 64;

/** Text of so many bytes, which is made anew only when the bytes are others than the last time: names of processes and devices repeat. */
function keptText(length: number): Decode {
  const words = new Int32Array(length / 4);
  let text = "";
  return (view, at) => {
    let same = 0;
    while (same < words.length && view.getInt32(at + 4 * same, hostIsLittle) === words[same]) same++;
    if (same === words.length) return text;
    for (let word = same; word < words.length; word++) words[word] = view.getInt32(at + 4 * word, hostIsLittle);
    let nul = at;
    while (nul < at + length && view.getUint8(nul) !== 0) nul++;
    return (text = textOf(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at, nul));
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

/** Reads a bit-field, from the byte on that it begins in. */
function fieldDecoder(btf: Btf, { type, bitOffset, bitSize }: Omit<Field, "name">): Decode {
  const int = btf.type(resolve(btf, type));
  const signed = (int.kind === "int" || int.kind === "enum" || int.kind === "enum64") && int.signed;
  return bitsDecoder(bitOffset & 7, bitSize, signed, btf.header.little);
}

type Reader = { readonly name: string; readonly offset: number; readonly read: Decode; /** Where the member ends; null: where the bytes do. */ readonly end: number | null };

function membersOf(btf: Btf, id: number, depth: number): Reader[] {
  return fieldsOf(btf, id).map(({ name, type, bitOffset, bitSize }) => {
    if (bitSize > 0) return { name, offset: bitOffset >>> 3, read: fieldDecoder(btf, { type, bitOffset, bitSize }), end: null };
    const size = sizeOf(btf, type);
    return { name, offset: bitOffset >>> 3, read: decoder(btf, type, depth + 1), end: size === null || size === 0 ? null : (bitOffset >>> 3) + size };
  });
}

function structDecoder(readers: readonly Reader[]): Decode {
  return (view, at, end) => {
    const value: Record<string, unknown> = {};
    for (const { name, offset, read, end: last } of readers) {
      const member = read(view, at + offset, last === null ? end : at + last);
      if (name === "__proto__") Object.defineProperty(value, name, { value: member, writable: true, enumerable: true, configurable: true });
      else value[name] = member;
    }
    return value;
  };
}

/**
 * The same as `decoderOf`, several times as fast where a type is read over and over: what it reads of members is written as code, in which each struct is one literal. The code is made of
 * numbers and of quoted names alone.
 */
export function compiledDecoderOf(btf: Btf, id: number): Decode {
  const readers: Decode[] = [];
  const code = new DecoderWriter(btf, readers).value(id, 0, null, 0);
  const make = compileFunction(`"use strict"; const [${readers.map((_, index) => `r${index}`).join(", ")}] = readers; return (view, at, end) => (${code});`, ["readers"]) as (readers: readonly Decode[]) => Decode;
  return make(readers);
}

/** Lists of more elements are read by a loop. */
const longestList = 16;
/** Values that are written out: lists of structs of lists would have no end. */
const mostValues = 500;

class DecoderWriter {
  readonly #btf: Btf;
  /** What is read by a function: `r0`, `r1` in the code. */
  readonly #readers: Decode[];
  #written = 0;

  constructor(btf: Btf, readers: Decode[]) {
    this.#btf = btf;
    this.#readers = readers;
  }

  /** An expression that reads a value `from` bytes behind `at`; its bytes end `to` behind it, null: where all do. */
  value(id: number, from: number, to: number | null, depth: number): string {
    const type = this.#btf.type(resolve(this.#btf, id));
    const { little } = this.#btf.header;
    if (++this.#written <= mostValues) {
      if (type.kind === "struct" || type.kind === "union") return this.#struct(type.id, from, to, depth);
      if (type.kind === "ptr" && this.#btf.pointerSize === 8) return `view.getBigUint64(at + ${from}, ${little})`;
      if (type.kind === "int" && type.bool) return `view.getUint8(at + ${from}) !== 0`;
      if (type.kind === "int" && type.bits === 8 * type.size && type.bitOffset === 0 && [1, 2, 4, 8].includes(type.size)) {
        return `view.get${type.size === 8 ? "Big" : ""}${type.signed ? "Int" : "Uint"}${type.bits}(at + ${from}${type.size === 1 ? "" : `, ${little}`})`;
      }
      if (type.kind === "array" && type.length > 0 && type.length <= longestList) {
        const element = this.#btf.type(resolve(this.#btf, type.element));
        const size = sizeOf(this.#btf, type.element) ?? 0;
        // Bytes and text have readers of their own.
        if (size > 0 && !(element.kind === "int" && element.size === 1 && !element.bool)) {
          return `[${Array.from({ length: type.length }, (_, index) => this.value(type.element, from + index * size, from + (index + 1) * size, depth + 1)).join(", ")}]`;
        }
      }
    }
    return this.#call(decoder(this.#btf, id, depth), from, to);
  }

  #call(read: Decode, from: number, to: number | null): string {
    return `r${this.#readers.push(read) - 1}(view, at + ${from}, ${to === null ? "end" : `at + ${to}`})`;
  }

  #struct(id: number, from: number, to: number | null, depth: number): string {
    if (depth > deepest) throw this.#btf.fail(id, `type ${id} has more than ${deepest} types within one another`);
    const members = fieldsOf(this.#btf, id).map((field) => {
      const place = from + (field.bitOffset >>> 3);
      const size = field.bitSize > 0 ? 0 : (sizeOf(this.#btf, field.type) ?? 0);
      const last = size === 0 ? to : place + size;
      const code = field.bitSize > 0 ? this.#call(fieldDecoder(this.#btf, field), place, last) : this.value(field.type, place, last, depth + 1);
      return `${field.name === "__proto__" ? '["__proto__"]' : JSON.stringify(field.name)}: ${code}`;
    });
    return `{ ${members.join(", ")} }`;
  }
}
