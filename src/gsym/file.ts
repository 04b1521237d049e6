import { Budget, Cursor, OopscopeError, textOf } from "../base/index.ts";
import { fileSource, memorySource, type ByteSource } from "../elf/index.ts";
import { headerSize, infoType, readHeader, tablesOf, type GsymHeader } from "./format.ts";
import { chainAt } from "./inlines.ts";
import { rowAt } from "./lines.ts";

/** A function at an address, with the place in it: the line that runs, or for the outer ones of a chain the line of the call that was inlined. */
export type GsymPlaceInFunction = {
  readonly function: string | null;
  /** As the compiler recorded it; null where none is known. */
  readonly file: string | null;
  /** 1-based; 0 where none is known. */
  readonly line: number;
};

/** A function of the table. */
export type GsymEntry = {
  /** Less the header's base. */
  readonly offset: number;
  readonly size: number;
  /** `""` where none is known. */
  readonly name: string;
};

/** Bytes are read and kept in pages: what is asked for mostly stands together. */
const pageSize = 1 << 14;
const mostPages = 1 << 11;
const mostTexts = 1 << 16;
const mostChunks = 64;
const largestChunk = 1 << 24;
const longestString = 1 << 14;
/** LLVM's files may have functions within one another: so many are asked before the address counts as nobody's. */
const mostBefore = 8;
const stepsForAny = 1 << 25;
const stepsForEach = 1 << 12;

