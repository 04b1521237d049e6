import { OopscopeError, lightened, type Cursor } from "../base/index.ts";
import { AbbreviationTable, type Abbreviation, type FormSizes } from "./abbreviations.ts";
import * as dw from "./constants.ts";
import { readEntry, newEntry, skipForm, type Entry } from "./entry.ts";
import type { Scratch } from "../elf/index.ts";
import type { DebugSections } from "./sections.ts";

/** The header of a unit in .debug_info (DWARF 5, 7.5.1; version 2 to 5). Offsets count from the section's start. */
export type UnitHeader = {
  readonly offset: number;
  readonly end: number;
  readonly version: number;
  readonly sizes: FormSizes;
  readonly abbreviations: number;
  /** Offset of the unit's first entry. */
  readonly first: number;
  /** DW_UT_*; compile (1) before version 5. */
  readonly type: number;
  /** What a skeleton and the unit in a file of its own know each other by; of version 4 it stands in the root entry. */
  readonly dwoId: bigint | null;
};

const largestUnit = 1 << 28;

/** Where the unit at `offset` ends, by its length alone. Throws `malformed` where that cannot be. */
export function unitEnd(sections: DebugSections, offset: number): number {
  return readLength(sections, sections.slice("info", offset, offset + 12), offset).end;
}

function readLength(sections: DebugSections, at: Cursor, offset: number): { end: number; offsetSize: number } {
  let length = at.u32();
  let offsetSize = 4;
  if (length === 0xffff_ffff) {
    length = at.u64();
    offsetSize = 8;
  } else if (length >= 0xffff_fff0) throw at.fail(`a unit of reserved length 0x${length.toString(16)}`, 0);
  const end = offset + at.at + length;
  if (end > sections.size("info")) throw at.fail(`a unit that ends at 0x${end.toString(16)}, past the section's end at 0x${sections.size("info").toString(16)}`, 0);
  return { end, offsetSize };
}

/** Reads the header at `from`. Throws `malformed` where there is none. */
export function readUnitHeader(sections: DebugSections, from: number): UnitHeader {
  // Offsets come out of arrays of doubles, and all positions in the unit are computed from them.
  const offset = lightened(from);
  const at = sections.slice("info", offset, offset + 40);
  const { end, offsetSize } = readLength(sections, at, offset);
  const version = at.u16();
  if (version < 2 || version > 5) throw new OopscopeError("unsupported", `${sections.elf.path}: .debug_info at offset 0x${offset.toString(16)}: DWARF version ${version}`, { file: sections.elf.path, offset });
  const readOffset = () => (offsetSize === 8 ? at.u64() : at.u32());
  let type = 1;
  let address: number;
  let abbreviations: number;
  let dwoId: bigint | null = null;
  if (version >= 5) {
    type = at.u8();
    address = at.u8();
    abbreviations = readOffset();
    if (type === dw.DW_UT_skeleton || type === dw.DW_UT_split_compile) dwoId = at.u64Big();
    else if (type === dw.DW_UT_type || type === dw.DW_UT_split_type) at.skip(8 + offsetSize);
  } else {
    abbreviations = readOffset();
    address = at.u8();
  }
  if (address !== 4 && address !== 8) throw at.fail(`addresses of ${address} bytes`);
  return { offset, end, version, sizes: { address, offset: offsetSize, version }, abbreviations, first: offset + at.at, type, dwoId };
}

/** A unit with its bytes. `at` is the one cursor over them; positions are offsets within the unit. */
export class Unit {
  readonly header: UnitHeader;
  readonly sections: DebugSections;
  readonly at: Cursor;
  readonly abbreviations: AbbreviationTable;
  readonly root: Entry;
  readonly name: string | null;
  readonly directory: string | null;
  readonly isC: boolean;
  readonly strOffsetsBase: number;
  readonly addrBase: number;
  readonly rnglistsBase: number;
  /** What DW_AT_ranges counts from, before version 5. */
  readonly rangesBase: number;
  /** The same of the unit that this one is a skeleton of. */
  readonly splitRangesBase: number;
  readonly dwoId: bigint | null;
  readonly baseHigh: number;
  readonly baseLow: number;
  /** Position of the root's first child. */
  readonly children: number;

