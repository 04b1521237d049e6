import { OopscopeError } from "../base/index.ts";
import { NT_GNU_BUILD_ID, SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, SHT_NOTE, SHT_REL, SHT_RELA, SHT_SYMTAB, SHT_SYMTAB_SHNDX, STT_FILE, STT_SECTION } from "./constants.ts";
import type { ElfFile } from "./file.ts";
import type { ElfHeader, Section } from "./header.ts";
import { writePieces, type Piece } from "./pieces.ts";

const SHT_NULL = 0;
const SHT_PROGBITS = 1;
const SHT_STRTAB = 3;
const SHN_LORESERVE = 0xff00;
const largestSkeleton = 1 << 30;

export type SkeletonOptions = {
  /** Stretches of allocated sections, as image offsets from and to, that a linked file's skeleton keeps. A relocatable file's keeps all of them. */
  readonly stretches: readonly (readonly [number, number])[];
  /** Which symbols of a linked file to keep, by index; null: all that have a place. A relocatable file's table stays as it is: relocations count in it. */
  readonly symbols: ((index: number) => boolean) | null;
  /** Sections of one's own at the end, which no program loads. */
  readonly extra: readonly { readonly name: string; readonly bytes: Uint8Array }[];
};

type Written = { name: string; type: number; flags: number; address: bigint; bytes: Uint8Array | null; size: number; link: number; info: number; alignment: number; entrySize: number };

/**
 * An ELF file that has all of another but its debug information and what nobody asks for: the same header and sections (index, name, address, size), the
 * symbol table, notes and module information, and the bytes of the code. What is left out is SHT_NOBITS, as in files of `objcopy --only-keep-debug`; of
 * sections of which only stretches are kept these stand in a section of their own (`pieces.ts`). Readable by every ELF tool.
 */
export function writeSkeleton(elf: ElfFile, { stretches, symbols, extra }: SkeletonOptions): Uint8Array {
  const { sections, relocatable } = elf;
  if (sections.length + extra.length + 2 >= SHN_LORESERVE) throw new OopscopeError("unsupported", `${elf.path}: ${sections.length} sections are more than a skeleton can have`, { file: elf.path });
  let size = 0;
  const written = sections.map((section): Written => {
    const kept = keptSection(elf, section, stretches);
    size += kept.bytes?.length ?? 0;
    // Sections of a damaged file may all hold the same bytes.
    if (size > largestSkeleton) throw new OopscopeError("over-budget", `${elf.path}: its sections without debug information have more than ${largestSkeleton} bytes`, { file: elf.path });
    return kept;
  });
  const table = sections.find(({ type }) => type === SHT_SYMTAB);
  if (table && !relocatable) {
    const kept = keptSymbols(elf, symbols);
    written[table.index] = { ...written[table.index]!, bytes: kept.entries, size: kept.entries.length, info: kept.locals };
    written[table.link] = { ...written[table.link]!, type: SHT_STRTAB, bytes: kept.names, size: kept.names.length };
  }
  const pieces = relocatable ? [] : piecesOf(elf, stretches);
  const all = [...extra, ...(pieces.length > 0 ? [writePieces(pieces, elf.header.little)] : [])];
  for (const { name, bytes } of all) written.push({ name, type: SHT_PROGBITS, flags: 0, address: 0n, bytes, size: bytes.length, link: 0, info: 0, alignment: 1, entrySize: 0 });
  return layOut(elf.header, written);
}

function keptSection(elf: ElfFile, section: Section, stretches: SkeletonOptions["stretches"]): Written {
  const { name, type, flags, address, size, link, info, alignment, entrySize } = section;
  const same: Written = { name, type, flags, address, bytes: null, size, link, info, alignment, entrySize };
  const allocated = (flags & SHF_ALLOC) !== 0;
  const whole = { ...same, bytes: type === SHT_NOBITS ? null : elf.rawBytes(section) };
  if (type === SHT_NOTE && allocated) return whole;
  if (elf.relocatable) {
    // Relocations of code tell what its calls lead to; those of debug information go with it.
    const target = type === SHT_RELA || type === SHT_REL ? elf.sections[info] : null;
    const kept = target ? (target.flags & SHF_ALLOC) !== 0 : allocated || type === SHT_SYMTAB || type === SHT_STRTAB || type === SHT_SYMTAB_SHNDX;
    return kept ? whole : nothing;
  }
  if (!allocated) return type === SHT_SYMTAB || type === SHT_STRTAB ? { ...same, size: 0 } : nothing;
  if (isWhole(elf, section, stretches)) return whole;
  return { ...same, type: SHT_NOBITS };
}

