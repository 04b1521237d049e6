import { Cursor, OopscopeError, lightened, type ImageOffset, type LinkAddress } from "../base/index.ts";
import { compressionOf, prepareSectionZstd, unfoldFile, unfoldSection } from "./compression.ts";
import {
  ELFCOMPRESS_ZSTD, ET_REL, SHF_ALLOC, SHF_COMPRESSED, SHF_EXECINSTR, SHF_TLS, SHN_UNDEF, SHT_NOBITS, SHT_NOTE, SHT_REL, SHT_RELA, SHT_SYMTAB, SHT_SYMTAB_SHNDX,
} from "./constants.ts";
import { Pieces, piecesSection } from "./pieces.ts";
import { placeSections, readHeader, readSections, type ElfHeader, type Section } from "./header.ts";
import { buildIdOf, debugLinkOf, modinfoOf } from "./notes.ts";
import { Relocations, relocate } from "./relocations.ts";
import { Scratch, fileSource, memorySource, type ByteSource } from "./source.ts";
import { SymbolTable } from "./symbols.ts";

/** A compressed file larger than this is not unfolded: the largest module of a distribution has 40 MB. */
const largestCompressedFile = 1 << 28;

const largestDebugLink = 1 << 13;
const largestModinfo = 1 << 24;

/** Opens an ELF file, a compressed one (gzip, xz, zstd: then wholly in memory) included. Close it when done. */
export async function openElf(path: string): Promise<ElfFile> {
  return elfFrom(fileSource(path));
}

