import { differenceOfHalves, lightened, textOf, type Cursor } from "../base/index.ts";
import { SHN_UNDEF, SHN_XINDEX, STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE, hostIsLittle } from "./constants.ts";

/**
 * The symbol table, read where it is asked: most uses touch one field of most symbols and all fields of few. Values are image offsets
 * (see `ElfFile.base`); one that is farther than 2^53 from the base is inexact and matches no place.
 */
export class SymbolTable {
  readonly count: number;
  readonly names: Uint8Array;
  readonly #at: Cursor;
  readonly #wide: boolean;
  readonly #entrySize: number;
  readonly #baseHigh: number;
  readonly #baseLow: number;
  readonly #extended: Uint32Array | null;
  /** Where each section begins, for ET_REL files, whose values count from there. */
  readonly #places: Float64Array | null;

  readonly #known = new Map<string, number[]>();
  /** What `near` gave last, and for which pages (1). */
  #near: { readonly pages: Uint8Array; readonly indices: Uint32Array } | null = null;

  constructor(at: Cursor, names: Uint8Array, layout: { wide: boolean; entrySize: number; base: bigint; extended: Uint32Array | null; places: Float64Array | null }) {
    if (layout.entrySize < (layout.wide ? 24 : 16) || layout.entrySize % 4 !== 0) throw at.fail(`symbols of ${layout.entrySize} bytes`);
    this.count = Math.floor(at.bytes.length / layout.entrySize);
    this.names = names;
    this.#at = at;
    this.#wide = layout.wide;
    this.#entrySize = layout.entrySize;
    this.#baseHigh = Number(layout.base >> 32n);
    this.#baseLow = Number(layout.base & 0xffff_ffffn);
    this.#extended = layout.extended;
    this.#places = layout.places;
  }

  nameOffset(index: number): number {
    return this.#at.view.getUint32(index * this.#entrySize, this.#at.little);
  }