  /** `whole` false reads no more than the root entry needs. `skeleton`: the unit that this one, in a file of its own, is the contents of. */
  constructor(sections: DebugSections, header: UnitHeader, whole = true, skeleton: Unit | null = null, scratch?: Scratch) {
    if (header.end - header.offset > largestUnit) throw new OopscopeError("over-budget", `${sections.elf.path}: a unit of ${header.end - header.offset} bytes, the limit is ${largestUnit}`, { file: sections.elf.path, offset: header.offset });
    this.sections = sections;
    this.header = header;
    sections.budget.spend(whole ? (header.end - header.offset) / 16 : 16);
    this.at = sections.slice("info", header.offset, whole ? header.end : Math.min(header.end, header.first + 1024), scratch);
    this.abbreviations = tableOf(sections, header);
    const { base } = sections;
    this.baseHigh = Number(base >> 32n);
    this.baseLow = Number(base & 0xffff_ffffn);

    // The bases stand in the root entry itself, maybe behind attributes that need them: two passes.
    const { at } = this;
    at.at = header.first - header.offset;
    const abbreviation = this.abbreviations.get(at.uleb());
    const bases = rootBases(this, abbreviation, at.at);
    const split = header.version >= 5 ? header.sizes.offset * 2 : 0;
    this.strOffsetsBase = bases.strOffsets ?? split;
    this.addrBase = skeleton?.addrBase ?? bases.addr ?? split;
    this.rnglistsBase = bases.rnglists ?? (header.version >= 5 ? header.sizes.offset * 2 + 4 : 0);
    this.dwoId = header.dwoId ?? bases.dwoId ?? null;
    this.root = newEntry();
    readEntry(this, abbreviation, this.root);
    // A skeleton's own ranges are where they say; those of what it stands for count from the base it names.
    this.rangesBase = skeleton ? skeleton.splitRangesBase : 0;
    this.splitRangesBase = bases.ranges ?? 0;
    if (skeleton) {
      this.root.low = skeleton.root.low;
      this.root.lines = skeleton.root.lines;
    }
    this.children = abbreviation.children ? at.at : header.end - header.offset;
    this.name = this.root.name;
    this.directory = this.root.directory ?? skeleton?.directory ?? null;
    // C89, C, C99, C11, C17 and assembly: no functions within types.
    this.isC = [0x01, 0x02, 0x0c, 0x1d, 0x2c, 0x31, 0x8001].includes(this.root.language);
  }
}

/** Tables are shared by units where the linker merged them, and kept for the last few. */
const tables = new WeakMap<DebugSections, Map<number, AbbreviationTable>>();

function tableOf(sections: DebugSections, header: UnitHeader): AbbreviationTable {
  let known = tables.get(sections);
  if (!known) tables.set(sections, (known = new Map<number, AbbreviationTable>()));
  const key = header.abbreviations * 64 + header.sizes.version * 8 + (header.sizes.offset === 8 ? 4 : 0) + (header.sizes.address === 8 ? 1 : 0);
  let table = known.get(key);
  if (!table) {
    table = new AbbreviationTable(sections, header.abbreviations, header.sizes);
    if (known.size > 64) known.clear();
    known.set(key, table);
  }
  return table;
}

type RootBases = { strOffsets?: number; addr?: number; rnglists?: number; ranges?: number; dwoId?: bigint };

function rootBases(unit: Unit, { attributes, from, to }: Abbreviation, start: number): RootBases {
  const { at } = unit;
  const bases: RootBases = {};
  for (let k = from; k < to; k += 2) {
    const name = attributes[k]!;
    const form = attributes[k + 1]!;
    const key = baseAttributes[name];
    if (key !== undefined && (form === dw.DW_FORM_sec_offset || form === dw.DW_FORM_data4)) bases[key] = form !== dw.DW_FORM_data4 && unit.header.sizes.offset === 8 ? at.u64() : at.u32();
    else if (name === dw.DW_AT_GNU_dwo_id && form === dw.DW_FORM_data8) bases.dwoId = at.u64Big();
    else skipForm(at, form, unit.header.sizes);
  }
  at.at = start;
  return bases;
}

const baseAttributes: Readonly<Record<number, "strOffsets" | "addr" | "rnglists" | "ranges">> = {
  [dw.DW_AT_str_offsets_base]: "strOffsets", [dw.DW_AT_addr_base]: "addr", [dw.DW_AT_rnglists_base]: "rnglists", [dw.DW_AT_GNU_addr_base]: "addr", [dw.DW_AT_GNU_ranges_base]: "ranges",
};