function isWhole(elf: ElfFile, section: Section, stretches: SkeletonOptions["stretches"]): boolean {
  const place = elf.placeOf(section);
  return section.type !== SHT_NOBITS && section.size > 0 && stretches.some(([from, to]) => from <= place && to >= place + section.size);
}

/** Keeps the place of a section that is left out. */
const nothing: Written = { name: "", type: SHT_NULL, flags: 0, address: 0n, bytes: null, size: 0, link: 0, info: 0, alignment: 0, entrySize: 0 };

/** The wanted stretches, each within its section. Where the file itself has no bytes there is no piece. */
function piecesOf(elf: ElfFile, stretches: SkeletonOptions["stretches"]): Piece[] {
  const pieces: Piece[] = [];
  for (const [from, to] of stretches) {
    for (let at = from; at < to; ) {
      const section = elf.sectionAt(at);
      if (!section) break;
      const place = elf.placeOf(section);
      const end = Math.min(to, place + section.size);
      if (!isWhole(elf, section, stretches) && elf.holds(section, at - place, end - place)) pieces.push({ section: section.index, from: at - place, bytes: elf.bytes(section, at - place, end - place) });
      at = end;
    }
  }
  return pieces;
}

function keptSymbols(elf: ElfFile, wanted: SkeletonOptions["symbols"]): { entries: Uint8Array; names: Uint8Array; /** How many stand before the first that is not local. */ locals: number } {
  const table = elf.symbols()!;
  const { little } = elf.header;
  const kept: number[] = [];
  const texts: Uint8Array[] = [];
  let nameBytes = 1;
  for (let index = 1; index < table.count; index++) {
    const type = table.type(index);
    if (type === STT_FILE || type === STT_SECTION || table.section(index) === 0) continue;
    if (wanted && !wanted(index)) continue;
    const from = table.nameOffset(index);
    const nul = table.names.indexOf(0, from);
    const text = table.names.subarray(from, nul < 0 ? table.names.length : nul);
    kept.push(index);
    texts.push(text);
    nameBytes += text.length + 1;
  }
  const size = table.count === 0 ? 0 : table.entry(0).size;
  const entries = new Uint8Array((kept.length + 1) * size);
  const view = new DataView(entries.buffer);
  // Names that end alike may share their letters: then all of the table is shorter than what is kept of it.
  const whole = nameBytes > table.names.length;
  const names = whole ? table.names : new Uint8Array(nameBytes);
  let next = 1;
  for (const [place, index] of kept.entries()) {
    entries.set(table.entry(index).bytes, (place + 1) * size);
    if (whole) continue;
    view.setUint32((place + 1) * size, next, little);
    names.set(texts[place]!, next);
    next += texts[place]!.length + 1;
  }
  const locals = 1 + kept.filter((index) => table.binding(index) === 0).length;
  return { entries, names, locals };
}

const ET_EXEC = 2;

/**
 * An ELF file for code of which nothing but names and places is known: one section, `.text`, without bytes, its functions as symbols, and a build id. For no
 * machine (EM_NONE).
 */