  /** The entry as it stands in the file. */
  entry(index: number): { readonly bytes: Uint8Array; readonly size: number } {
    const size = this.#entrySize;
    return { bytes: this.#at.bytes.subarray(index * size, (index + 1) * size), size };
  }

  name(index: number): string {
    const from = this.nameOffset(index);
    const nul = this.names.indexOf(0, from);
    return textOf(this.names, from, nul < 0 ? this.names.length : nul);
  }

  value(index: number): number {
    const { view, little } = this.#at;
    const entry = index * this.#entrySize;
    let value: number;
    if (this.#wide) {
      value = differenceOfHalves(view.getInt32(little ? entry + 12 : entry + 8, little), view.getInt32(little ? entry + 8 : entry + 12, little), this.#baseHigh | 0, this.#baseLow | 0);
    } else value = view.getUint32(entry + 4, little) - this.#baseLow;
    return this.#places === null ? value : lightened(value + (this.#places[this.section(index)] ?? 0));
  }

  size(index: number): number {
    const { view, little } = this.#at;
    const entry = index * this.#entrySize;
    if (!this.#wide) return view.getUint32(entry + 8, little);
    return view.getUint32(little ? entry + 16 : entry + 20, little) + view.getUint32(little ? entry + 20 : entry + 16, little) * 0x1_0000_0000;
  }

  /** STT_FUNC and so on. */
  type(index: number): number {
    return this.#at.bytes[index * this.#entrySize + (this.#wide ? 4 : 12)]! & 0xf;
  }

  /** 0 local, 1 global, 2 weak. */
  binding(index: number): number {
    return this.#at.bytes[index * this.#entrySize + (this.#wide ? 4 : 12)]! >> 4;
  }

  /** Index of the section, extended indices resolved; reserved ones (SHN_ABS, 0xfff1) as they are. */
  section(index: number): number {
    const place = this.#at.view.getUint16(index * this.#entrySize + (this.#wide ? 6 : 14), this.#at.little);
    return place === SHN_XINDEX && this.#extended ? (this.#extended[index] ?? 0) : place;
  }

  /** Functions and assembly labels: what kallsyms lists of a text section. */
  isCode(index: number): boolean {
    const type = this.type(index);
    return (type === STT_FUNC || type === STT_NOTYPE || type === STT_GNU_IFUNC) && this.section(index) !== SHN_UNDEF;
  }

  /**
   * Every symbol that has one of the wanted names. One pass over all names that are not known from an earlier one: who will ask for more asks for all at once.
   */
  named(wanted: Iterable<string>): Map<string, readonly number[]> {
    const found = new Map<string, readonly number[]>();
    const names = new Set(wanted);
    const unknown = [...names].filter((name) => !this.#known.has(name));
    if (unknown.length > 0) {
      for (const name of unknown) this.#known.set(name, []);
      this.#find(unknown);
    }
    for (const name of names) {
      const indices = this.#known.get(name)!;
      if (indices.length > 0) found.set(name, indices);
    }
    return found;
  }

  /** Puts the symbols of these names into `#known`, by reading two letters of most of the others. */
  #find(wanted: readonly string[]): void {
    const { names, count } = this;
    // By the fourth and the sixth letter: the first ones of kernel names are much the same. The sixth of a name of five is its end.
    const byLetters = new Map<number, Wanted[]>();
    const filter = new Uint8Array(1 << 16);
    // Of those that pass, most fail by the third and the fifth.
    const second = new Uint8Array(1 << 16);
    const short: Wanted[] = [];
    for (const name of wanted) {
      const one = { bytes: Buffer.from(`${name}\0`, "utf8"), indices: this.#known.get(name)! };
      const { bytes } = one;
      if (bytes.length < 6) {
        short.push(one);
        continue;
      }
      const letters = (bytes[3]! << 8) | bytes[5]!;
      filter[letters] = 1;
      second[(bytes[2]! << 8) | bytes[4]!] = 1;
      const same = byLetters.get(letters);
      if (same) same.push(one);
      else byLetters.set(letters, [one]);
    }
    const offsets = this.#column(0);
    const step = this.#entrySize / 4;
    // Without a branch: what a loop does for the first time after it was compiled throws its compiled code away.
    const likely = new Uint32Array(count + 1);
    let some = 0;
    for (let index = 1, at = step; index < count; index++, at += step) {
      const from = offsets[at]!;
      likely[some] = index;
      some += filter[(names[from + 3]! << 8) | names[from + 5]!]!;
    }
    for (let k = 0; k < some; k++) {
      const index = likely[k]!;
      const from = offsets[index * step]!;
      if (second[(names[from + 2]! << 8) | names[from + 4]!] !== 1) continue;
      const same = byLetters.get((names[from + 3]! << 8) | names[from + 5]!);
      if (same) keep(same, names, from, index);
    }
    if (short.length > 0) for (let index = 1; index < count; index++) keep(short, names, this.nameOffset(index), index);
  }

  /** Indices of the code symbols that begin at exactly these values, in one pass, or in none where they are near to what `near` was asked for. */
  beginningAt(values: readonly number[]): Map<number, number[]> {
    const found = new Map<number, number[]>(values.map((value) => [value, []]));
    if (this.#places !== null) {
      for (let index = 1; index < this.count; index++) if (this.isCode(index)) found.get(this.value(index))?.push(index);
      return found;
    }
    const last = this.#near;
    // The low word decides for all but a few.
    const filter = new Uint8Array(1 << 16);
    for (const value of values) filter[((value + this.#baseLow) >>> 4) & 0xffff] = 1;
    const likely = last !== null && values.every((value) => last.pages[this.#pageOf(value)] === 1) ? last.indices : this.#passing(filter, 4);
    for (const index of likely) if (this.isCode(index)) found.get(this.value(index))?.push(index);
    return found;
  }

  /** Indices of all symbols in the pages of these values and in so many `after` each, with some from elsewhere. In one pass; null if that is no gain. */
  near(values: Iterable<number>, after: number): Uint32Array | null {
    if (this.#places !== null || this.count < 4096) return null;
    const pages = new Uint8Array(1 << 16);
    for (const value of values) {
      const page = this.#pageOf(value);
      for (let k = 0; k <= after; k++) pages[(page + k) & 0xffff] = 1;
    }
    const indices = this.#passing(pages, 12);
    this.#near = { pages, indices };
    return indices;
  }

  #pageOf(value: number): number {
    return ((value + this.#baseLow) >>> 12) & 0xffff;
  }

  /** Indices of the symbols whose values' bits from `shift` on pass a filter of 16 bits. Without a branch, as in `named`. */
  #passing(filter: Uint8Array, shift: number): Uint32Array {
    const words = this.#column(this.#wide ? (this.#at.little ? 8 : 12) : 4);
    const step = this.#entrySize / 4;
    const likely = new Uint32Array(this.count + 1);
    let some = 0;
    for (let index = 1, at = step; index < this.count; index++, at += step) {
      likely[some] = index;
      some += filter[(words[at]! >>> shift) & 0xffff]!;
    }
    return likely.slice(0, some);
  }

  /** The 32-bit field at `offset` of each entry, as every `entrySize / 4`-th element; signed, since V8 keeps what is above 2^31 on the heap. */
  #column(offset: number): Int32Array {
    const { bytes, view, little } = this.#at;
    if (this.count === 0) return new Int32Array();
    const aligned = (bytes.byteOffset + offset) % 4 === 0 && this.#entrySize % 4 === 0;
    if (aligned && little === hostIsLittle) return new Int32Array(bytes.buffer, bytes.byteOffset + offset, (bytes.length - offset) >>> 2);
    const step = this.#entrySize / 4;
    const column = new Int32Array(Math.ceil(this.count * step));
    for (let index = 0; index < this.count; index++) column[Math.floor(index * step)] = view.getInt32(index * this.#entrySize + offset, little);
    return column;
  }
}

/** A name with its NUL, and where the symbols that have it are put. */
type Wanted = { readonly bytes: Uint8Array; readonly indices: number[] };

function keep(wanted: readonly Wanted[], names: Uint8Array, from: number, index: number): void {
  for (let k = 0; k < wanted.length; k++) if (startsAt(names, from, wanted[k]!.bytes)) wanted[k]!.indices.push(index);
}

function startsAt(bytes: Uint8Array, from: number, part: Uint8Array): boolean {
  if (from + part.length > bytes.length) return false;
  for (let at = 0; at < part.length; at++) if (bytes[from + at] !== part[at]) return false;
  return true;
}
