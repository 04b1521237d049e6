import { Cursor, OopscopeError } from "../base/index.ts";
import { ET_REL, SHF_ALLOC, SHN_XINDEX, SHT_NOBITS, machines } from "./constants.ts";
import type { ByteSource } from "./source.ts";

export type ElfHeader = {
  readonly wide: boolean;
  readonly little: boolean;
  /** ET_REL (1): a module or object; ET_EXEC (2) or ET_DYN (3): a linked image. */
  readonly type: number;
  readonly machine: number;
  /** The kernel's name for the machine (`x86_64`, `arm64`), or `machine N`. */
  readonly arch: string;
  readonly sectionTable: number;
  readonly sectionEntrySize: number;
  readonly sectionCount: number;
  readonly nameSection: number;
};

export type Section = {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** Link address; 0 for sections of ET_REL files, which have none. */
  readonly address: bigint;
  readonly offset: number;
  /** Bytes in the file (0 in effect for SHT_NOBITS), compressed if SHF_COMPRESSED. */
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
};

/** More sections than any build makes; -ffunction-sections kernels have some 60,000. */
const mostSections = 1 << 18;
/** All names together: in a damaged file each may reach to the end of the table. */
const mostNameBytes = 1 << 26;

export function readHeader(source: ByteSource): ElfHeader {
  const fail = (what: string) => new OopscopeError("not-elf", `${source.name}: not an ELF file: ${what}`, { file: source.name });
  if (source.size < 52) throw fail(`${source.size} bytes are less than an ELF header`);
  const bytes = source.read(0, Math.min(64, source.size));
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) throw fail("it does not begin with 7f 45 4c 46");
  const [, , , , classOf, dataOf] = bytes;
  if (classOf !== 1 && classOf !== 2) throw fail(`class ${classOf}`);
  if (dataOf !== 1 && dataOf !== 2) throw fail(`byte order ${dataOf}`);
  const wide = classOf === 2;
  const at = new Cursor(bytes, dataOf === 1, { file: source.name, section: "ELF header", start: 0 }, 16);
  const type = at.u16();
  const machine = at.u16();
  at.skip(4 + (wide ? 16 : 8)); // version, entry, program headers
  const sectionTable = wide ? at.u64() : at.u32();
  at.skip(4 + 2 + 2 + 2); // flags, header size, program header size and count
  const sectionEntrySize = at.u16();
  let sectionCount = at.u16();
  let nameSection = at.u16();
  if (sectionTable !== 0 && sectionEntrySize < (wide ? 64 : 40)) throw at.fail(`section headers of ${sectionEntrySize} bytes`);
  // gABI: counts that do not fit stand in the first section header.
  if (sectionTable !== 0 && (sectionCount === 0 || nameSection === SHN_XINDEX)) {
    const first = new Cursor(source.read(sectionTable, sectionEntrySize), at.little, { file: source.name, section: "section header 0", start: sectionTable });
    first.at = wide ? 32 : 20;
    const size = wide ? first.u64() : first.u32();
    const link = first.u32();
    if (sectionCount === 0) sectionCount = size;
    if (nameSection === SHN_XINDEX) nameSection = link;
  }
  if (sectionCount > mostSections) throw new OopscopeError("over-budget", `${source.name}: ${sectionCount} sections, the limit is ${mostSections}`, { file: source.name });
  return { wide, little: at.little, type, machine, arch: machines[machine] ?? `machine ${machine}`, sectionTable, sectionEntrySize, sectionCount, nameSection };
}

export function readSections(source: ByteSource, header: ElfHeader): Section[] {
  const { wide, little, sectionEntrySize, sectionCount, sectionTable } = header;
  if (sectionTable === 0 || sectionCount === 0) return [];
  const at = new Cursor(source.read(sectionTable, sectionEntrySize * sectionCount), little, { file: source.name, section: "section headers", start: sectionTable });
  const nameOffsets: number[] = [];
  const raw: Omit<Section, "name">[] = [];
  for (let index = 0; index < sectionCount; index++) {
    at.at = index * sectionEntrySize;
    nameOffsets.push(at.u32());
    const type = at.u32();
    const word = () => (wide ? at.u64Big() : BigInt(at.u32()));
    const flags = Number(word() & 0xffff_ffffn);
    const address = word();
    const offset = Number(word());
    const size = Number(word());
    const link = at.u32();
    const info = at.u32();
    const alignment = Number(word());
    const entrySize = Number(word());
    raw.push({ index, type, flags, address, offset, size, link, info, alignment, entrySize });
  }
  const names = raw[header.nameSection];
  const nameBytes = names && names.type !== SHT_NOBITS ? source.read(names.offset, names.size) : new Uint8Array();
  const nameCursor = new Cursor(nameBytes, little, { file: source.name, section: "section names", start: names?.offset ?? 0 });
  let total = 0;
  return raw.map((section, index) => {
    nameCursor.at = nameOffsets[index]!;
    const name = nameOffsets[index]! < nameBytes.length ? nameCursor.string() : "";
    total += name.length;
    if (total > mostNameBytes) throw new OopscopeError("over-budget", `${source.name}: the names of its sections are longer than ${mostNameBytes} bytes together`, { file: source.name });
    return { ...section, name };
  });
}

/**
 * Sections of an ET_REL file have no addresses. They get distinct ones here: allocated sections in the order of their index, each at its alignment,
 * from 0x10000 on, so that no section holds address 0 (which stands for removed code in DWARF).
 */
export function placeSections(header: ElfHeader, sections: readonly Section[]): bigint[] {
  if (header.type !== ET_REL) return sections.map((section) => section.address);
  let next = 0x10000;
  return sections.map(({ flags, size, alignment }) => {
    if ((flags & SHF_ALLOC) === 0) return 0n;
    const step = alignment > 1 && alignment <= 1 << 24 ? alignment : 1;
    const start = Math.ceil(next / step) * step;
    next = start + (size < 1 << 30 ? size : 0) + 1;
    return BigInt(start);
  });
}