export function writeStandIn({ little, base, size, symbols, buildId }: StandIn): Uint8Array {
  const texts = symbols.map(({ name }) => Buffer.from(`${name}\0`, "utf8"));
  const names = Buffer.concat([Buffer.alloc(1), ...texts]);
  const entries = new Uint8Array((symbols.length + 1) * 24);
  const view = new DataView(entries.buffer);
  let next = 1;
  for (const [index, symbol] of symbols.entries()) {
    const at = (index + 1) * 24;
    view.setUint32(at, next, little);
    view.setUint8(at + 4, 0x12); // a global function
    view.setUint16(at + 6, 1, little);
    view.setBigUint64(at + 8, BigInt.asUintN(64, base + BigInt(symbol.offset)), little);
    view.setBigUint64(at + 16, BigInt(symbol.size), little);
    next += texts[index]!.length;
  }
  const id = Buffer.from(buildId ?? "", "hex");
  const note = new Uint8Array(16 + Math.ceil(id.length / 4) * 4);
  const noteView = new DataView(note.buffer);
  for (const [index, value] of [4, id.length, NT_GNU_BUILD_ID].entries()) noteView.setUint32(index * 4, value, little);
  note.set(Buffer.from("GNU\0"), 12);
  note.set(id, 16);
  const own = (name: string, type: number, bytes: Uint8Array): Written => ({ ...nothing, name, type, bytes, size: bytes.length, alignment: 8 });
  return layOut({ wide: true, little, type: ET_EXEC, machine: 0 }, [
    nothing,
    { ...nothing, name: ".text", type: SHT_NOBITS, flags: SHF_ALLOC | SHF_EXECINSTR, address: base, size, alignment: 1 },
    { ...own(".symtab", SHT_SYMTAB, entries), link: 3, info: 1, entrySize: 24 },
    own(".strtab", SHT_STRTAB, names),
    ...(id.length > 0 ? [own(".note.gnu.build-id", SHT_NOTE, note)] : []),
  ]);
}

/** Addresses of symbols are offsets from `base`; the build id is in hexadecimal. */
export type StandIn = {
  readonly little: boolean;
  readonly base: bigint;
  readonly size: number;
  readonly symbols: readonly { readonly name: string; readonly offset: number; readonly size: number }[];
  readonly buildId: string | null;
};

function layOut({ wide, little, type, machine }: Pick<ElfHeader, "wide" | "little" | "type" | "machine">, sections: readonly Written[]): Uint8Array {
  const nameTable: Written = { name: ".oopscope.names", type: SHT_STRTAB, flags: 0, address: 0n, bytes: null, size: 0, link: 0, info: 0, alignment: 1, entrySize: 0 };
  const all = [...sections, nameTable];
  const nameOffsets: number[] = [];
  let names = "\0";
  for (const { name } of all) {
    nameOffsets.push(name === "" ? 0 : names.length);
    if (name !== "") names += `${name}\0`;
  }
  nameTable.bytes = Buffer.from(names, "latin1");
  nameTable.size = nameTable.bytes.length;
  const headerSize = wide ? 64 : 52;
  const entrySize = wide ? 64 : 40;
  let at = headerSize;
  const offsets = all.map(({ bytes, alignment }) => {
    const step = Math.min(Math.max(1, alignment), 64);
    at = Math.ceil(at / step) * step;
    const offset = at;
    at += bytes?.length ?? 0;
    return offset;
  });
  const sectionTable = Math.ceil(at / 8) * 8;
  const out = new Uint8Array(sectionTable + all.length * entrySize);
  const view = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  view.setUint16(16, type, little);
  view.setUint16(18, machine, little);
  view.setUint32(20, 1, little);
  if (wide) view.setBigUint64(40, BigInt(sectionTable), little);
  else view.setUint32(32, sectionTable, little);
  view.setUint16(wide ? 52 : 40, headerSize, little);
  view.setUint16(wide ? 58 : 46, entrySize, little);
  view.setUint16(wide ? 60 : 48, all.length, little);
  view.setUint16(wide ? 62 : 50, all.length - 1, little);
  for (const [index, section] of all.entries()) {
    if (section.bytes) out.set(section.bytes, offsets[index]);
    let entry = sectionTable + index * entrySize;
    const half = (value: number) => {
      view.setUint32(entry, value, little);
      entry += 4;
    };
    const word = (value: bigint) => {
      if (wide) view.setBigUint64(entry, value, little);
      else view.setUint32(entry, Number(value), little);
      entry += wide ? 8 : 4;
    };
    half(nameOffsets[index]!);
    half(section.type);
    word(BigInt(section.flags));
    word(section.address);
    word(BigInt(section.type === SHT_NULL ? 0 : offsets[index]!));
    word(BigInt(section.size));
    half(section.link);
    half(section.info);
    word(BigInt(section.alignment));
    word(BigInt(section.entrySize));
  }
  return out;
}
