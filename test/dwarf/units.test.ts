import { describe, expect, test } from "vitest";
import * as dw from "../../src/dwarf/constants.ts";
import { DwarfWriter, die, type Attribute, type Die } from "../support/dwarfwriter.ts";
import { kernelBase, linkedFile, lookedUp } from "../support/places.ts";

const at = (offset: number) => kernelBase + BigInt(offset);
const every = [0x0f, 0x10, 0x1f, 0x20, 0x27, 0x28, 0x2f, 0x30, 0x3f, 0x40, 0x5f, 0x60, 0x7f, 0x80];
const C = 0x0c;

/** Forms that a version (and a style of compiler) writes things in. */
type Style = { readonly text: number; readonly address: number; readonly high: number; readonly reference: number; readonly offset: number; readonly line: number };
const styles = {
  plain: { text: dw.DW_FORM_string, address: dw.DW_FORM_addr, high: dw.DW_FORM_addr, reference: dw.DW_FORM_ref4, offset: dw.DW_FORM_data4, line: dw.DW_FORM_data1 },
  gcc: { text: dw.DW_FORM_strp, address: dw.DW_FORM_addr, high: dw.DW_FORM_data8, reference: dw.DW_FORM_ref4, offset: dw.DW_FORM_sec_offset, line: dw.DW_FORM_data2 },
  clang: { text: dw.DW_FORM_strx1, address: dw.DW_FORM_addrx, high: dw.DW_FORM_data4, reference: dw.DW_FORM_ref_udata, offset: dw.DW_FORM_sec_offset, line: dw.DW_FORM_udata },
  wide: { text: dw.DW_FORM_strx4, address: dw.DW_FORM_addrx4, high: dw.DW_FORM_udata, reference: dw.DW_FORM_ref8, offset: dw.DW_FORM_sec_offset, line: dw.DW_FORM_data4 },
  odd: { text: dw.DW_FORM_strx3, address: dw.DW_FORM_addrx3, high: dw.DW_FORM_addrx2, reference: dw.DW_FORM_ref2, offset: dw.DW_FORM_sec_offset, line: dw.DW_FORM_sdata },
  small: { text: dw.DW_FORM_strx2, address: dw.DW_FORM_addrx1, high: dw.DW_FORM_addrx1, reference: dw.DW_FORM_ref_addr, offset: dw.DW_FORM_sec_offset, line: dw.DW_FORM_implicit_const },
  indexed: { text: dw.DW_FORM_strx, address: dw.DW_FORM_addrx, high: dw.DW_FORM_data2, reference: dw.DW_FORM_ref_addr, offset: dw.DW_FORM_sec_offset, line: dw.DW_FORM_data8 },
} satisfies Record<string, Style>;

const high = (style: Style, low: number, end: number): Attribute => {
  const isAddress = style.high === dw.DW_FORM_addr || style.high >= dw.DW_FORM_addrx1;
  return [dw.DW_AT_high_pc, style.high, isAddress ? at(end) : end - low];
};
const range = (style: Style, low: number, end: number): Attribute[] => [[dw.DW_AT_low_pc, style.address, at(low)], high(style, low, end)];

