import type { Cursor } from "../base/index.ts";
import { fixedSize, type Abbreviation, type AbbreviationTable, type FormSizes } from "./abbreviations.ts";
import * as dw from "./constants.ts";
import type { DebugSections } from "./sections.ts";

/** What the unit that holds an entry settles for reading it. */
export type EntryContext = {
  /** The cursor over the unit's bytes, at the entry. */
  readonly at: Cursor;
  readonly header: { readonly offset: number; readonly sizes: FormSizes };
  readonly sections: DebugSections;
  readonly strOffsetsBase: number;
  readonly addrBase: number;
  /** The image's base in two halves. */
  readonly baseHigh: number;
  readonly baseLow: number;
};

/**
 * What is needed of a debugging information entry. One object is filled again and again, so that walking a unit makes no garbage.
 * Absent: NaN for addresses, -1 for other numbers, null for texts.
 */
export type Entry = {
  tag: number;
  children: boolean;
  low: number;
  high: number;
  /** Offset of the range list in its section, or with `rangesIndexed` its index. */
  ranges: number;
  rangesIndexed: boolean;
  /** Position of the next sibling within the unit. */
  sibling: number;
  /** Offset in .debug_info of the abstract origin or the specification. */
  origin: number;
  name: string | null;
  linkageName: string | null;
  /** Where `name` stands, before it is read: form and value. */
  callFile: number;
  callLine: number;
  callColumn: number;
  discriminator: number;
  lines: number;
  language: number;
  directory: string | null;
  dwoName: string | null;
};

export function newEntry(): Entry {
  return {
    tag: 0, children: false, low: NaN, high: NaN, ranges: -1, rangesIndexed: false, sibling: -1, origin: -1, name: null, linkageName: null,
    callFile: -1, callLine: -1, callColumn: -1, discriminator: -1, lines: -1, language: -1, directory: null, dwoName: null,
  };
}

/**
 * Fills `entry` from the attributes at the unit's cursor, which ends behind them. Texts are read only `withNames` or for unit entries, since each may
 * cost a read of the file.
 */
export function readEntry(unit: EntryContext, abbreviation: Abbreviation, entry: Entry, withNames = abbreviation.tag === dw.DW_TAG_compile_unit || abbreviation.tag === dw.DW_TAG_skeleton_unit || abbreviation.tag === dw.DW_TAG_partial_unit): void {
  const { at, header } = unit;
  const { sizes } = header;
  const { attributes, constants, to } = abbreviation;
  entry.tag = abbreviation.tag;
  entry.children = abbreviation.children;
  entry.low = NaN;
  entry.high = NaN;
  entry.ranges = -1;
  entry.rangesIndexed = false;
  entry.sibling = -1;
  entry.origin = -1;
  entry.name = null;
  entry.linkageName = null;
  entry.callFile = -1;
  entry.callLine = -1;
  entry.callColumn = -1;
  entry.discriminator = -1;
  entry.lines = -1;
  entry.dwoName = null;
  let highIsSize = false;
  for (let k = abbreviation.from; k < to; k += 2) {
    const name = attributes[k]!;
    let form = attributes[k + 1]!;
    const constant = form === dw.DW_FORM_implicit_const ? constants.get(k)! : 0;
    if (form === dw.DW_FORM_indirect) form = at.uleb();
    switch (name) {
      case dw.DW_AT_sibling:
        entry.sibling = readReference(unit, form) - header.offset;
        break;
      case dw.DW_AT_low_pc:
        entry.low = readAddress(unit, form);
        break;
      case dw.DW_AT_high_pc:
        highIsSize = !isAddress(form);
        entry.high = highIsSize ? readNumber(at, form, constant, sizes) : readAddress(unit, form);
        break;
      case dw.DW_AT_ranges:
        entry.rangesIndexed = form === dw.DW_FORM_rnglistx;
        entry.ranges = readNumber(at, form, constant, sizes);
        break;
      case dw.DW_AT_abstract_origin:
      case dw.DW_AT_specification:
        entry.origin = readReference(unit, form);
        break;
      case dw.DW_AT_name:
        if (withNames) entry.name = readText(unit, form);
        else skipForm(at, form, sizes);
        break;
      case dw.DW_AT_linkage_name:
      case dw.DW_AT_MIPS_linkage_name:
        if (withNames) entry.linkageName = readText(unit, form);
        else skipForm(at, form, sizes);
        break;
      case dw.DW_AT_comp_dir:
        if (withNames) entry.directory = readText(unit, form);
        else skipForm(at, form, sizes);
        break;
      case dw.DW_AT_dwo_name:
      case dw.DW_AT_GNU_dwo_name:
        if (withNames) entry.dwoName = readText(unit, form);
        else skipForm(at, form, sizes);
        break;
      case dw.DW_AT_call_file:
        entry.callFile = readNumber(at, form, constant, sizes);
        break;
      case dw.DW_AT_call_line:
        entry.callLine = readNumber(at, form, constant, sizes);
        break;
      case dw.DW_AT_call_column:
        entry.callColumn = readNumber(at, form, constant, sizes);
        break;
      case dw.DW_AT_GNU_discriminator:
        entry.discriminator = readNumber(at, form, constant, sizes);
        break;
      case dw.DW_AT_stmt_list:
        entry.lines = readNumber(at, form, constant, sizes);
        break;
      case dw.DW_AT_language:
        entry.language = readNumber(at, form, constant, sizes);
        break;
      default:
        skipForm(at, form, sizes);
    }
  }
  if (highIsSize) entry.high += entry.low;
}

