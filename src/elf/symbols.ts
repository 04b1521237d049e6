import { textOf, type Cursor } from "../base/index.ts";
import { SHN_UNDEF, SHN_XINDEX, STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE } from "./constants.ts";

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

  constructor(at: Cursor, names: Uint8Array, layout: { wide: boolean; entrySize: number; base: bigint; extended: Uint32Array | null; places: Float64Array | null }) {
    if (layout.entrySize < (layout.wide ? 24 : 16)) throw at.fail(`symbols of ${layout.entrySize} bytes`);
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
      const low = view.getUint32(little ? entry + 8 : entry + 12, little);
      const high = view.getUint32(little ? entry + 12 : entry + 8, little);
      value = (high - this.#baseHigh) * 0x1_0000_0000 + (low - this.#baseLow);
    } else value = view.getUint32(entry + 4, little) - this.#baseLow;
    return this.#places === null ? value : value + (this.#places[this.section(index)] ?? 0);
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

  /** Every symbol that has one of the wanted names, in one pass that reads four bytes of most others. */
  named(wanted: Iterable<string>): Map<string, number[]> {
    const found = new Map<string, number[]>();
    const byHead = new Map<number, { name: string; bytes: Uint8Array; head: number }[]>();
    const filter = new Uint8Array(1 << 16);
    const { names } = this;
    const words = new DataView(names.buffer, names.byteOffset, names.byteLength);
    const last = names.length - 4;
    const short: { name: string; bytes: Uint8Array }[] = [];
    for (const name of wanted) {
      const bytes = Buffer.from(`${name}\0`, "utf8");
      if (bytes.length < 4) {
        short.push({ name, bytes });
        continue;
      }
      const head = bytes.readUInt32LE(0);
      filter[filterBit(head)] = 1;
      const same = byHead.get(head);
      if (same) same.push({ name, bytes, head });
      else byHead.set(head, [{ name, bytes, head }]);
    }
    const { view, little } = this.#at;
    const entrySize = this.#entrySize;
    for (let index = 1, entry = entrySize; index < this.count; index++, entry += entrySize) {
      const from = view.getUint32(entry, little);
      if (short.length > 0) for (const { name, bytes } of short) if (startsAt(names, from, bytes)) append(found, name, index);
      if (from > last) continue;
      const head = words.getUint32(from, true);
      if (filter[filterBit(head)] === 0) continue;
      for (const { name, bytes } of byHead.get(head) ?? []) if (startsAt(names, from, bytes)) append(found, name, index);
    }
    return found;
  }
}

const filterBit = (head: number): number => Math.imul(head, 0x9e3779b1) >>> 16;

function append(found: Map<string, number[]>, name: string, index: number): void {
  const list = found.get(name);
  if (list) list.push(index);
  else found.set(name, [index]);
}

function startsAt(bytes: Uint8Array, from: number, part: Uint8Array): boolean {
  if (from + part.length > bytes.length) return false;
  for (let at = 0; at < part.length; at++) if (bytes[from + at] !== part[at]) return false;
  return true;
}