/** `outer` [0x10,0x60) with `middle` [0x20,0x40) inlined and in that `inner` [0x28,0x30); `other` [0x60,0x80). */
function unitOf(dwarf: DwarfWriter, style: Style, layout: { version: 2 | 3 | 4 | 5; offsetSize?: 4 | 8; address?: 4 | 8 }): Die {
  const file = layout.version >= 5 ? 0 : 1;
  const lines = dwarf.lines(
    { ...layout, directories: layout.version >= 5 ? ["/src"] : [], files: [{ name: "a.c", directory: 0 }] },
    [["address", at(0x10)], ...(layout.version >= 5 ? [["file", 0] as const] : []), ["line", 9], ["column", 1], ["copy"], ["advance", 0x10], ["line", 10], ["column", 2], ["copy"],
      ["advance", 8], ["line", 10], ["column", 3], ["discriminator", 7], ["copy"], ["advance", 8], ["line", -9], ["copy"], ["advance", 0x10], ["line", -10], ["copy"],
      ["advance", 0x20], ["line", 39], ["copy"], ["advance", 0x20], ["end"]],
  );
  const name = (text: string): Attribute => [dw.DW_AT_name, style.text, text];
  const call = (line: number): Attribute[] => [[dw.DW_AT_call_file, dw.DW_FORM_data1, file], [dw.DW_AT_call_line, style.line, line], [dw.DW_AT_call_column, dw.DW_FORM_data1, line + 1]];
  const inner = die(dw.DW_TAG_subprogram, [name("inner"), [0x20, dw.DW_FORM_data1, 3]]);
  const middle = die(dw.DW_TAG_subprogram, [name("middle"), [0x20, dw.DW_FORM_data1, 3]], [die(0x05, [name("argument")])]);
  const outer = die(dw.DW_TAG_subprogram, [name("outer"), ...range(style, 0x10, 0x60)], [
    die(0x34, [name("variable"), [0x02, layout.version >= 4 ? dw.DW_FORM_exprloc : dw.DW_FORM_block1, Uint8Array.of(0x91, 0x40)]]),
    die(dw.DW_TAG_inlined_subroutine, [[dw.DW_AT_abstract_origin, style.reference, middle], ...range(style, 0x20, 0x40), ...call(15)], [
      die(0x05, []),
      die(dw.DW_TAG_inlined_subroutine, [[dw.DW_AT_abstract_origin, style.reference, inner], ...range(style, 0x28, 0x30), ...call(23)]),
    ]),
  ]);
  const other = die(dw.DW_TAG_subprogram, [name("other"), ...range(style, 0x60, 0x80)]);
  const bases: Attribute[] = layout.version >= 5 ? [[dw.DW_AT_str_offsets_base, dw.DW_FORM_sec_offset, dwarf.tableBase], [dw.DW_AT_addr_base, dw.DW_FORM_sec_offset, dwarf.tableBase]] : [];
  // The names come before the bases that they need, as clang writes them.
  return die(dw.DW_TAG_compile_unit, [name("a.c"), [dw.DW_AT_comp_dir, style.text, "/src"], [dw.DW_AT_language, dw.DW_FORM_data1, C], [dw.DW_AT_stmt_list, style.offset, lines], ...bases, ...range(style, 0x10, 0x80)], [middle, inner, outer, other]);
}

const expected = [
  "0xf: none",
  "0x10: outer /src/a.c:10:1",
  "0x1f: outer /src/a.c:10:1",
  "0x20: middle /src/a.c:20:2 < outer /src/a.c:15:16",
  "0x27: middle /src/a.c:20:2 < outer /src/a.c:15:16",
  "0x28: inner /src/a.c:30:3 (7) < middle /src/a.c:23:24 < outer /src/a.c:15:16",
  "0x2f: inner /src/a.c:30:3 (7) < middle /src/a.c:23:24 < outer /src/a.c:15:16",
  "0x30: middle /src/a.c:21:3 < outer /src/a.c:15:16",
  "0x3f: middle /src/a.c:21:3 < outer /src/a.c:15:16",
  "0x40: outer /src/a.c:11:3",
  "0x5f: outer /src/a.c:11:3",
  "0x60: other /src/a.c:50:3",
  "0x7f: other /src/a.c:50:3",
  "0x80: none",
];

