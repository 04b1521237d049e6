import { differenceOfHalves, lightened, type Cursor } from "../base/index.ts";
import { hostIsLittle } from "./constants.ts";

/**
 * What a relocation does to debug information: stores, adds or subtracts S + A in so many bytes. Only absolute kinds stand in debug sections.
 * Sources: the psABI of each processor; RISC-V also adds and subtracts, since its linker relaxes code.
 */
export type RelocationAction = { readonly size: 0 | 1 | 2 | 4 | 8; readonly action: "set" | "add" | "sub" | "set6" | "sub6" | "uleb-set" | "uleb-sub" };

const set = (size: 1 | 2 | 4 | 8): RelocationAction => ({ size, action: "set" });
const none: RelocationAction = { size: 0, action: "set" };

const kinds: Readonly<Record<string, Readonly<Record<number, RelocationAction>>>> = {
  x86_64: { 0: none, 1: set(8), 10: set(4), 11: set(4), 12: set(2), 14: set(1), 17: set(8), 21: set(4) },
  i386: { 0: none, 1: set(4), 20: set(2), 22: set(1), 32: set(4) },
  arm64: { 0: none, 256: none, 257: set(8), 258: set(4), 259: set(2) },
  arm: { 0: none, 2: set(4), 5: set(2), 8: set(1), 40: none },
  riscv64: {
    0: none, 1: set(4), 2: set(8), 33: { size: 1, action: "add" }, 34: { size: 2, action: "add" }, 35: { size: 4, action: "add" }, 36: { size: 8, action: "add" },
    37: { size: 1, action: "sub" }, 38: { size: 2, action: "sub" }, 39: { size: 4, action: "sub" }, 40: { size: 8, action: "sub" },
    52: { size: 1, action: "sub6" }, 53: { size: 1, action: "set6" }, 54: set(1), 55: set(2), 56: set(4),
    60: { size: 1, action: "uleb-set" }, 61: { size: 1, action: "uleb-sub" },
  },
  // R_BPF_64_ABS64, R_BPF_64_ABS32, R_BPF_64_NODYLD32 (LLVM's llvm/docs/BPF); those of code (1, 10) are its loader's.
  bpf: { 0: none, 2: set(8), 3: set(4), 4: set(4) },
  ppc: { 0: none, 1: set(4), 3: set(2), 78: set(4) },
  ppc64: { 0: none, 1: set(4), 38: set(8), 78: set(8) },
  s390x: { 0: none, 4: set(4), 22: set(8), 3: set(2), 1: set(1) },
  mips: { 0: none, 2: set(4), 18: set(8) },
  loongarch64: {
    0: none, 1: set(4), 2: set(8), 47: { size: 1, action: "add" }, 48: { size: 2, action: "add" }, 50: { size: 4, action: "add" }, 51: { size: 8, action: "add" },
    52: { size: 1, action: "sub" }, 53: { size: 2, action: "sub" }, 55: { size: 4, action: "sub" }, 56: { size: 8, action: "sub" },
    105: { size: 1, action: "set6" }, 106: { size: 1, action: "sub6" }, 107: { size: 1, action: "uleb-set" }, 108: { size: 1, action: "uleb-sub" },
  },
};

/** Whole numbers: in small integers wherever all of them fit, since V8 puts each number that is read out of a Float64Array on the heap. */
type Column = Int32Array | Float64Array;

/** Some of a section's relocations in the order of their offsets, in columns. */
export type RelocationTable = {
  readonly count: number;
  readonly offsets: Column;
  readonly types: Uint32Array;
  readonly symbols: Uint32Array;
  /** Null for SHT_REL, whose addends stand in the section's bytes. */
  readonly addends: Column | null;
};

/** How the entries of a relocation section are laid out. */
export type RelocationLayout = { readonly wide: boolean; readonly withAddends: boolean; readonly entrySize: number; readonly mips64: boolean };

/** Sections of up to so many bytes are read whole. */
const smallSection = 1 << 17;
const samplesOfLarge = 12;
/** Entries among which the wanted one is sought in memory: to read them costs no more than to read one. */
const readAtOnce = 512;

