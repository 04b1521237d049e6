import { deflateSync } from "node:zlib";
import { ByteWriter } from "./bytewriter.ts";

/** A section as it is to stand in the file. What is left out is what a well-formed file has. */
export type WrittenSection = {
  readonly name: string;
  readonly bytes?: Uint8Array;
  readonly type?: number;
  readonly flags?: number;
  readonly address?: bigint;
  /** Another section by name, or a number as it stands. */
  readonly link?: string | number;
  readonly info?: string | number;
  readonly alignment?: number;
  readonly entrySize?: number;
  /** What the header claims instead of the truth. */
  readonly claims?: { readonly offset?: bigint; readonly size?: bigint };
};

export type WrittenSymbol = {
  readonly name: string;
  /** By name, or a reserved index; undefined symbols have none. */
  readonly section?: string | number;
  readonly value?: bigint | number;
  readonly size?: number;
  /** STT_*, STT_FUNC if absent. */
  readonly type?: number;
  /** STB_*, global if absent. */
  readonly binding?: number;
};

export type WrittenRelocation = { readonly offset: number; readonly type: number; /** Index in `symbols`, or -1 for none. */ readonly symbol: number; /** SHT_RELA only. */ readonly addend?: number | bigint };

export type WrittenElf = {
  readonly wide?: boolean;
  readonly little?: boolean;
  /** ET_REL 1, ET_EXEC 2 (if absent), ET_DYN 3. */
  readonly type?: number;
  readonly machine?: number;
  readonly sections: readonly WrittenSection[];
  readonly symbols?: readonly WrittenSymbol[];
  readonly relocations?: readonly { readonly of: string; readonly kind: "rel" | "rela"; readonly entries: readonly WrittenRelocation[] }[];
  /** Section numbers where they do not fit the fields: e_shnum 0, e_shstrndx SHN_XINDEX, .symtab_shndx. */
  readonly numbering?: "plain" | "extended";
  /** What the header claims instead of the truth. */
  readonly claims?: { readonly sectionTable?: bigint; readonly sectionCount?: number; readonly sectionEntrySize?: number; readonly nameSection?: number; readonly extendedCount?: bigint };
};

const SHT = { PROGBITS: 1, SYMTAB: 2, STRTAB: 3, RELA: 4, NOBITS: 8, REL: 9, SYMTAB_SHNDX: 18 };
const XINDEX = 0xffff;