describe("a unit of every version", () => {
  test.each([
    [2, 4, 8, true, "plain"], [2, 4, 8, false, "plain"], [2, 4, 4, true, "plain"],
    [3, 4, 8, true, "plain"], [3, 8, 8, true, "plain"], [4, 4, 8, true, "gcc"], [4, 8, 8, false, "gcc"], [4, 4, 4, false, "plain"],
    [5, 4, 8, true, "gcc"], [5, 8, 8, true, "gcc"], [5, 4, 8, true, "clang"], [5, 4, 8, false, "clang"], [5, 8, 8, true, "clang"], [5, 4, 4, true, "clang"],
    [5, 4, 8, true, "wide"], [5, 4, 8, false, "odd"], [5, 4, 8, true, "odd"], [5, 4, 8, true, "indexed"], [5, 8, 8, false, "indexed"], [5, 4, 8, true, "small"],
  ] as const)("DWARF %i, offsets of %i bytes, addresses of %i, little endian %s, forms of %s", async (version, offsetSize, address, little, style) => {
    const dwarf = new DwarfWriter({ little, address, offsetSize });
    const forms: Style = version === 3 && offsetSize === 8 ? { ...styles.plain, offset: dw.DW_FORM_data8 } : styles[style];
    const base = address === 8 ? kernelBase : kernelBase & 0xffff_ffffn;
    const unit = unitOf(dwarf, forms, { version, offsetSize, address });
    dwarf.unit(unit, { version, offsetSize, address });
    expect(await lookedUp(linkedFile(dwarf, { wide: address === 8, base }), every)).toEqual(expected);
  });

  test("any order of addresses, with repetitions", async () => {
    const dwarf = new DwarfWriter();
    dwarf.unit(unitOf(dwarf, styles.gcc, { version: 5 }));
    expect(await lookedUp(linkedFile(dwarf), [0x60, 0x28, 0x10, 0x28, 0xfff])).toEqual([expected[11], expected[5], expected[1], expected[5], "0xfff: none"]);
  });

  test("found by .debug_aranges, which lists one unit of two", async () => {
    const dwarf = new DwarfWriter();
    dwarf.unit(unitOf(dwarf, styles.gcc, { version: 5 }), { aranges: [[at(0x10), at(0x60)], [at(0x60), at(0x80)]] });
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0x80)], [dw.DW_AT_high_pc, dw.DW_FORM_data4, 0x10]], [
      die(dw.DW_TAG_subprogram, [[dw.DW_AT_name, dw.DW_FORM_string, "unlisted"], [dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0x80)], [dw.DW_AT_high_pc, dw.DW_FORM_data4, 0x10]]),
    ]));
    expect(await lookedUp(linkedFile(dwarf), [...every, 0x8f, 0x90])).toEqual([...expected.slice(0, -1), "0x80: unlisted ??:0:0", "0x8f: unlisted ??:0:0", "0x90: none"]);
  });

  test("addresses below the first code, and link addresses that are not near it", async () => {
    const dwarf = new DwarfWriter();
    dwarf.unit(unitOf(dwarf, styles.gcc, { version: 5 }));
    // Code that the linker removed stands at 0, or at -1 or -2.
    for (const removed of [0n, 0xffff_ffff_ffff_fffen, 0xffff_ffff_ffff_ffffn]) {
      dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_low_pc, dw.DW_FORM_addr, removed], [dw.DW_AT_high_pc, dw.DW_FORM_data4, 0x1000]], [
        die(dw.DW_TAG_subprogram, [[dw.DW_AT_name, dw.DW_FORM_string, "removed"], [dw.DW_AT_low_pc, dw.DW_FORM_addr, removed], [dw.DW_AT_high_pc, dw.DW_FORM_data4, 0x1000]]),
      ]));
    }
    expect(await lookedUp(linkedFile(dwarf), [-0x10, ...every])).toEqual(["0x-10: none", ...expected]);
  });
});

