import { OopscopeError, type Cursor } from "../base/index.ts";
import * as dw from "./constants.ts";
import type { DebugSections } from "./sections.ts";

/** The shape that many entries share (DWARF 5, 7.5.3): a tag, and for each attribute its name and form. */
export type Abbreviation = {
  readonly tag: number;
  readonly children: boolean;
  /** Names and forms by turns; what is of this abbreviation is in `[from, to)`. */
  readonly attributes: Uint16Array;
  readonly from: number;
  readonly to: number;
  /** Values of DW_FORM_implicit_const by the places of their names in `attributes`. */
  readonly constants: ReadonlyMap<number, number>;
  /** Bytes of the attributes where every form has a fixed size, else -1. */
  readonly size: number;
  /** Bytes before a DW_AT_sibling of form ref4, where that is fixed, else -1. */
  readonly siblingAt: number;
  /** Whether the entries say where they have code. */
  readonly hasCode: boolean;
};

/** Sizes in bytes that a unit settles for its forms. */
export type FormSizes = { readonly address: number; readonly offset: number; readonly version: number };

const mostAttributes = 1024;
const mostAbbreviations = 1 << 20;
const mostNumbers = 1 << 19;
/** Larger names and forms are nobody's. */
const largestNumber = 0xffff;
const firstWindow = 1 << 14;

/** One table of .debug_abbrev, read as far as its codes are asked for. */
export class AbbreviationTable {
  readonly #sections: DebugSections;
  /** Bytes of the forms below 64, -1 where they depend on the value. */
  readonly #widths: Int8Array;
  /** Those of small codes, as compilers number them, directly. */
  readonly byCode: (Abbreviation | undefined)[] = [];
  #attributes = new Uint16Array(1 << 11);
  #used = 0;
  readonly #constants = new Map<number, number>();
  readonly #sparse = new Map<number, Abbreviation>();
  #at: Cursor;
  #window = firstWindow;
  #complete = false;
  #read = 0;

  constructor(sections: DebugSections, offset: number, sizes: FormSizes) {
    this.#sections = sections;
    this.#widths = Int8Array.from({ length: 0x40 }, (_, form) => fixedSize(form, sizes));
    this.#at = sections.slice("abbrev", offset, offset + this.#window);
  }

  get(code: number): Abbreviation {
    const known = this.byCode[code];
    if (known !== undefined) return known;
    return this.#search(code);
  }

  #search(code: number): Abbreviation {
    const sparse = this.#sparse.get(code);
    if (sparse) return sparse;
    let abbreviation: Abbreviation;
    while (!this.#complete) {
      const from = this.#at.at;
      let read: number;
      try {
        read = this.#at.uleb();
        if (read === 0) {
          this.#complete = true;
          break;
        }
        abbreviation = this.#declaration();
      } catch (error) {
        if (!(error instanceof OopscopeError) || !this.#grow(from)) throw error;
        continue;
      }
      this.#sections.budget.spend(1);
      if (++this.#read > mostAbbreviations || this.#used > mostNumbers) throw this.#at.fail("a table of too many abbreviations");
      if (read < 4096) this.byCode[read] ??= abbreviation;
      else this.#sparse.set(read, abbreviation);
      if (read === code) return abbreviation;
    }
    throw this.#at.fail(`no abbreviation has the code ${code}`);
  }

  /** The window may have cut a declaration in two: reads a larger one from the declaration on. False if it reached the section's end. */
  #grow(from: number): boolean {
    const { origin, bytes } = this.#at;
    const start = origin.start + from;
    if (origin.start + bytes.length >= this.#sections.size("abbrev")) return false;
    this.#window *= 4;
    this.#at = this.#sections.slice("abbrev", start, start + this.#window);
    return true;
  }

  /** What stands behind a code. */
  #declaration(): Abbreviation {
    const at = this.#at;
    const { bytes, end } = at;
    const widths = this.#widths;
    const tag = at.uleb();
    const children = at.u8() !== 0;
    const from = this.#used;
    let to = from;
    let size = 0;
    let siblingAt = -1;
    let hasCode = false;
    for (;;) {
      let name: number;
      let form: number;
      // Nearly all are one byte each.
      const position = at.at;
      if (position + 1 < end && bytes[position]! < 0x80 && bytes[position + 1]! < 0x80) {
        name = bytes[position]!;
        form = bytes[position + 1]!;
        at.at = position + 2;
      } else {
        name = Math.min(at.uleb(), largestNumber);
        form = Math.min(at.uleb(), largestNumber);
      }
      if (form === dw.DW_FORM_implicit_const) this.#constants.set(to, at.sleb());
      if (name === 0 && form === 0) break;
      if (to - from >= mostAttributes * 2) throw at.fail(`an abbreviation of more than ${mostAttributes} attributes`);
      if (name === dw.DW_AT_sibling && form === dw.DW_FORM_ref4) siblingAt = size;
      if (name === dw.DW_AT_low_pc || name === dw.DW_AT_high_pc || name === dw.DW_AT_ranges) hasCode = true;
      if (to === this.#attributes.length) {
        const larger = new Uint16Array(to * 2);
        larger.set(this.#attributes);
        this.#attributes = larger;
      }
      this.#attributes[to] = name;
      this.#attributes[to + 1] = form;
      to += 2;
      if (size >= 0) {
        const width = widths[form] ?? -1;
        size = width < 0 ? -1 : size + width;
      }
    }
    this.#used = to;
    return { tag, children, attributes: this.#attributes, from, to, constants: this.#constants, size, siblingAt, hasCode };
  }
}

/** Bytes of a form (DWARF 5, 7.5.6), -1 where they depend on the value. */
export function fixedSize(form: number, sizes: FormSizes): number {
  switch (form) {
    case dw.DW_FORM_flag_present:
    case dw.DW_FORM_implicit_const:
      return 0;
    case dw.DW_FORM_data1:
    case dw.DW_FORM_ref1:
    case dw.DW_FORM_flag:
    case dw.DW_FORM_strx1:
    case dw.DW_FORM_addrx1:
      return 1;
    case dw.DW_FORM_data2:
    case dw.DW_FORM_ref2:
    case dw.DW_FORM_strx2:
    case dw.DW_FORM_addrx2:
      return 2;
    case dw.DW_FORM_strx3:
    case dw.DW_FORM_addrx3:
      return 3;
    case dw.DW_FORM_data4:
    case dw.DW_FORM_ref4:
    case dw.DW_FORM_ref_sup4:
    case dw.DW_FORM_strx4:
    case dw.DW_FORM_addrx4:
      return 4;
    case dw.DW_FORM_data8:
    case dw.DW_FORM_ref8:
    case dw.DW_FORM_ref_sig8:
    case dw.DW_FORM_ref_sup8:
      return 8;
    case dw.DW_FORM_data16:
      return 16;
    case dw.DW_FORM_addr:
      return sizes.address;
    case dw.DW_FORM_ref_addr:
      return sizes.version <= 2 ? sizes.address : sizes.offset;
    case dw.DW_FORM_strp:
    case dw.DW_FORM_line_strp:
    case dw.DW_FORM_sec_offset:
    case dw.DW_FORM_strp_sup:
    case dw.DW_FORM_GNU_ref_alt:
    case dw.DW_FORM_GNU_strp_alt:
      return sizes.offset;
    default:
      return -1;
  }
}