/** An ELF file (gABI, chapter 4) of either class and byte order. The section header table is last. */
export function writeElf(elf: WrittenElf): Uint8Array {
  const { wide = true, little = true, type = 2, machine = 62, symbols, relocations = [], numbering = "plain", claims = {} } = elf;
  const sections: WrittenSection[] = [{ name: "", type: 0 }, ...elf.sections];
  const extended = numbering === "extended";
  if (symbols || relocations.length > 0) {
    // Locals come first in a well-formed table; nothing of ours depends on it.
    sections.push({ name: ".symtab", type: SHT.SYMTAB, link: ".strtab", info: 1, entrySize: wide ? 24 : 16 }, { name: ".strtab", type: SHT.STRTAB });
    if (extended) sections.push({ name: ".symtab_shndx", type: SHT.SYMTAB_SHNDX, link: ".symtab", entrySize: 4 });
  }
  for (const { of, kind } of relocations) {
    const entrySize = (wide ? 16 : 8) + (kind === "rela" ? (wide ? 8 : 4) : 0);
    sections.push({ name: `.${kind}${of}`, type: kind === "rela" ? SHT.RELA : SHT.REL, link: ".symtab", info: of, entrySize });
  }
  sections.push({ name: ".shstrtab", type: SHT.STRTAB });
  const indexOf = (name: string | number) => {
    if (typeof name === "number") return name;
    const index = sections.findIndex((section) => section.name === name);
    if (index < 0) throw new Error(`no section ${name}`);
    return index;
  };

  const contents = new Map<string, Uint8Array>();
  const texts = (names: readonly string[]) => {
    const writer = new ByteWriter(little).text("");
    const offsets = names.map((name) => {
      if (name === "") return 0;
      const at = writer.length;
      writer.text(name);
      return at;
    });
    return { bytes: writer.bytes, offsets };
  };
  const sectionNames = texts(sections.map(({ name }) => name));
  contents.set(".shstrtab", sectionNames.bytes);
  if (symbols || relocations.length > 0) {
    const list: WrittenSymbol[] = [{ name: "", type: 0, binding: 0 }, ...(symbols ?? [])];
    const names = texts(list.map(({ name }) => name));
    const table = new ByteWriter(little);
    const indices = new ByteWriter(little);
    for (const [k, { section, value = 0, size = 0, type: kind = 2, binding = 1 }] of list.entries()) {
      const index = section === undefined ? 0 : indexOf(section);
      const asExtended = extended && typeof section === "string";
      const info = (binding << 4) | kind;
      const place = asExtended ? XINDEX : index;
      if (wide) table.u32(names.offsets[k]!).u8(info).u8(0).u16(place).u64(value).u64(size);
      else table.u32(names.offsets[k]!).u32(value).u32(size).u8(info).u8(0).u16(place);
      indices.u32(asExtended ? index : 0);
    }
    contents.set(".symtab", table.bytes);
    contents.set(".strtab", names.bytes);
    contents.set(".symtab_shndx", indices.bytes);
  }
  for (const { of, kind, entries } of relocations) {
    const writer = new ByteWriter(little);
    for (const { offset, type: relocation, symbol, addend = 0 } of entries) {
      if (wide) {
        writer.u64(offset);
        // MIPS ELF64: the symbol, a special symbol, then three types in bytes of their own.
        if (machine === 8) writer.u32(symbol + 1).u8(0).u8(0).u8(0).u8(relocation);
        else writer.u64((BigInt(symbol + 1) << 32n) | BigInt(relocation));
        if (kind === "rela") writer.u64(addend);
      } else {
        writer.u32(offset).u32(((symbol + 1) << 8) | relocation);
        if (kind === "rela") writer.u32(BigInt(addend));
      }
    }
    contents.set(`.${kind}${of}`, writer.bytes);
  }

  const word = wide ? 8 : 4;
  const headerSize = wide ? 64 : 52;
  const entrySize = wide ? 64 : 40;
  const body = new ByteWriter(little);
  const offsets: number[] = [];
  const places = sections.map((section) => {
    const bytes = contents.get(section.name) ?? section.bytes ?? new Uint8Array();
    while ((headerSize + body.length) % 8 !== 0) body.u8(0);
    offsets.push(headerSize + body.length);
    if (section.type !== SHT.NOBITS) body.raw(bytes);
    return bytes.length;
  });
  while ((headerSize + body.length) % 8 !== 0) body.u8(0);
  const tableAt = headerSize + body.length;

  const header = new ByteWriter(little).raw([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.u16(type).u16(machine).u32(1).number(0, word).number(0, word).number(claims.sectionTable ?? tableAt, word).u32(0).u16(headerSize).u16(0).u16(0);
  header.u16(claims.sectionEntrySize ?? entrySize).u16(claims.sectionCount ?? (extended ? 0 : sections.length)).u16(claims.nameSection ?? (extended ? XINDEX : sections.length - 1));
  const table = new ByteWriter(little);
  for (const [k, section] of sections.entries()) {
    const first = k === 0 && extended;
    const size = first ? (claims.extendedCount ?? BigInt(sections.length)) : (section.claims?.size ?? BigInt(places[k]!));
    table.u32(sectionNames.offsets[k]!).u32(section.type ?? SHT.PROGBITS).number(section.flags ?? 0, word).number(section.address ?? 0n, word);
    table.number(k === 0 ? 0 : (section.claims?.offset ?? offsets[k]!), word).number(size, word);
    table.u32(first ? sections.length - 1 : indexOf(section.link ?? 0)).u32(indexOf(section.info ?? 0));
    table.number(section.alignment ?? 1, word).number(section.entrySize ?? 0, word);
  }
  return new ByteWriter().raw(header.bytes).raw(body.bytes).raw(table.bytes).bytes;
}

/** The contents of an SHF_COMPRESSED section (0x800): a header of the class, then zlib data. `size` is what the header claims. */
export function compressed(bytes: Uint8Array, { wide = true, little = true, size = BigInt(bytes.length), type = 1, packed = new Uint8Array(deflateSync(bytes)) }: { wide?: boolean; little?: boolean; size?: bigint; type?: number; packed?: Uint8Array } = {}): Uint8Array {
  const writer = new ByteWriter(little).u32(type);
  if (wide) writer.u32(0).u64(size).u64(1);
  else writer.u32(size).u32(1);
  return writer.raw(packed).bytes;
}

/** A note section with a GNU build id. */
export function buildIdNote(id: string, little = true): Uint8Array {
  const bytes = Buffer.from(id, "hex");
  return new ByteWriter(little).u32(4).u32(bytes.length).u32(3).text("GNU").raw(bytes).align(4).bytes;
}

/** `.gnu_debuglink`: a name and the CRC-32 of the file it names. */
export function debugLinkSection(name: string, crc: number, little = true): Uint8Array {
  return new ByteWriter(little).text(name).align(4).u32(crc).bytes;
}

/** `.modinfo` of `key=value` texts. */
export function modinfoSection(entries: readonly string[]): Uint8Array {
  const writer = new ByteWriter();
  for (const entry of entries) writer.text(entry);
  return writer.bytes;
}