describe("entries", () => {
  const simple = (children: Die[], dwarf: DwarfWriter, attributes: Attribute[] = [], layout: { version?: 3 | 4 | 5 } = {}) =>
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_language, dw.DW_FORM_data1, C], [dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0)], [dw.DW_AT_high_pc, dw.DW_FORM_data4, 0x1000], ...attributes], children), layout);
  const code = (low: number, end: number): Attribute[] => [[dw.DW_AT_low_pc, dw.DW_FORM_addr, at(low)], [dw.DW_AT_high_pc, dw.DW_FORM_data4, end - low]];
  const named = (text: string): Attribute => [dw.DW_AT_name, dw.DW_FORM_string, text];

  test("a name by way of a specification, an abstract origin and another unit", async () => {
    const dwarf = new DwarfWriter();
    const declaration = die(dw.DW_TAG_subprogram, [named("far")]);
    const abstract = die(dw.DW_TAG_subprogram, [[dw.DW_AT_specification, dw.DW_FORM_ref_addr, declaration]]);
    const inlined = die(dw.DW_TAG_inlined_subroutine, [[dw.DW_AT_abstract_origin, dw.DW_FORM_ref_addr, abstract], ...code(0x10, 0x20)]);
    const concrete = die(dw.DW_TAG_subprogram, [[dw.DW_AT_abstract_origin, dw.DW_FORM_ref_addr, abstract], ...code(0, 0x40)], [inlined]);
    simple([concrete], dwarf);
    dwarf.unit(die(dw.DW_TAG_partial_unit, [], [abstract]), { version: 4, offsetSize: 4 });
    dwarf.unit(die(dw.DW_TAG_compile_unit, [], [declaration]), { version: 3 });
    expect(await lookedUp(linkedFile(dwarf), [0, 0x10, 0x40])).toEqual(["0x0: far ??:0:0", "0x10: far ??:0:0 < far ??:0:0", "0x40: no function"]);
  });

  test("a linkage name goes before a name, wherever it stands", async () => {
    const dwarf = new DwarfWriter();
    simple([
      die(dw.DW_TAG_subprogram, [named("a"), [dw.DW_AT_linkage_name, dw.DW_FORM_string, "_Za"], ...code(0, 0x10)]),
      die(dw.DW_TAG_subprogram, [[dw.DW_AT_MIPS_linkage_name, dw.DW_FORM_string, "_Zb"], named("b"), ...code(0x10, 0x20)]),
    ], dwarf);
    expect(await lookedUp(linkedFile(dwarf), [0, 0x10])).toEqual(["0x0: _Za ??:0:0", "0x10: _Zb ??:0:0"]);
  });

  test("siblings: right, missing, and behind forms of no fixed size", async () => {
    for (const form of [dw.DW_FORM_ref4, dw.DW_FORM_ref_udata, null]) {
      const dwarf = new DwarfWriter();
      const last = die(dw.DW_TAG_subprogram, [named("last"), ...code(0x40, 0x50)]);
      const type = die(dw.DW_TAG_structure_type, [named("a_name_of_no_fixed_size")], [die(0x0d, [named("member")]), die(dw.DW_TAG_structure_type, [], [die(0x0d, [])])]);
      const first = die(dw.DW_TAG_subprogram, [named("first"), ...code(0, 0x40)], [die(dw.DW_TAG_lexical_block, code(0, 8), [die(0x34, [])]), die(dw.DW_TAG_inlined_subroutine, [...code(0x10, 0x20), [dw.DW_AT_abstract_origin, dw.DW_FORM_ref4, last]], [die(0x05, [])])]);
      if (form !== null) {
        type.attributes.push([dw.DW_AT_sibling, form, first]);
        first.attributes.push([dw.DW_AT_sibling, form, last]);
      }
      simple([type, first, last], dwarf);
      expect(await lookedUp(linkedFile(dwarf), [0, 0xf, 0x10, 0x20, 0x40, 0x50])).toEqual(["0x0: first ??:0:0", "0xf: first ??:0:0", "0x10: last ??:0:0 < first ??:0:0", "0x20: first ??:0:0", "0x40: last ??:0:0", "0x50: no function"]);
    }
  });

  test("lexical blocks with, without and with empty ranges; what stands in them", async () => {
    const dwarf = new DwarfWriter();
    const one = die(dw.DW_TAG_subprogram, [named("one")]);
    const two = die(dw.DW_TAG_subprogram, [named("two")]);
    const three = die(dw.DW_TAG_subprogram, [named("three")]);
    const inlined = (origin: Die, low: number, end: number, children?: Die[]) => die(dw.DW_TAG_inlined_subroutine, [[dw.DW_AT_abstract_origin, dw.DW_FORM_ref4, origin], ...code(low, end)], children);
    simple([
      one, two, three,
      die(dw.DW_TAG_subprogram, [named("owner"), ...code(0, 0x100)], [
        die(dw.DW_TAG_lexical_block, [], [die(dw.DW_TAG_lexical_block, [], [die(0x34, []), inlined(one, 0x10, 0x20, [])]), inlined(two, 0x20, 0x30)]),
        die(dw.DW_TAG_lexical_block, code(0x30, 0x50), [die(dw.DW_TAG_lexical_block, [], [die(0x34, [])]), inlined(two, 0x30, 0x48, [die(dw.DW_TAG_lexical_block, [], []), inlined(three, 0x38, 0x40)])]),
        die(dw.DW_TAG_lexical_block, [[dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0x60)], [dw.DW_AT_high_pc, dw.DW_FORM_data4, 0]], [inlined(three, 0x60, 0x70)]),
        die(dw.DW_TAG_try_block, code(0x80, 0x90), [inlined(one, 0x80, 0x81)]),
        die(dw.DW_TAG_catch_block, code(0x90, 0xa0), [inlined(one, 0x90, 0x91)]),
      ]),
    ], dwarf);
    expect(await lookedUp(linkedFile(dwarf), [0, 0x10, 0x20, 0x30, 0x38, 0x40, 0x48, 0x50, 0x60, 0x80, 0x81, 0x90])).toEqual([
      "0x0: owner ??:0:0", "0x10: one ??:0:0 < owner ??:0:0", "0x20: two ??:0:0 < owner ??:0:0", "0x30: two ??:0:0 < owner ??:0:0", "0x38: three ??:0:0 < two ??:0:0 < owner ??:0:0",
      "0x40: two ??:0:0 < owner ??:0:0", "0x48: owner ??:0:0", "0x50: owner ??:0:0", "0x60: three ??:0:0 < owner ??:0:0", "0x80: one ??:0:0 < owner ??:0:0", "0x81: owner ??:0:0", "0x90: one ??:0:0 < owner ??:0:0",
    ]);
  });

  test("functions within namespaces, types and functions; the smallest that covers wins", async () => {
    const dwarf = new DwarfWriter();
    const method = die(dw.DW_TAG_subprogram, [named("method"), ...code(0x10, 0x20)]);
    const inNamespace = die(dw.DW_TAG_subprogram, [named("in_namespace"), ...code(0x20, 0x30)]);
    const local = die(dw.DW_TAG_subprogram, [named("local"), ...code(0x40, 0x50)]);
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_language, dw.DW_FORM_data1, 0x1c], ...code(0, 0x100)], [
      die(dw.DW_TAG_class_type, [named("type")], [method]),
      die(dw.DW_TAG_namespace, [named("space")], [die(dw.DW_TAG_structure_type, [], []), inNamespace]),
      die(dw.DW_TAG_subprogram, [named("around"), ...code(0x30, 0x60)], [die(dw.DW_TAG_lexical_block, code(0x30, 0x60), [local])]),
      die(dw.DW_TAG_subprogram, [named("wide"), ...code(0, 0x80)]),
    ]));
    expect(await lookedUp(linkedFile(dwarf), [0, 0x10, 0x20, 0x30])).toEqual(["0x0: wide ??:0:0", "0x10: method ??:0:0", "0x20: in_namespace ??:0:0", "0x30: around ??:0:0"]);
  });

  test("forms that are only passed over, DW_FORM_indirect among them", async () => {
    const dwarf = new DwarfWriter();
    const skipped: Attribute[] = [
      [0x3001, dw.DW_FORM_block1, Uint8Array.of(1, 2)], [0x3002, dw.DW_FORM_block2, Uint8Array.of(1)], [0x3003, dw.DW_FORM_block4, Uint8Array.of()], [0x3004, dw.DW_FORM_block, Uint8Array.of(9)],
      [0x3005, dw.DW_FORM_exprloc, Uint8Array.of(3, 4, 5)], [0x3006, dw.DW_FORM_sdata, -1234567], [0x3007, dw.DW_FORM_udata, 1234567], [0x3008, dw.DW_FORM_data16], [0x3009, dw.DW_FORM_ref_sig8, 1n],
      [0x300a, dw.DW_FORM_flag_present], [0x300b, dw.DW_FORM_implicit_const, -5], [0x300c, dw.DW_FORM_indirect, "text", dw.DW_FORM_string], [0x300d, dw.DW_FORM_loclistx, 300],
      [0x300e, dw.DW_FORM_GNU_ref_alt, new Uint8Array(4)], [0x300f, dw.DW_FORM_GNU_strp_alt, new Uint8Array(4)], [0x3010, dw.DW_FORM_strp_sup, new Uint8Array(4)], [0x3011, dw.DW_FORM_ref_sup4, new Uint8Array(4)], [0x3012, dw.DW_FORM_ref_sup8, new Uint8Array(8)],
    ];
    simple([die(0x34, skipped), die(dw.DW_TAG_structure_type, skipped, [die(0x0d, skipped)]), die(dw.DW_TAG_subprogram, [...skipped, [dw.DW_AT_name, dw.DW_FORM_indirect, "found", dw.DW_FORM_strp], [dw.DW_AT_low_pc, dw.DW_FORM_indirect, at(0), dw.DW_FORM_addr], [dw.DW_AT_high_pc, dw.DW_FORM_indirect, 0x10, dw.DW_FORM_udata]])], dwarf);
    expect(await lookedUp(linkedFile(dwarf), [0, 0xf, 0x10])).toEqual(["0x0: found ??:0:0", "0xf: found ??:0:0", "0x10: no function"]);
  });

  test("names in a file of types that is not there", async () => {
    const dwarf = new DwarfWriter();
    simple([die(dw.DW_TAG_subprogram, [...code(0, 0x10), [dw.DW_AT_name, dw.DW_FORM_GNU_strp_alt, new Uint8Array(4)]]), die(dw.DW_TAG_subprogram, [...code(0x10, 0x20), [dw.DW_AT_abstract_origin, dw.DW_FORM_GNU_ref_alt, new Uint8Array(4)]])], dwarf);
    expect(await lookedUp(linkedFile(dwarf), [0, 0x10])).toEqual(["0x0: ?? ??:0:0", "0x10: ?? ??:0:0"]);
  });

  test("more than 128 and more than 4,096 abbreviations, in a table of more than one window", async () => {
    const dwarf = new DwarfWriter();
    const many = Array.from({ length: 5000 }, (_, k) => die(0x34, [[0x2000 + (k & 0xfff), dw.DW_FORM_data1, 1], [0x2000 + (k >> 12), dw.DW_FORM_data2, 1]]));
    simple([...many, die(dw.DW_TAG_subprogram, [named("last"), ...code(0, 0x10)], [many[4800]!, die(dw.DW_TAG_inlined_subroutine, code(4, 8))])], dwarf);
    expect(await lookedUp(linkedFile(dwarf), [0, 4])).toEqual(["0x0: last ??:0:0", "0x4: ?? ??:0:0 < last ??:0:0"]);
  });

  test("a unit that does not end its children, and one with nothing but its root", async () => {
    const dwarf = new DwarfWriter();
    simple([die(dw.DW_TAG_subprogram, [named("first"), ...code(0, 0x10)])], dwarf);
    dwarf.unit(die(dw.DW_TAG_compile_unit, code(0x1000, 0x1010)));
    expect(await lookedUp(linkedFile(dwarf, { codeSize: 0x2000 }), [0, 0x1000, 0x1010])).toEqual(["0x0: first ??:0:0", "0x1000: no function", "0x1010: none"]);
  });
});