/** Passes over the attributes of an entry and returns the position of its sibling, or -1 where it has children but does not say. */
export function skipEntry(unit: EntryContext, abbreviation: Abbreviation): number {
  const { at } = unit;
  let sibling = -1;
  if (abbreviation.children && abbreviation.siblingAt >= 0) {
    const start = at.at;
    at.skip(abbreviation.siblingAt);
    sibling = at.u32();
    at.at = start;
  }
  if (sibling > at.at && sibling <= at.end) return sibling;
  if (abbreviation.size >= 0) at.skip(abbreviation.size);
  else {
    const { attributes, to } = abbreviation;
    const { sizes } = unit.header;
    for (let k = abbreviation.from + 1; k < to; k += 2) skipForm(at, attributes[k]!, sizes);
  }
  return abbreviation.children ? -1 : at.at;
}

/** Passes over all children of the entry whose attributes were just read, to its next sibling. */
export function skipChildren(unit: EntryContext & { readonly abbreviations: AbbreviationTable }): void {
  const { at, abbreviations } = unit;
  for (let depth = 1; depth > 0; ) {
    const code = at.uleb();
    if (code === 0) {
      depth--;
      continue;
    }
    const abbreviation = abbreviations.get(code);
    const next = skipEntry(unit, abbreviation);
    if (next >= 0) at.at = next;
    else depth++;
  }
}

const isAddress = (form: number): boolean =>
  form === dw.DW_FORM_addr || form === dw.DW_FORM_addrx || (form >= dw.DW_FORM_addrx1 && form <= dw.DW_FORM_addrx4) || form === dw.DW_FORM_GNU_addr_index;

/** An address as an image offset; NaN where the form is of another kind. */
export function readAddress(unit: EntryContext, form: number): number {
  const { at, header } = unit;
  if (!isAddress(form)) {
    skipForm(at, form, header.sizes);
    return NaN;
  }
  if (form === dw.DW_FORM_addr) return header.sizes.address === 8 ? at.u64From(unit.baseHigh, unit.baseLow) : at.u32() - unit.baseLow;
  const index =
    form === dw.DW_FORM_addrx1 ? at.u8() : form === dw.DW_FORM_addrx2 ? at.u16() : form === dw.DW_FORM_addrx3 ? at.u24() : form === dw.DW_FORM_addrx4 ? at.u32() : at.uleb();
  return indexedAddress(unit, index);
}

/** Entry `index` of the unit's part of .debug_addr. */
export function indexedAddress(unit: EntryContext, index: number): number {
  const { address } = unit.header.sizes;
  const table = unit.sections.kept("addr", unit.addrBase + index * address);
  return address === 8 ? table.u64From(unit.baseHigh, unit.baseLow) : table.u32() - unit.baseLow;
}