/**
 * The relocations of one section. Debug information of a module has hundreds of thousands of which a lookup needs hundreds: of a large section only the
 * entries of the wanted range are read, found by halving. Linkers and assemblers write them in order; where entries spread over the section, or those that
 * are read, are not, the whole is read and sorted.
 */
export class Relocations {
  readonly #read: (from: number, to: number) => Cursor;
  readonly #layout: RelocationLayout;
  readonly #count: number;
  #whole: RelocationTable | null = null;
  #samples: { readonly indices: Float64Array; readonly offsets: Float64Array } | null = null;

  /** `read` gives a range of the holder's bytes, of which there are `size`; they are needed until it is called again. */
  constructor(read: (from: number, to: number) => Cursor, size: number, layout: RelocationLayout) {
    const least = (layout.wide ? 16 : 8) + (layout.withAddends ? (layout.wide ? 8 : 4) : 0);
    if (layout.entrySize < least) throw read(0, 0).fail(`relocation entries of ${layout.entrySize} bytes`);
    this.#read = read;
    this.#layout = layout;
    this.#count = Math.floor(size / layout.entrySize);
  }

  /** Those with `from <= offset < to`, offsets as the file has them: from the section's start in relocatable files, addresses in linked ones less `base`. */
  within(from: number, to: number, base = 0n): RelocationTable {
    if (!this.#whole && this.#count * this.#layout.entrySize <= smallSection) this.#readWhole(base);
    return cut(this.#whole ?? this.#between(from, to, base) ?? this.#readWhole(base), from, to);
  }

  #readWhole(base: bigint): RelocationTable {
    const { table, sorted } = this.#entries(0, this.#count, base);
    return (this.#whole = sorted ? table : sortedByOffset(table));
  }

  #entries(from: number, to: number, base: bigint): { table: RelocationTable; sorted: boolean } {
    const { entrySize } = this.#layout;
    return readEntries(this.#read(from * entrySize, to * entrySize), this.#layout, base);
  }

  /** The entries of the range, by halving; null where they are not in order. */
  #between(from: number, to: number, base: bigint): RelocationTable | null {
    const samples = (this.#samples ??= this.#sample(base));
    if (!samples) return null;
    const { table, sorted } = this.#entries(this.#firstAt(from, samples, base), this.#firstAt(to, samples, base), base);
    return sorted ? table : null;
  }

  /** Index of the first entry whose offset is at least `offset`. */
  #firstAt(offset: number, { indices, offsets }: { readonly indices: Float64Array; readonly offsets: Float64Array }, base: bigint): number {
    const next = firstAt(offsets, offset);
    let low = next === 0 ? 0 : indices[next - 1]!;
    let high = next === indices.length ? this.#count : indices[next]!;
    while (high - low > readAtOnce) {
      const middle = Math.floor((low + high) / 2);
      if (this.#offsetOf(middle, base) < offset) low = middle + 1;
      else high = middle;
    }
    if (low === high) return low;
    const { entrySize } = this.#layout;
    const first = low;
    const at = this.#read(first * entrySize, high * entrySize);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      at.at = lightened((middle - first) * entrySize);
      if (this.#offsetAt(at, base) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #offsetOf(index: number, base: bigint): number {
    const { entrySize } = this.#layout;
    return this.#offsetAt(this.#read(index * entrySize, (index + 1) * entrySize), base);
  }

  #offsetAt(at: Cursor, base: bigint): number {
    const baseLow = Number(base & 0xffff_ffffn);
    return this.#layout.wide ? at.u64From(Number(base >> 32n), baseLow) : at.u32() - baseLow;
  }

  #sample(base: bigint): { indices: Float64Array; offsets: Float64Array } | null {
    const indices = Float64Array.from({ length: samplesOfLarge }, (_, k) => Math.floor((k * (this.#count - 1)) / (samplesOfLarge - 1)));
    const offsets = indices.map((index) => this.#offsetOf(index, base));
    return offsets.every((offset, k) => k === 0 || offsets[k - 1]! <= offset) ? { indices, offsets } : null;
  }
}

function cut({ offsets, types, symbols, addends }: RelocationTable, from: number, to: number): RelocationTable {
  const first = firstAt(offsets, from);
  const last = firstAt(offsets, to);
  return { count: last - first, offsets: offsets.subarray(first, last), types: types.subarray(first, last), symbols: symbols.subarray(first, last), addends: addends && addends.subarray(first, last) };
}

function readEntries(at: Cursor, layout: RelocationLayout, base: bigint): { table: RelocationTable; sorted: boolean } {
  const count = Math.floor(at.bytes.length / layout.entrySize);
  const types = new Uint32Array(count);
  const symbols = new Uint32Array(count);
  for (const Kind of [Int32Array, Float64Array]) {
    const offsets = new Kind(count);
    const addends = layout.withAddends ? new Kind(count) : null;
    const table = { count, offsets, types, symbols, addends };
    const most = Kind === Int32Array ? 0x7fff_ffff : Infinity;
    const order = (usualEntries(at, layout) ? fillUsual : fill)(table, at, layout, base, most);
    if (order !== "too large") return { table, sorted: order === "sorted" };
  }
  throw at.fail("relocations");
}

type Order = "sorted" | "unsorted" | "too large";

/** Elf64_Rela in this processor's byte order, where words can be read as they stand. */
const usualEntries = (at: Cursor, { wide, withAddends, entrySize, mips64 }: RelocationLayout): boolean =>
  wide && withAddends && !mips64 && entrySize === 24 && at.little && hostIsLittle && at.bytes.byteOffset % 4 === 0;

function fillUsual({ count, offsets, types, symbols, addends }: RelocationTable, { bytes }: Cursor, _layout: RelocationLayout, base: bigint, most: number): Order {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, count * 6);
  const baseHigh = Number(base >> 32n) | 0;
  const baseLow = Number(base & 0xffff_ffffn) | 0;
  let previous = -Infinity;
  let sorted = true;
  for (let index = 0, at = 0; index < count; index++, at += 6) {
    const offset = differenceOfHalves(words[at + 1]!, words[at]!, baseHigh, baseLow);
    if (offset < previous) sorted = false;
    previous = offset;
    const low = words[at + 4]!;
    const high = words[at + 5]!;
    const addend = high === low >> 31 ? low : high * 0x1_0000_0000 + (low >>> 0);
    if (offset > most || offset < -most || addend > most || addend < -most) return "too large";
    offsets[index] = offset;
    types[index] = words[at + 2]!;
    symbols[index] = words[at + 3]!;
    addends![index] = addend;
  }
  return sorted ? "sorted" : "unsorted";
}

function fill({ count, offsets, types, symbols, addends }: RelocationTable, at: Cursor, { wide, entrySize, mips64 }: RelocationLayout, base: bigint, most: number): Order {
  const baseHigh = Number(base >> 32n);
  const baseLow = Number(base & 0xffff_ffffn);
  let previous = -Infinity;
  let sorted = true;
  for (let index = 0; index < count; index++) {
    at.at = index * entrySize;
    const offset = wide ? at.u64From(baseHigh, baseLow) : at.u32() - baseLow;
    if (offset < previous) sorted = false;
    previous = offset;
    if (offset > most || offset < -most) return "too large";
    offsets[index] = offset;
    if (mips64) {
      // MIPS ELF64 keeps the symbol first and up to three types in bytes of their own.
      symbols[index] = at.u32();
      at.skip(3);
      types[index] = at.u8();
    } else if (wide) {
      const first = at.u32();
      const second = at.u32();
      types[index] = at.little ? first : second;
      symbols[index] = at.little ? second : first;
    } else {
      const both = at.u32();
      types[index] = both & 0xff;
      symbols[index] = both >>> 8;
    }
    if (!addends) continue;
    let addend: number;
    if (wide) {
      // Signed 64 bits: exact below 2^53, and a larger addend belongs to no debug section.
      const low = at.little ? at.u32() : at.i32();
      const high = at.little ? at.i32() : at.u32();
      addend = at.little ? high * 0x1_0000_0000 + low : low * 0x1_0000_0000 + high;
    } else addend = at.i32();
    if (addend > most || addend < -most) return "too large";
    addends[index] = addend;
  }
  return sorted ? "sorted" : "unsorted";
}

function sortedByOffset({ count, offsets, types, symbols, addends }: RelocationTable): RelocationTable {
  const order = Uint32Array.from({ length: count }, (_, index) => index).sort((a, b) => offsets[a]! - offsets[b]! || a - b);
  return {
    count,
    offsets: Float64Array.from(order, (index) => offsets[index]!),
    types: Uint32Array.from(order, (index) => types[index]!),
    symbols: Uint32Array.from(order, (index) => symbols[index]!),
    addends: addends && Float64Array.from(order, (index) => addends[index]!),
  };
}

/** First index whose offset is at least `offset`. */
export function firstAt(offsets: Column, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Applies the relocations that lie within `[start, start + bytes.length)` of a section to `bytes`, its copy of that range.
 * `valueOf` gives S, the symbol's value. Returns the first type that has no rule, or null.
 */
export function relocate(bytes: Uint8Array, start: number, table: RelocationTable, arch: string, little: boolean, valueOf: (symbol: number) => number): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { offsets, types, symbols, addends, count } = table;
  const known = kinds[arch] ?? {};
  const end = start + bytes.length;
  let unknown: number | null = null;
  let type = -1;
  let kind: RelocationAction | undefined;
  // Mostly one after the other has the same: the section of texts.
  let symbol = -1;
  let base = 0;
  for (let index = firstAt(offsets, start); index < count; index++) {
    const offset = offsets[index]!;
    if (offset >= end) break;
    if (types[index]! !== type) {
      type = types[index]!;
      kind = known[type];
    }
    if (kind === undefined) {
      unknown ??= type;
      continue;
    }
    const at = offset - start;
    if (kind.size === 0 || at + kind.size > bytes.length) continue;
    if (symbols[index]! !== symbol) {
      symbol = symbols[index]!;
      base = valueOf(symbol);
    }
    const value = base + (addends ? addends[index]! : kind.action === "set" ? load(view, at, kind.size, little, true) : 0);
    if (kind.size === 4 && kind.action === "set") view.setInt32(at, value | 0, little);
    else apply(view, bytes, at, kind, value, little);
  }
  return unknown;
}

function apply(view: DataView, bytes: Uint8Array, at: number, kind: RelocationAction, value: number, little: boolean): void {
  switch (kind.action) {
    case "set":
      return store(view, at, kind.size, value, little);
    case "add":
      return store(view, at, kind.size, load(view, at, kind.size, little, false) + value, little);
    case "sub":
      return store(view, at, kind.size, load(view, at, kind.size, little, false) - value, little);
    case "set6":
      bytes[at] = (bytes[at]! & 0xc0) | (value & 0x3f);
      return;
    case "sub6":
      bytes[at] = (bytes[at]! & 0xc0) | ((bytes[at]! - value) & 0x3f);
      return;
    case "uleb-set":
      return storeUleb(bytes, at, value);
    case "uleb-sub":
      return storeUleb(bytes, at, loadUleb(bytes, at) - value);
  }
}

function load(view: DataView, at: number, size: number, little: boolean, signed: boolean): number {
  if (size === 8) {
    const high = view.getInt32(little ? at + 4 : at, little);
    return high * 0x1_0000_0000 + view.getUint32(little ? at : at + 4, little);
  }
  if (size === 4) return signed ? view.getInt32(at, little) : view.getUint32(at, little);
  if (size === 2) return view.getUint16(at, little);
  return view.getUint8(at);
}

function store(view: DataView, at: number, size: number, value: number, little: boolean): void {
  if (size === 8) {
    const high = (value | 0) === value ? value >> 31 : Math.floor(value / 0x1_0000_0000);
    view.setInt32(little ? at : at + 4, value | 0, little);
    view.setInt32(little ? at + 4 : at, high, little);
  } else if (size === 4) view.setInt32(at, value | 0, little);
  else if (size === 2) view.setUint16(at, value & 0xffff, little);
  else view.setUint8(at, value & 0xff);
}

function loadUleb(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let scale = 1; at < bytes.length; scale *= 0x80) {
    const byte = bytes[at++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  return value;
}

/** Overwrites a ULEB128 number within the length that it has. */
function storeUleb(bytes: Uint8Array, at: number, value: number): void {
  for (; at < bytes.length; at++) {
    const more = bytes[at]! >= 0x80;
    bytes[at] = (more ? 0x80 : 0) | (((value % 0x80) + 0x80) % 0x80);
    value = Math.floor(value / 0x80);
    if (!more) break;
  }
}