const hostIsLittle = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Opens a GSYM file. Close it when done. Throws `malformed` or `unsupported` where it is none that is read. */
export function openGsym(path: string): GsymFile {
  const source = fileSource(path);
  try {
    return new GsymFile(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The same of bytes in memory; `name` stands in errors. */
export function gsymFromBytes(name: string, bytes: Uint8Array): GsymFile {
  return new GsymFile(memorySource(name, bytes));
}

/** A GSYM file of which only what is asked for is read: the address table once, then the functions that hold the addresses. */
export class GsymFile {
  readonly path: string;
  readonly header: GsymHeader;
  readonly size: number;
  readonly #source: ByteSource;
  readonly #tables: ReturnType<typeof tablesOf>;
  readonly #files = new Map<number, string | null>();
  #addresses: Uint32Array | Float64Array | null = null;
  #fileCount = -1;
  readonly #pages = new Map<number, Uint8Array>();
  readonly #texts = new Map<number, string>();

  constructor(source: ByteSource) {
    this.path = source.name;
    this.size = source.size;
    this.#source = source;
    this.header = readHeader(source);
    this.#tables = tablesOf(this.header);
  }

  close(): void {
    this.#source.close();
  }

  /** The header as it stands in the file: what tells one GSYM from another. */
  headerBytes(): Uint8Array {
    return this.#source.read(0, headerSize);
  }

  /**
   * What the file says about addresses (less the header's base), each looked up as it stands: innermost function first. Null where no function is, or one of
   * which only the name is known. The error that a damaged entry gives stands in the place of its answer. Any order.
   */
  lookup(offsets: readonly number[]): (GsymPlaceInFunction[] | null | OopscopeError)[] {
    const steps = stepsForAny + offsets.length * stepsForEach;
    const budget = new Budget(steps, () => new OopscopeError("over-budget", `${this.path}: ${offsets.length} addresses take more than ${steps} steps`, { file: this.path, steps }));
    const answers: (GsymPlaceInFunction[] | null | OopscopeError)[] = offsets.map(() => null);
    for (const index of Uint32Array.from(offsets.keys()).sort((a, b) => offsets[a]! - offsets[b]!)) {
      try {
        answers[index] = this.#lookup(offsets[index]!, budget);
      } catch (error) {
        if (!(error instanceof OopscopeError)) throw error;
        answers[index] = error;
      }
    }
    return answers;
  }

  /** Every function, in the order of addresses. Reads the whole file. */
  *entries(): Generator<GsymEntry> {
    const addresses = this.#offsets();
    for (let index = 0; index < addresses.length; index++) {
      const at = this.#infoAt(index);
      const size = at.u32();
      yield { offset: addresses[index]!, size, name: this.#string(at.u32()) };
    }
  }

  #lookup(offset: number, budget: Budget): GsymPlaceInFunction[] | null {
    const addresses = this.#offsets();
    let low = 0;
    let high = addresses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (addresses[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    let known: GsymPlaceInFunction[] | null = null;
    for (let index = low - 1, before = 0; index >= 0 && before < mostBefore; index--, before++) {
      budget.spend(1);
      const at = this.#infoAt(index);
      const within = offset - addresses[index]!;
      const size = at.u32();
      // Labels of assembly have no size.
      if (size === 0 ? within > 0 : within >= size) continue;
      known = this.#placesIn(at, within, budget);
      // Of several at one address one may be no more than a name.
      if (known || addresses[index - 1] !== addresses[index]) return known;
    }
    return known;
  }

  #placesIn(at: Cursor, within: number, budget: Budget): GsymPlaceInFunction[] | null {
    const name = this.#string(at.u32());
    let offset = at.origin.start + at.at;
    let lines: Cursor | null = null;
    let inlines: Cursor | null = null;
    for (let chunks = 0; ; chunks++) {
      if (chunks >= mostChunks) throw at.fail(`more than ${mostChunks} kinds of information`);
      const head = this.#cursor(offset, 8);
      const type = head.u32();
      const length = head.u32();
      if (type === infoType.end) break;
      if (length > largestChunk) throw new OopscopeError("over-budget", `${this.path}: function at offset 0x${offset.toString(16)}: ${length} bytes of information of kind ${type}, the limit is ${largestChunk}`, { file: this.path, offset, size: length });
      if (type === infoType.lines || type === infoType.inlines) {
        budget.spend(length);
        const cursor = this.#cursor(offset + 8, length);
        if (type === infoType.lines) lines = cursor;
        else inlines = cursor;
      }
      offset += 8 + length;
    }
    if (!lines && !inlines) return null;
    const row = lines && rowAt(lines, within);
    const chain = inlines ? chainAt(inlines, within) : [];
    const places: GsymPlaceInFunction[] = [];
    let file = row ? this.#file(row.file) : null;
    let line = row?.line ?? 0;
    for (let index = chain.length - 1; index > 0; index--) {
      const call = chain[index]!;
      places.push({ function: this.#string(call.name) || null, file, line });
      file = this.#file(call.callFile);
      line = call.callLine;
    }
    places.push({ function: name || null, file, line });
    return places;
  }

  /**
   * The address table, read once. That it ascends is not checked: where it does not, functions are missed, but none is taken for another, since each is asked
   * whether it covers the address.
   */
  #offsets(): Uint32Array | Float64Array {
    if (this.#addresses) return this.#addresses;
    const { addressSize, count, little } = this.header;
    const bytes = this.#source.read(this.#tables.addresses, addressSize * count);
    if (addressSize === 4 && little === hostIsLittle && bytes.byteOffset % 4 === 0) return (this.#addresses = new Uint32Array(bytes.buffer, bytes.byteOffset, count));
    const at = new Cursor(bytes, little, { file: this.path, section: "address table", start: this.#tables.addresses });
    return (this.#addresses = Float64Array.from({ length: count }, () => (addressSize === 4 ? at.u32() : addressSize === 2 ? at.u16() : addressSize === 1 ? at.u8() : at.u64From(0, 0))));
  }

  /** A cursor on a function's size, name and what follows. */
  #infoAt(index: number): Cursor {
    return this.#cursor(this.#cursor(this.#tables.infos + 4 * index, 4).u32(), 8);
  }

  /** The path of a file by its number; null for none. Throws `malformed` for a number that the table does not have. */
  #file(number: number): string | null {
    const known = this.#files.get(number);
    if (known !== undefined) return known;
    const { files } = this.#tables;
    if (this.#fileCount < 0) this.#fileCount = this.#cursor(files, 4).u32();
    if (number >= this.#fileCount) throw new OopscopeError("malformed", `${this.path}: file ${number} of ${this.#fileCount} is referred to`, { file: this.path, section: "file table", offset: files });
    const at = this.#cursor(files + 4 + 8 * number, 8);
    const folder = this.#string(at.u32());
    const name = this.#string(at.u32());
    const path = name === "" ? null : folder === "" || folder.endsWith("/") ? folder + name : `${folder}/${name}`;
    this.#files.set(number, path);
    return path;
  }

  #string(offset: number): string {
    const known = this.#texts.get(offset);
    if (known !== undefined) return known;
    const { strings } = this.header;
    if (offset >= strings.size) throw new OopscopeError("malformed", `${this.path}: string at 0x${offset.toString(16)} of a table of 0x${strings.size.toString(16)} bytes`, { file: this.path, section: "string table", offset });
    for (let size = 128; ; size *= 8) {
      const length = Math.min(size, strings.size - offset);
      const at = this.#cursor(strings.offset + offset, length);
      const nul = at.bytes.indexOf(0);
      if (nul >= 0) {
        const text = textOf(at.bytes, 0, nul);
        if (this.#texts.size >= mostTexts) this.#texts.clear();
        this.#texts.set(offset, text);
        return text;
      }
      if (length < size || size > longestString) throw at.fail("a string without its end", 0);
    }
  }

  /** So many bytes of the file. */
  #cursor(offset: number, length: number): Cursor {
    if (offset + length > this.size) throw new OopscopeError("malformed", `${this.path}: ${length} bytes at offset 0x${offset.toString(16)} lie past the file's end at 0x${this.size.toString(16)}`, { file: this.path, offset });
    const within = offset % pageSize;
    const bytes = within + length > pageSize ? this.#source.read(offset, length) : this.#page(offset - within).subarray(within, within + length);
    return new Cursor(bytes, this.header.little, { file: this.path, section: "GSYM", start: offset });
  }

  #page(start: number): Uint8Array {
    let page = this.#pages.get(start);
    if (!page) {
      if (this.#pages.size >= mostPages) this.#pages.clear();
      page = this.#source.read(start, Math.min(pageSize, this.size - start));
      this.#pages.set(start, page);
    }
    return page;
  }
}