/** An offset in .debug_info. References into other files (alternate, supplementary, type units) give -1. */
export function readReference(unit: EntryContext, form: number): number {
  const { at, header } = unit;
  switch (form) {
    case dw.DW_FORM_ref4:
      return header.offset + at.u32();
    case dw.DW_FORM_ref1:
      return header.offset + at.u8();
    case dw.DW_FORM_ref2:
      return header.offset + at.u16();
    case dw.DW_FORM_ref8:
      return header.offset + at.u64();
    case dw.DW_FORM_ref_udata:
      return header.offset + at.uleb();
    case dw.DW_FORM_ref_addr:
      return fixedSize(form, header.sizes) === 8 ? at.u64() : at.u32();
    default:
      skipForm(at, form, header.sizes);
      return -1;
  }
}

export function readText(unit: EntryContext, form: number): string | null {
  const { at, header, sections } = unit;
  const wide = header.sizes.offset === 8;
  switch (form) {
    case dw.DW_FORM_string:
      return at.string();
    case dw.DW_FORM_strp:
      return sections.string("str", wide ? at.u64() : at.u32());
    case dw.DW_FORM_line_strp:
      return sections.string("line_str", wide ? at.u64() : at.u32());
    case dw.DW_FORM_strx:
    case dw.DW_FORM_GNU_str_index:
      return indexedText(unit, at.uleb());
    case dw.DW_FORM_strx1:
      return indexedText(unit, at.u8());
    case dw.DW_FORM_strx2:
      return indexedText(unit, at.u16());
    case dw.DW_FORM_strx3:
      return indexedText(unit, at.u24());
    case dw.DW_FORM_strx4:
      return indexedText(unit, at.u32());
    default:
      skipForm(at, form, header.sizes);
      return null;
  }
}

function indexedText(unit: EntryContext, index: number): string {
  const { offset } = unit.header.sizes;
  const table = unit.sections.kept("str_offsets", unit.strOffsetsBase + index * offset);
  return unit.sections.string("str", offset === 8 ? table.u64() : table.u32());
}

/** Constants and section offsets. */
function readNumber(at: Cursor, form: number, constant: number, sizes: FormSizes): number {
  switch (form) {
    case dw.DW_FORM_implicit_const:
      return constant;
    case dw.DW_FORM_data1:
    case dw.DW_FORM_flag:
      return at.u8();
    case dw.DW_FORM_data2:
      return at.u16();
    case dw.DW_FORM_data4:
      return at.u32();
    case dw.DW_FORM_data8:
      return at.u64From(0, 0);
    case dw.DW_FORM_udata:
    case dw.DW_FORM_rnglistx:
    case dw.DW_FORM_loclistx:
      return at.uleb();
    case dw.DW_FORM_sdata:
      return at.sleb();
    case dw.DW_FORM_sec_offset:
      return sizes.offset === 8 ? at.u64() : at.u32();
    default:
      skipForm(at, form, sizes);
      return -1;
  }
}

export function skipForm(at: Cursor, form: number, sizes: FormSizes): void {
  const size = fixedSize(form, sizes);
  if (size >= 0) return at.skip(size);
  switch (form) {
    case dw.DW_FORM_udata:
    case dw.DW_FORM_sdata:
    case dw.DW_FORM_ref_udata:
    case dw.DW_FORM_strx:
    case dw.DW_FORM_addrx:
    case dw.DW_FORM_loclistx:
    case dw.DW_FORM_rnglistx:
    case dw.DW_FORM_GNU_addr_index:
    case dw.DW_FORM_GNU_str_index:
      return at.skipLeb();
    case dw.DW_FORM_exprloc:
    case dw.DW_FORM_block:
      return at.skip(at.uleb());
    case dw.DW_FORM_string:
      return at.skipString();
    case dw.DW_FORM_block1:
      return at.skip(at.u8());
    case dw.DW_FORM_block2:
      return at.skip(at.u16());
    case dw.DW_FORM_block4:
      return at.skip(at.u32());
    case dw.DW_FORM_indirect: {
      const inner = at.uleb();
      if (inner === dw.DW_FORM_indirect) throw at.fail("a form that refers to itself");
      return skipForm(at, inner, sizes);
    }
    default:
      throw at.fail(`form 0x${form.toString(16)} is unknown`);
  }
}
