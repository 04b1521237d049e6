import * as dw from "../../src/dwarf/constants.ts";
import { ByteWriter } from "./bytewriter.ts";
import type { WrittenSection } from "./elfwriter.ts";

/**
 * Writes debugging information entry by entry (DWARF 2 to 5), so that every form can be had, and every wrong one. What a compiler would do by itself is
 * done by itself: abbreviations, string and address tables, references.
 */
export type AttributeValue = number | bigint | string | Uint8Array | Die | undefined;
/** Name, form, value: a text for every form of string, an address for addrx, an entry for references; with DW_FORM_indirect `[name, indirect, value, form]`. */
export type Attribute = [name: number, form: number, value?: AttributeValue, inner?: number];
/** An entry. Without `children` it has none; an empty list is one that ends at once. Attributes may be added until the unit is written. */
export type Die = { readonly tag: number; readonly attributes: Attribute[]; readonly children?: readonly Die[] };

export const die = (tag: number, attributes: Attribute[], children?: readonly Die[]): Die => (children ? { tag, attributes, children } : { tag, attributes });

export type UnitLayout = {
  readonly version?: 2 | 3 | 4 | 5;
  /** 4 for the 32-bit format, 8 for the 64-bit one. */
  readonly offsetSize?: 4 | 8;
  readonly address?: 4 | 8;
  /** DW_UT_*, of version 5. */
  readonly unitType?: number;
  /** Whether .debug_aranges lists these ranges. */
  readonly aranges?: readonly (readonly [low: bigint, high: bigint])[];
  /** What the header claims instead of the truth. */
  readonly claims?: { readonly length?: number | bigint; readonly version?: number; readonly abbreviations?: number; readonly address?: number };
};

export type LineOperation =
  | readonly ["address", bigint]
  | readonly ["advance" | "line" | "file" | "column" | "discriminator" | "fixed" | "special" | "isa", number]
  | readonly ["copy" | "end" | "constant" | "negate" | "block" | "prologue" | "epilogue"]
  | readonly ["define", string, number]
  | readonly ["raw", ...number[]];

export type LineLayout = {
  readonly version?: 2 | 3 | 4 | 5;
  readonly offsetSize?: 4 | 8;
  readonly address?: 4 | 8;
  readonly minimumLength?: number;
  readonly operationsPerInstruction?: number;
  readonly lineBase?: number;
  readonly lineRange?: number;
  readonly opcodeBase?: number;
  readonly directories?: readonly string[];
  readonly files: readonly { readonly name: string; readonly directory: number }[];
  /** Form of the names in version 5. */
  readonly form?: number;
  readonly claims?: { readonly length?: number | bigint; readonly headerLength?: number; readonly version?: number; readonly fileCount?: number };
};

/** An entry of .debug_rnglists, by its name in the standard. */
export type RangeEntry =
  | readonly ["end_of_list"]
  | readonly ["base_addressx", bigint]
  | readonly ["startx_endx", bigint, bigint]
  | readonly ["startx_length", bigint, number]
  | readonly ["offset_pair", number, number]
  | readonly ["base_address", bigint]
  | readonly ["start_end", bigint, bigint]
  | readonly ["start_length", bigint, number];

const rangeKinds = ["end_of_list", "base_addressx", "startx_endx", "startx_length", "offset_pair", "base_address", "start_end", "start_length"] as const;

type Fixup = { readonly at: number; readonly form: number; readonly target: Die; readonly unit: number; readonly size: number };

export class DwarfWriter {
  readonly little: boolean;
  readonly #info: ByteWriter;
  readonly #abbrev: ByteWriter;
  readonly #line: ByteWriter;
  readonly #str: ByteWriter;
  readonly #lineStr: ByteWriter;
  readonly #strOffsets: ByteWriter;
  readonly #addr: ByteWriter;
  readonly #ranges: ByteWriter;
  readonly #rnglists: ByteWriter;
  readonly #aranges: ByteWriter;
  readonly #texts = new Map<string, number>();
  readonly #lineTexts = new Map<string, number>();
  readonly #indexedTexts = new Map<string, number>();
  readonly #indexedAddresses = new Map<bigint, number>();
  readonly #places = new Map<Die, number>();
  readonly #fixups: Fixup[] = [];
  readonly #address: 4 | 8;
  readonly #offsetSize: 4 | 8;

