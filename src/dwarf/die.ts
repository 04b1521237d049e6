import * as dw from "./constants.ts";
import { readAddress, readReference, readText, skipChildren, skipForm, type EntryContext } from "./entry.ts";
import type { Unit } from "./unit.ts";

/** An attribute's value by the class of its form (DWARF 5, 7.5.5). Texts are read when they are asked for: each may cost a read of the file. */
export type AttributeValue =
  | { readonly kind: "address"; readonly offset: number }
  | { readonly kind: "constant"; readonly value: bigint }
  | { readonly kind: "reference"; /** In .debug_info; -1 where it leads out of the file. */ readonly offset: number }
  /** An offset in another section, or with `indexed` an index into a table of offsets. */
  | { readonly kind: "list"; readonly offset: number; readonly indexed: boolean }
  | { readonly kind: "block"; readonly bytes: Uint8Array; /** Where the bytes begin, in .debug_info. */ readonly start: number }
  | { readonly kind: "text"; readonly at: number; readonly form: number };

/** A debugging information entry with all its attributes: for the few that variables and types need. The walk over functions has its own, `readEntry`. */
export type Die = {
  readonly unit: Unit;
  /** In .debug_info. */
  readonly offset: number;
  readonly tag: number;
  readonly hasChildren: boolean;
  /** Position within the unit of what follows the attributes. */
  readonly end: number;
  readonly attributes: ReadonlyMap<number, AttributeValue>;
};

/** Reads the entry at an offset of .debug_info within `unit`; null for the end of a list of children. */
export function readDie(unit: Unit, offset: number): Die | null {
  const { at, header } = unit;
  unit.sections.budget.spend(1);
  at.at = offset - header.offset;
  const code = at.uleb();
  if (code === 0) return null;
  const { tag, children, attributes: declared, constants, from, to } = unit.abbreviations.get(code);
  const attributes = new Map<number, AttributeValue>();
  for (let k = from; k < to; k += 2) {
    let form = declared[k + 1]!;
    if (form === dw.DW_FORM_indirect) form = at.uleb();
    const value = readValue(unit, form, constants.get(k) ?? 0);
    if (value) attributes.set(declared[k]!, value);
  }
  return { unit, offset, tag, hasChildren: children, end: at.at, attributes };
}

function readValue(unit: Unit, form: number, constant: number): AttributeValue | null {
  const { at, header } = unit;
  const wide = header.sizes.offset === 8;
  const fixed = (value: bigint | number): AttributeValue => ({ kind: "constant", value: BigInt(value) });
  const block = (size: number): AttributeValue => {
    const from = at.at;
    at.skip(size);
    return { kind: "block", bytes: at.bytes.subarray(from, from + size), start: header.offset + from };
  };
  switch (form) {
    case dw.DW_FORM_addr:
    case dw.DW_FORM_addrx:
    case dw.DW_FORM_addrx1:
    case dw.DW_FORM_addrx2:
    case dw.DW_FORM_addrx3:
    case dw.DW_FORM_addrx4:
    case dw.DW_FORM_GNU_addr_index:
      return { kind: "address", offset: readAddress(unit, form) };
    case dw.DW_FORM_flag_present:
      return fixed(1);
    case dw.DW_FORM_implicit_const:
      return fixed(constant);
    case dw.DW_FORM_flag:
    case dw.DW_FORM_data1:
      return fixed(at.u8());
    case dw.DW_FORM_data2:
      return fixed(at.u16());
    case dw.DW_FORM_data4: {
      const value = at.u32();
      // Before version 4 offsets of lists came as data4.
      return header.version < 4 ? { kind: "list", offset: value, indexed: false } : fixed(value);
    }
    case dw.DW_FORM_data8:
      return fixed(at.u64Big());
    case dw.DW_FORM_data16:
      return block(16);
    case dw.DW_FORM_udata:
      return fixed(at.uleb());
    case dw.DW_FORM_sdata:
      return fixed(at.sleb());
    case dw.DW_FORM_sec_offset:
      return { kind: "list", offset: wide ? at.u64() : at.u32(), indexed: false };
    case dw.DW_FORM_loclistx:
    case dw.DW_FORM_rnglistx:
      return { kind: "list", offset: at.uleb(), indexed: true };
    case dw.DW_FORM_exprloc:
    case dw.DW_FORM_block:
      return block(at.uleb());
    case dw.DW_FORM_block1:
      return block(at.u8());
    case dw.DW_FORM_block2:
      return block(at.u16());
    case dw.DW_FORM_block4:
      return block(at.u32());
    case dw.DW_FORM_ref1:
    case dw.DW_FORM_ref2:
    case dw.DW_FORM_ref4:
    case dw.DW_FORM_ref8:
    case dw.DW_FORM_ref_udata:
    case dw.DW_FORM_ref_addr:
      return { kind: "reference", offset: readReference(unit, form) };
    case dw.DW_FORM_string:
    case dw.DW_FORM_strp:
    case dw.DW_FORM_line_strp:
    case dw.DW_FORM_strx:
    case dw.DW_FORM_strx1:
    case dw.DW_FORM_strx2:
    case dw.DW_FORM_strx3:
    case dw.DW_FORM_strx4:
    case dw.DW_FORM_GNU_str_index: {
      const from = at.at;
      skipForm(at, form, header.sizes);
      return { kind: "text", at: from, form };
    }
    default:
      skipForm(at, form, header.sizes);
      return null;
  }
}

/** The children of an entry, in order. The unit's cursor may be moved between them. */
export function* childrenOf(die: Die): Generator<Die> {
  if (!die.hasChildren) return;
  const { unit } = die;
  for (let position = die.end; position < unit.header.end - unit.header.offset; ) {
    const child = readDie(unit, unit.header.offset + position);
    if (!child) return;
    // Where the next one begins must be known before the caller moves the cursor; it may be far, so it is sought only when it is asked for.
    yield child;
    position = endOf(child);
  }
}

/** Position within the unit of what follows an entry and all its children. */
function endOf(die: Die): number {
  if (!die.hasChildren) return die.end;
  const { unit } = die;
  const sibling = die.attributes.get(dw.DW_AT_sibling);
  if (sibling?.kind === "reference") {
    const position = sibling.offset - unit.header.offset;
    if (position > die.end && position <= unit.header.end - unit.header.offset) return position;
  }
  unit.at.at = die.end;
  skipChildren(unit satisfies EntryContext);
  unit.sections.budget.spend((unit.at.at - die.end) / 16);
  return unit.at.at;
}

export function textOf(die: Die, attribute: number): string | null {
  const value = die.attributes.get(attribute);
  if (value?.kind !== "text") return null;
  die.unit.at.at = value.at;
  return readText(die.unit, value.form);
}

/** A constant as a number; null where it is absent, of another kind, or beyond 2^53. */
export function numberOf(die: Die, attribute: number): number | null {
  const value = die.attributes.get(attribute);
  if (value?.kind === "list" && !value.indexed) return value.offset; // data4 of version 3
  if (value?.kind !== "constant") return null;
  const number = Number(value.value);
  return Number.isSafeInteger(number) ? number : null;
}

export function referenceOf(die: Die, attribute: number): number | null {
  const value = die.attributes.get(attribute);
  return value?.kind === "reference" && value.offset >= 0 ? value.offset : null;
}