/** The same at once, for a file that is not compressed as a whole; one with sections of zstd is refused where this Node has none. */
export function openElfNow(path: string): ElfFile {
  const source = fileSource(path);
  try {
    const header = readHeader(source);
    return new ElfFile(source, header, readSections(source, header));
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The same of bytes in memory; `name` stands in errors. */
export async function elfFromBytes(name: string, bytes: Uint8Array): Promise<ElfFile> {
  return elfFrom(memorySource(name, bytes));
}

/** The same of bytes that are not compressed, and have no section that is compressed by zstd: at once. */
export function elfFromBytesNow(name: string, bytes: Uint8Array): ElfFile {
  const source = memorySource(name, bytes);
  const header = readHeader(source);
  return new ElfFile(source, header, readSections(source, header));
}

async function elfFrom(source: ByteSource): Promise<ElfFile> {
  try {
    const compression = compressionOf(source.read(0, Math.min(6, source.size)));
    if (!compression) return await readElf(source);
    if (source.size > largestCompressedFile) throw new OopscopeError("over-budget", `${source.name}: ${source.size} bytes of ${compression} data, the limit is ${largestCompressedFile}`, { file: source.name });
    const bytes = await unfoldFile(source.name, source.read(0, source.size), compression);
    source.close();
    return await readElf(memorySource(source.name, bytes));
  } catch (error) {
    source.close();
    throw error;
  }
}

async function readElf(source: ByteSource): Promise<ElfFile> {
  const header = readHeader(source);
  const sections = readSections(source, header);
  for (const section of sections) {
    if ((section.flags & SHF_COMPRESSED) === 0 || section.size < 4 || section.offset + 4 > source.size) continue;
    if (new Cursor(source.read(section.offset, 4), header.little, { file: source.name, section: section.name, start: 0 }).u32() === ELFCOMPRESS_ZSTD) {
      await prepareSectionZstd();
      break;
    }
  }
  return new ElfFile(source, header, sections);
}

/**
 * An ELF file of which only what is asked for is read. Addresses within it are image offsets: the link address less `base`, which is the lowest address
 * of code for linked files and 0 for ET_REL, whose sections get distinct places (`placeSections`).
 */
export class ElfFile {
  readonly path: string;
  readonly header: ElfHeader;
  readonly sections: readonly Section[];
  readonly base: bigint;
  readonly #source: ByteSource;
  readonly #byName = new Map<string, Section>();
  readonly #places: Float64Array;
  /** Allocated sections by their places. */
  #order: Section[] | null = null;
  readonly #unfolded = new Map<number, Uint8Array>();
  readonly #relocations = new Map<number, Relocations | null>();
  /** Of the relocations, which are taken out of it at once. */
  readonly #scratch = new Scratch();
  #symbols: SymbolTable | null | undefined;
  readonly #symbolValues = new Map<number, number>();
  #pieces: Pieces | null | undefined;

  constructor(source: ByteSource, header: ElfHeader, sections: readonly Section[]) {
    this.path = source.name;
    this.#source = source;
    this.header = header;
    this.sections = sections;
    for (const section of sections) if (!this.#byName.has(section.name)) this.#byName.set(section.name, section);
    this.base = header.type === ET_REL ? 0n : lowestCode(sections);
    this.#places = Float64Array.from(placeSections(header, sections), (address) => Number(address - this.base));
  }

  get relocatable(): boolean {
    return this.header.type === ET_REL;
  }

  close(): void {
    this.#source.close();
    this.#unfolded.clear();
  }

  section(name: string): Section | null {
    return this.#byName.get(name) ?? null;
  }

  /** Where a section begins, as an image offset. */
  placeOf(section: Section): ImageOffset {
    return lightened(this.#places[section.index]!) as ImageOffset;
  }

  offsetOf(address: LinkAddress): ImageOffset {
    return Number(BigInt.asIntN(64, address - this.base)) as ImageOffset;
  }

  addressOf(offset: ImageOffset): LinkAddress {
    return BigInt.asUintN(64, this.base + BigInt(offset)) as LinkAddress;
  }

  /** The allocated section that holds an address. */
  sectionAt(offset: number): Section | null {
    const order = (this.#order ??= this.sections.filter(({ flags, size }) => (flags & SHF_ALLOC) !== 0 && (flags & SHF_TLS) === 0 && size > 0).sort((a, b) => this.#places[a.index]! - this.#places[b.index]! || b.index - a.index));
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#places[order[middle]!.index]! <= offset) low = middle + 1;
      else high = middle;
    }
    const section = order[low - 1];
    return section && offset < this.#places[section.index]! + section.size ? section : null;
  }

  /** Size of a section's contents, unfolded. */
  sizeOf(section: Section): number {
    return this.#isPacked(section) ? this.#whole(section).length : section.size;
  }

  /**
   * Bytes of a section's contents from `from` up to `to` (clamped to its end), unfolded, and with the section's relocations applied if the file is
   * relocatable. A copy that the caller owns, or is `scratch`'s.
   */
  bytes(section: Section, from = 0, to = Number.POSITIVE_INFINITY, scratch?: Scratch): Uint8Array {
    if (section.type === SHT_NOBITS) return this.#kept()?.read(section.index, from, Math.min(to, section.size)) ?? new Uint8Array();
    const end = Math.min(to, this.sizeOf(section));
    if (!(from >= 0 && from <= end)) throw this.#fail(section, from, `bytes from there to 0x${end.toString(16)} wanted`);
    const bytes = this.#isPacked(section) ? this.#whole(section).slice(from, end) : this.#raw(section, from, end, scratch);
    const table = this.relocatable ? (this.relocationsOf(section)?.within(from - 8, end) ?? null) : null;
    if (table) {
      const unknown = relocate(bytes, from, table, this.header.arch, this.header.little, (symbol) => this.#symbolValue(symbol));
      // Code has relocations that only the loader understands; its bytes are compared with those left out.
      if (unknown !== null && (section.flags & SHF_ALLOC) === 0) throw new OopscopeError("unsupported", `${this.path}: ${section.name}: relocation type ${unknown} of ${this.header.arch} is unknown`, { file: this.path, section: section.name });
    }
    return bytes;
  }

  /** Whether the file has these bytes of a section: files of symbols alone leave code out, or have parts of it. */
  holds(section: Section, from: number, to: number): boolean {
    return section.type !== SHT_NOBITS || this.#kept()?.read(section.index, Math.max(0, from), Math.min(to, section.size)) != null;
  }

  /** A section's contents as they stand in the file: neither unfolded nor relocated. */
  rawBytes(section: Section): Uint8Array {
    return this.#raw(section);
  }

  cursor(section: Section, from = 0, to = Number.POSITIVE_INFINITY): Cursor {
    return new Cursor(this.bytes(section, from, to), this.header.little, { file: this.path, section: section.name, start: from });
  }

  /** The relocations that the file has for a section (also the left-over ones of a linked vmlinux), or null. */
  relocationsOf(section: Section): Relocations | null {
    const known = this.#relocations.get(section.index);
    if (known !== undefined) return known;
    const holder = this.sections.find(({ type, info }) => (type === SHT_RELA || type === SHT_REL) && info === section.index);
    const { wide, machine, little } = this.header;
    const relocations = holder
      ? new Relocations(
          (from, to) => new Cursor(this.#raw(holder, from, to, this.#scratch), little, { file: this.path, section: holder.name, start: from }),
          holder.size,
          { wide, withAddends: holder.type === SHT_RELA, entrySize: holder.entrySize, mips64: wide && machine === 8 },
        )
      : null;
    this.#relocations.set(section.index, relocations);
    return relocations;
  }

  /** The symbol table, or null in a stripped file. */
  symbols(): SymbolTable | null {
    if (this.#symbols !== undefined) return this.#symbols;
    const holder = this.sections.find(({ type }) => type === SHT_SYMTAB);
    const strings = holder && this.sections[holder.link];
    if (!holder || !strings) return (this.#symbols = null);
    const { wide, little } = this.header;
    const at = new Cursor(this.#raw(holder), little, { file: this.path, section: holder.name, start: 0 });
    const extra = this.sections.find(({ type, link }) => type === SHT_SYMTAB_SHNDX && link === holder.index);
    const extended = extra ? extendedIndices(new Cursor(this.#raw(extra), little, { file: this.path, section: extra.name, start: 0 })) : null;
    const places = this.relocatable ? this.#places : null;
    return (this.#symbols = new SymbolTable(at, this.#raw(strings), { wide, entrySize: holder.entrySize, base: this.base, extended, places }));
  }

  /** What the file says of itself; where that is damaged it says nothing. */
  buildId(): string | null {
    for (const section of this.sections) {
      if (section.type !== SHT_NOTE || section.size > 1 << 16) continue;
      const id = unlessDamaged(() => buildIdOf(this.cursor(section)));
      if (id !== null) return id;
    }
    return null;
  }

  debugLink(): { readonly name: string; readonly crc: number } | null {
    const section = this.section(".gnu_debuglink");
    return section && unlessDamaged(() => debugLinkOf(this.cursor(section, 0, largestDebugLink)));
  }

  /** A module's `.modinfo`: `name`, `vermagic`, `depends` and more; empty for other files. */
  modinfo(): Map<string, string[]> {
    const section = this.section(".modinfo");
    const found = section && section.size <= largestModinfo ? unlessDamaged(() => modinfoOf(this.bytes(section))) : null;
    return found ?? new Map<string, string[]>();
  }

  #kept(): Pieces | null {
    if (this.#pieces === undefined) {
      const section = this.section(piecesSection);
      this.#pieces = section && section.type !== SHT_NOBITS ? new Pieces(this.cursor(section)) : null;
    }
    return this.#pieces;
  }

  /** S of a relocation: debug information has a few symbols, a hundred thousand times. */
  #symbolValue(index: number): number {
    let value = this.#symbolValues.get(index);
    if (value === undefined) {
      const symbols = this.symbols();
      value = !symbols || index >= symbols.count || symbols.section(index) === SHN_UNDEF ? 0 : symbols.value(index);
      this.#symbolValues.set(index, value);
    }
    return value;
  }

  #isPacked(section: Section): boolean {
    return (section.flags & SHF_COMPRESSED) !== 0 || section.name.startsWith(".zdebug_");
  }

  #whole(section: Section): Uint8Array {
    let bytes = this.#unfolded.get(section.index);
    if (!bytes) {
      const form = section.name.startsWith(".zdebug_") ? "zdebug" : this.header.wide ? "chdr64" : "chdr32";
      bytes = unfoldSection(this.path, section.name, this.#raw(section), form, this.header.little);
      this.#unfolded.set(section.index, bytes);
    }
    return bytes;
  }

  #raw(section: Section, from = 0, to = section.size, scratch?: Scratch): Uint8Array {
    if (section.type === SHT_NOBITS) return new Uint8Array();
    const { size } = this.#source;
    if (!(section.offset + to <= size)) throw this.#fail(section, from, `its 0x${section.size.toString(16)} bytes at file offset 0x${section.offset.toString(16)} lie past the file's end at 0x${size.toString(16)}`);
    return this.#source.read(section.offset + from, to - from, scratch);
  }

  #fail(section: Section, offset: number, what: string): OopscopeError {
    return new OopscopeError("malformed", `${this.path}: ${section.name} at offset 0x${offset.toString(16)}: ${what}`, { file: this.path, section: section.name, offset });
  }
}

/** The lowest address of code that is within reach of the largest section of code: farther ones (a template at 0) would make every offset inexact. */
function lowestCode(sections: readonly Section[]): bigint {
  const code = sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0 && (flags & SHF_ALLOC) !== 0);
  let largest = code[0];
  if (!largest) return 0n;
  for (const section of code) if (section.size > largest.size) largest = section;
  let lowest = largest.address;
  for (const { address } of code) if (address < lowest && largest.address - address < reach) lowest = address;
  return lowest;
}

const reach = 1n << 48n;

function unlessDamaged<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof OopscopeError) return null;
    throw error;
  }
}

function extendedIndices(at: Cursor): Uint32Array {
  return Uint32Array.from({ length: Math.floor(at.bytes.length / 4) }, () => at.u32());
}