  /** `address` and `offsetSize` are those of the tables that units share. */
  constructor({ little = true, address = 8, offsetSize = 4 }: { little?: boolean; address?: 4 | 8; offsetSize?: 4 | 8 } = {}) {
    this.little = little;
    this.#address = address;
    this.#offsetSize = offsetSize;
    const writer = () => new ByteWriter(little);
    [this.#info, this.#abbrev, this.#line, this.#str, this.#lineStr] = [writer(), writer(), writer(), writer(), writer()];
    [this.#strOffsets, this.#addr, this.#ranges, this.#rnglists, this.#aranges] = [writer(), writer(), writer(), writer(), writer()];
    this.#tableHeader(this.#strOffsets).u16(5).u16(0);
    this.#tableHeader(this.#addr).u16(5).u8(address).u8(0);
    this.#tableHeader(this.#rnglists).u16(5).u8(address).u8(0);
  }

  /** Where the tables' entries begin: DW_AT_str_offsets_base, DW_AT_addr_base. */
  get tableBase(): number {
    return this.#offsetSize === 8 ? 16 : 8;
  }

  #tableHeader(writer: ByteWriter): ByteWriter {
    if (this.#offsetSize === 8) writer.u32(0xffff_ffff);
    return writer.number(0, this.#offsetSize);
  }

  str(text: string): number {
    return intern(this.#str, this.#texts, text);
  }

  lineStr(text: string): number {
    return intern(this.#lineStr, this.#lineTexts, text);
  }

  strIndex(text: string): number {
    const known = this.#indexedTexts.get(text);
    if (known !== undefined) return known;
    this.#strOffsets.number(this.str(text), this.#offsetSize);
    this.#indexedTexts.set(text, this.#indexedTexts.size);
    return this.#indexedTexts.size - 1;
  }

  addressIndex(address: bigint): number {
    const known = this.#indexedAddresses.get(address);
    if (known !== undefined) return known;
    this.#addr.number(address, this.#address);
    this.#indexedAddresses.set(address, this.#indexedAddresses.size);
    return this.#indexedAddresses.size - 1;
  }

  /** A list of .debug_ranges as it stands: pairs, `[all ones, base]` for a new base, without the pair of zeros that ends it, which is added. */
  ranges(pairs: readonly (readonly [bigint, bigint])[], ends = true): number {
    const at = this.#ranges.length;
    for (const [low, high] of pairs) this.#ranges.number(low, this.#address).number(high, this.#address);
    if (ends) this.#ranges.number(0, this.#address).number(0, this.#address);
    return at;
  }

  /** A list of .debug_rnglists, without the entry that ends it, which is added unless it is there. */
  rnglist(entries: readonly RangeEntry[], ends = true): number {
    const at = this.#rnglists.length;
    const out = this.#rnglists;
    for (const entry of entries) {
      out.u8(rangeKinds.indexOf(entry[0]));
      switch (entry[0]) {
        case "end_of_list":
          break;
        case "base_addressx":
          out.uleb(this.addressIndex(entry[1]));
          break;
        case "startx_endx":
          out.uleb(this.addressIndex(entry[1])).uleb(this.addressIndex(entry[2]));
          break;
        case "startx_length":
          out.uleb(this.addressIndex(entry[1])).uleb(entry[2]);
          break;
        case "offset_pair":
          out.uleb(entry[1]).uleb(entry[2]);
          break;
        case "base_address":
          out.number(entry[1], this.#address);
          break;
        case "start_end":
          out.number(entry[1], this.#address).number(entry[2], this.#address);
          break;
        case "start_length":
          out.number(entry[1], this.#address).uleb(entry[2]);
      }
    }
    if (ends) out.u8(0);
    return at;
  }

  /** A table of offsets for DW_FORM_rnglistx, which comes before its lists: they are written here. Returns DW_AT_rnglists_base. */
  rnglistTable(lists: readonly (readonly RangeEntry[])[]): number {
    const base = this.#rnglists.length;
    this.#rnglists.raw(new Uint8Array(lists.length * this.#offsetSize));
    for (const [k, list] of lists.entries()) this.#rnglists.patch(base + k * this.#offsetSize, this.rnglist(list) - base, this.#offsetSize);
    return base;
  }

  /** Any bytes at the end of a section. Returns where they begin. */
  raw(section: "line" | "info" | "abbrev" | "rnglists" | "aranges", bytes: Iterable<number>): number {
    const writer = { line: this.#line, info: this.#info, abbrev: this.#abbrev, rnglists: this.#rnglists, aranges: this.#aranges }[section];
    const at = writer.length;
    writer.raw(bytes);
    return at;
  }

  lines(layout: LineLayout, operations: readonly LineOperation[]): number {
    const { version = 5, offsetSize = 4, address = this.#address, minimumLength = 1, operationsPerInstruction = 1, lineBase = -5, lineRange = 14, opcodeBase = 13, claims = {} } = layout;
    const start = this.#line.length;
    const tables = new ByteWriter(this.little).u8(minimumLength);
    if (version >= 4) tables.u8(operationsPerInstruction);
    tables.u8(1).u8(lineBase).u8(lineRange).u8(opcodeBase);
    const standard = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
    for (let opcode = 1; opcode < opcodeBase; opcode++) tables.u8(standard[opcode - 1] ?? 1);
    const { directories = [], files, form = dw.DW_FORM_string } = layout;
    if (version >= 5) {
      const name = (text: string) => {
        if (form === dw.DW_FORM_string) tables.text(text);
        else tables.number(form === dw.DW_FORM_strp ? this.str(text) : this.lineStr(text), offsetSize);
      };
      tables.u8(1).uleb(1).uleb(form).uleb(directories.length);
      for (const directory of directories) name(directory);
      tables.u8(3).uleb(1).uleb(form).uleb(2).uleb(dw.DW_FORM_udata).uleb(5).uleb(dw.DW_FORM_data16).uleb(claims.fileCount ?? files.length);
      for (const file of files) {
        name(file.name);
        tables.uleb(file.directory).raw(new Uint8Array(16).fill(0xab));
      }
    } else {
      for (const directory of directories) tables.text(directory);
      tables.u8(0);
      for (const file of files) tables.text(file.name).uleb(file.directory).uleb(77).uleb(88);
      tables.u8(0);
    }
    const program = this.#program(operations, address, opcodeBase);
    const body = new ByteWriter(this.little).u16(claims.version ?? version);
    if (version >= 5) body.u8(address).u8(0);
    body.number(claims.headerLength ?? tables.length, offsetSize).raw(tables.bytes).raw(program);
    if (offsetSize === 8) this.#line.u32(0xffff_ffff);
    this.#line.number(claims.length ?? body.length, offsetSize).raw(body.bytes);
    return start;
  }

  #program(operations: readonly LineOperation[], address: 4 | 8, opcodeBase: number): Uint8Array {
    const out = new ByteWriter(this.little);
    const marks = { copy: 1, negate: 6, block: 7, constant: 8, prologue: 10, epilogue: 11 } as const;
    for (const operation of operations) {
      switch (operation[0]) {
        case "address":
          out.u8(0).uleb(1 + address).u8(2).number(operation[1], address);
          break;
        case "end":
          out.u8(0).uleb(1).u8(1);
          break;
        case "define": {
          const body = new ByteWriter().text(operation[1]).uleb(operation[2]).uleb(0).uleb(0).bytes;
          out.u8(0).uleb(1 + body.length).u8(3).raw(body);
          break;
        }
        case "discriminator": {
          const body = new ByteWriter().uleb(operation[1]).bytes;
          out.u8(0).uleb(1 + body.length).u8(4).raw(body);
          break;
        }
        case "advance":
          out.u8(2).uleb(operation[1]);
          break;
        case "line":
          out.u8(3).sleb(operation[1]);
          break;
        case "file":
          out.u8(4).uleb(operation[1]);
          break;
        case "column":
          out.u8(5).uleb(operation[1]);
          break;
        case "fixed":
          out.u8(9).u16(operation[1]);
          break;
        case "isa":
          out.u8(12).uleb(operation[1]);
          break;
        case "special":
          out.u8(opcodeBase + operation[1]);
          break;
        case "raw":
          out.raw(operation.slice(1) as number[]);
          break;
        case "copy":
        case "negate":
        case "block":
        case "constant":
        case "prologue":
        case "epilogue":
          out.u8(marks[operation[0]]);
      }
    }
    return out.bytes;
  }

  /** A unit with its entries; returns its offset in .debug_info. */
  unit(root: Die, layout: UnitLayout = {}): number {
    const { version = 5, offsetSize = 4, address = this.#address, unitType = 1, claims = {} } = layout;
    const info = this.#info;
    const start = info.length;
    const abbreviations = claims.abbreviations ?? this.#abbrev.length;
    if (offsetSize === 8) info.u32(0xffff_ffff);
    const lengthAt = info.length;
    info.number(0, offsetSize).u16(claims.version ?? version);
    if (version >= 5) {
      info.u8(unitType).u8(claims.address ?? address).number(abbreviations, offsetSize);
      if (unitType === dw.DW_UT_skeleton || unitType === dw.DW_UT_split_compile) info.u64(0x1234);
      else if (unitType === dw.DW_UT_type || unitType === dw.DW_UT_split_type) info.u64(0x1234).number(0, offsetSize);
    } else info.number(abbreviations, offsetSize).u8(claims.address ?? address);
    const shapes = new Map<string, number>();
    this.#entry(root, { version, offsetSize, address, start, shapes });
    if (claims.abbreviations === undefined) this.#abbrev.u8(0);
    info.patch(lengthAt, claims.length ?? info.length - lengthAt - offsetSize, offsetSize);
    if (layout.aranges) this.#arangesOf(start, layout.aranges, address);
    return start;
  }

  #arangesOf(unit: number, ranges: readonly (readonly [bigint, bigint])[], address: 4 | 8): void {
    const body = new ByteWriter(this.little).u16(2).u32(unit).u8(address).u8(0);
    while ((4 + body.length) % (2 * address) !== 0) body.u8(0);
    for (const [low, high] of [...ranges, [0n, 0n] as const]) body.number(low, address).number(high - low, address);
    this.#aranges.u32(body.length).raw(body.bytes);
  }

  #entry(entry: Die, layout: { version: number; offsetSize: 4 | 8; address: 4 | 8; start: number; shapes: Map<string, number> }): void {
    const { shapes } = layout;
    const shape = JSON.stringify([entry.tag, entry.children !== undefined, entry.attributes.map(([name, form, value]) => [name, form, form === dw.DW_FORM_implicit_const ? String(value as number) : null])]);
    let code = shapes.get(shape);
    if (code === undefined) {
      shapes.set(shape, (code = shapes.size + 1));
      this.#abbrev.uleb(code).uleb(entry.tag).u8(entry.children ? 1 : 0);
      for (const [name, form, value] of entry.attributes) {
        this.#abbrev.uleb(name).uleb(form);
        if (form === dw.DW_FORM_implicit_const) this.#abbrev.sleb(value as number);
      }
      this.#abbrev.u8(0).u8(0);
    }
    this.#places.set(entry, this.#info.length);
    this.#info.uleb(code);
    for (const [, form, value, inner] of entry.attributes) this.#value(form, value, inner, layout);
    if (!entry.children) return;
    for (const child of entry.children) this.#entry(child, layout);
    this.#info.u8(0);
  }

  #value(form: number, value: AttributeValue, inner: number | undefined, layout: { version: number; offsetSize: 4 | 8; address: 4 | 8; start: number }): void {
    const info = this.#info;
    const reference = (size: number) => {
      if (typeof value === "object" && !(value instanceof Uint8Array)) {
        this.#fixups.push({ at: info.length, form, target: value, unit: layout.start, size });
        for (let k = 0; k < size; k++) info.u8(0);
      } else info.number(value as number, size);
    };
    const number = value as number | bigint;
    switch (form) {
      case dw.DW_FORM_indirect:
        info.uleb(inner!);
        return this.#value(inner!, value, undefined, layout);
      case dw.DW_FORM_addr:
        return void info.number(number, layout.address);
      case dw.DW_FORM_data1:
      case dw.DW_FORM_flag:
        return void info.number(number, 1);
      case dw.DW_FORM_data2:
        return void info.number(number, 2);
      case dw.DW_FORM_data4:
        return void info.number(number, 4);
      case dw.DW_FORM_data8:
      case dw.DW_FORM_ref_sig8:
        return void info.number(number, 8);
      case dw.DW_FORM_data16:
        return void info.raw(new Uint8Array(16));
      case dw.DW_FORM_udata:
      case dw.DW_FORM_rnglistx:
      case dw.DW_FORM_loclistx:
        return void info.uleb(number);
      case dw.DW_FORM_sdata:
        return void info.sleb(number);
      case dw.DW_FORM_sec_offset:
        return void info.number(number, layout.offsetSize);
      case dw.DW_FORM_string:
        return void info.text(value as string);
      case dw.DW_FORM_strp:
        return void info.number(this.str(value as string), layout.offsetSize);
      case dw.DW_FORM_line_strp:
        return void info.number(this.lineStr(value as string), layout.offsetSize);
      case dw.DW_FORM_strx:
        return void info.uleb(this.strIndex(value as string));
      case dw.DW_FORM_strx1:
        return void info.u8(this.strIndex(value as string));
      case dw.DW_FORM_strx2:
        return void info.u16(this.strIndex(value as string));
      case dw.DW_FORM_strx3:
        return void info.number(this.strIndex(value as string), 3);
      case dw.DW_FORM_strx4:
        return void info.u32(this.strIndex(value as string));
      case dw.DW_FORM_addrx:
      case dw.DW_FORM_GNU_addr_index:
        return void info.uleb(this.addressIndex(BigInt(number)));
      case dw.DW_FORM_addrx1:
        return void info.u8(this.addressIndex(BigInt(number)));
      case dw.DW_FORM_addrx2:
        return void info.u16(this.addressIndex(BigInt(number)));
      case dw.DW_FORM_addrx3:
        return void info.number(this.addressIndex(BigInt(number)), 3);
      case dw.DW_FORM_addrx4:
        return void info.u32(this.addressIndex(BigInt(number)));
      case dw.DW_FORM_ref1:
        return reference(1);
      case dw.DW_FORM_ref2:
        return reference(2);
      case dw.DW_FORM_ref4:
        return reference(4);
      case dw.DW_FORM_ref8:
        return reference(8);
      case dw.DW_FORM_ref_udata:
        return reference(5);
      case dw.DW_FORM_ref_addr:
        return reference(layout.version <= 2 ? layout.address : layout.offsetSize);
      case dw.DW_FORM_exprloc:
      case dw.DW_FORM_block:
        info.uleb((value as Uint8Array).length);
        return void info.raw(value as Uint8Array);
      case dw.DW_FORM_block1:
        info.u8((value as Uint8Array).length);
        return void info.raw(value as Uint8Array);
      case dw.DW_FORM_block2:
        info.u16((value as Uint8Array).length);
        return void info.raw(value as Uint8Array);
      case dw.DW_FORM_block4:
        info.u32((value as Uint8Array).length);
        return void info.raw(value as Uint8Array);
      case dw.DW_FORM_flag_present:
      case dw.DW_FORM_implicit_const:
        return;
      default:
        // A form that no reader knows, with the bytes that stand for it.
        info.raw((value as Uint8Array | undefined) ?? []);
    }
  }

  /** The sections that were written to. */
  sections(): WrittenSection[] {
    for (const { at, form, target, unit, size } of this.#fixups.splice(0)) {
      const place = this.#places.get(target);
      if (place === undefined) throw new Error("a reference to an entry that was not written");
      const value = form === dw.DW_FORM_ref_addr ? place : place - unit;
      if (form === dw.DW_FORM_ref_udata) this.#info.patchUleb(at, value, size);
      else this.#info.patch(at, value, size);
    }
    for (const [writer, least] of [[this.#strOffsets, this.tableBase], [this.#addr, this.tableBase], [this.#rnglists, this.tableBase]] as const) {
      if (writer.length > least) writer.patch(this.#offsetSize === 8 ? 4 : 0, writer.length - (this.#offsetSize === 8 ? 12 : 4), this.#offsetSize);
    }
    const all = [
      [".debug_info", this.#info, 0], [".debug_abbrev", this.#abbrev, 0], [".debug_line", this.#line, 0], [".debug_str", this.#str, 0], [".debug_line_str", this.#lineStr, 0],
      [".debug_str_offsets", this.#strOffsets, this.tableBase], [".debug_addr", this.#addr, this.tableBase], [".debug_ranges", this.#ranges, 0],
      [".debug_rnglists", this.#rnglists, this.tableBase], [".debug_aranges", this.#aranges, 0],
    ] as const;
    return all.filter(([, writer, least]) => writer.length > least).map(([name, writer]) => ({ name, bytes: writer.bytes }));
  }
}

function intern(writer: ByteWriter, known: Map<string, number>, text: string): number {
  let at = known.get(text);
  if (at === undefined) {
    at = writer.length;
    known.set(text, at);
    writer.text(text);
  }
  return at;
}