describe("ranges", () => {
  const named = (text: string): Attribute => [dw.DW_AT_name, dw.DW_FORM_string, text];

  test(".debug_ranges: base of the unit, a new base, addresses themselves, empty pairs", async () => {
    const dwarf = new DwarfWriter();
    const relative = dwarf.ranges([[0x10n, 0x20n], [0x18n, 0x18n], [0x30n, 0x40n], [0xffff_ffff_ffff_ffffn, at(0x100)], [0n, 0x10n]]);
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0)], [dw.DW_AT_ranges, dw.DW_FORM_sec_offset, relative]], [die(dw.DW_TAG_subprogram, [named("relative"), [dw.DW_AT_ranges, dw.DW_FORM_sec_offset, relative]])]), { version: 4 });
    const absolute = dwarf.ranges([[at(0x200), at(0x210)]]);
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_low_pc, dw.DW_FORM_addr, 0n], [dw.DW_AT_ranges, dw.DW_FORM_data4, absolute]], [die(dw.DW_TAG_subprogram, [named("absolute"), [dw.DW_AT_ranges, dw.DW_FORM_data4, absolute]])]), { version: 3 });
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_ranges, dw.DW_FORM_sec_offset, dwarf.ranges([[at(0x300), at(0x310)]])]], [die(dw.DW_TAG_subprogram, [named("baseless"), [dw.DW_AT_ranges, dw.DW_FORM_sec_offset, dwarf.ranges([[at(0x300), at(0x310)]])]])]), { version: 4 });
    const offsets = [0xf, 0x10, 0x1f, 0x20, 0x30, 0x3f, 0x40, 0xff, 0x100, 0x10f, 0x110, 0x200, 0x20f, 0x210, 0x300];
    expect(await lookedUp(linkedFile(dwarf), offsets)).toEqual([
      "0xf: none", "0x10: relative ??:0:0", "0x1f: relative ??:0:0", "0x20: none", "0x30: relative ??:0:0", "0x3f: relative ??:0:0", "0x40: none", "0xff: none",
      "0x100: relative ??:0:0", "0x10f: relative ??:0:0", "0x110: none", "0x200: absolute ??:0:0", "0x20f: absolute ??:0:0", "0x210: none", "0x300: baseless ??:0:0",
    ]);
  });

  test.each([4, 8] as const)("every kind of .debug_rnglists, by offset and by index, offsets of %i bytes", async (offsetSize) => {
    const dwarf = new DwarfWriter({ offsetSize });
    const list = dwarf.rnglist([
      ["offset_pair", 0x10, 0x20], ["base_addressx", at(0x100)], ["offset_pair", 0, 0x10], ["startx_endx", at(0x200), at(0x210)], ["startx_length", at(0x300), 0x10],
      ["base_address", at(0x400)], ["offset_pair", 8, 0x10], ["offset_pair", 4, 4], ["start_end", at(0x500), at(0x510)], ["start_length", at(0x600), 0x300], ["start_length", 0n, 0x10], ["start_end", at(0x510), at(0x500)],
    ]);
    const base = dwarf.rnglistTable([[["start_length", at(0xb00), 0x10]], [["start_length", at(0xa00), 0x10], ["start_length", at(0xa20), 0x10]]]);
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_ranges, dw.DW_FORM_sec_offset, list], [dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0)], [dw.DW_AT_addr_base, dw.DW_FORM_sec_offset, dwarf.tableBase]], [die(dw.DW_TAG_subprogram, [named("by_offset"), [dw.DW_AT_ranges, dw.DW_FORM_sec_offset, list]])]), { offsetSize });
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_ranges, dw.DW_FORM_rnglistx, 1], [dw.DW_AT_low_pc, dw.DW_FORM_addrx, 0n], [dw.DW_AT_addr_base, dw.DW_FORM_sec_offset, dwarf.tableBase], [dw.DW_AT_rnglists_base, dw.DW_FORM_sec_offset, base]], [die(dw.DW_TAG_subprogram, [named("by_index"), [dw.DW_AT_ranges, dw.DW_FORM_rnglistx, 1]])]), { offsetSize });
    const inside = [0x10, 0x1f, 0x100, 0x10f, 0x200, 0x20f, 0x300, 0x30f, 0x408, 0x40f, 0x500, 0x50f, 0x600, 0x8ff];
    const outside = [0xf, 0x20, 0x110, 0x210, 0x310, 0x404, 0x407, 0x410, 0x510, 0x900, 0xa10, 0xa1f, 0xb00];
    expect(await lookedUp(linkedFile(dwarf), [...inside, ...outside, 0xa00, 0xa2f])).toEqual([
      ...inside.map((offset) => `0x${offset.toString(16)}: by_offset ??:0:0`),
      ...outside.map((offset) => `0x${offset.toString(16)}: none`),
      "0xa00: by_index ??:0:0", "0xa2f: by_index ??:0:0",
    ]);
  });

  test("a list that is longer than a window on its section", async () => {
    const dwarf = new DwarfWriter();
    const entries = Array.from({ length: 9000 }, (_, k) => ["start_length", at(k * 0x10), 8] as const);
    const list = dwarf.rnglist(entries);
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_ranges, dw.DW_FORM_sec_offset, list]], [die(dw.DW_TAG_subprogram, [named("split"), [dw.DW_AT_ranges, dw.DW_FORM_sec_offset, list]])]));
    expect(await lookedUp(linkedFile(dwarf, { codeSize: 0x24000 }), [0, 7, 8, 8999 * 16 + 7, 8999 * 16 + 8])).toEqual(["0x0: split ??:0:0", "0x7: split ??:0:0", "0x8: none", "0x23277: split ??:0:0", "0x23278: none"]);
  });
});
