import { describe, expect, test } from "vitest";
import type { ImageOffset } from "../../src/base/index.ts";
import * as dw from "../../src/dwarf/constants.ts";
import { elfFromBytes } from "../../src/elf/index.ts";
import { imageOf as openedImage, sourceName, type Image, type ResolvedPlace } from "../../src/symbolize/index.ts";
import { DwarfWriter, die, type Attribute } from "../support/dwarfwriter.ts";
import { writeElf, type WrittenElf } from "../support/elfwriter.ts";
import { kernelBase } from "../support/places.ts";

const at = (offset: number) => kernelBase + BigInt(offset);
const imageOf = async (elf: WrittenElf) => openedImage(await elfFromBytes("test.elf", writeElf(elf)));
const look = (image: Image, offsets: readonly number[]) => image.lookup(offsets as ImageOffset[]);
const named = (place: ResolvedPlace) => place.functions.map(({ function: name, file, line, column, inlined }) => `${name} ${file}:${line}:${column}${inlined ? " inlined" : ""}`).join(" < ") + (place.failure ? ` [${place.failure.reason}: ${place.failure.why}]` : "");

const text = { name: ".text", flags: 6, address: kernelBase, bytes: new Uint8Array(0x100) };
const init = { name: ".init.text", flags: 6, address: kernelBase + 0x1000n, bytes: new Uint8Array(0x40) };
const symbols = [
  { name: "file.c", type: 4, section: 0xfff1, binding: 0 }, { name: "", type: 3, section: ".text", value: at(0), binding: 0 },
  { name: "first", section: ".text", value: at(0), size: 0x20 }, { name: "alias", section: ".text", value: at(0), size: 0x20, binding: 2 }, { name: "first_label", section: ".text", value: at(0), type: 0, binding: 0 },
  { name: ".Llocal", section: ".text", value: at(0x10), type: 0, binding: 0 }, { name: "$x", section: ".text", value: at(0x18), type: 0, binding: 0 },
  { name: "second.isra.0", section: ".text", value: at(0x20), size: 0x10, binding: 0 }, { name: "same", section: ".text", value: at(0x40), size: 8, binding: 0 }, { name: "same", section: ".text", value: at(0x50), size: 16, binding: 0 }, { name: "same", section: ".text", value: at(0x50), size: 16, binding: 0 },
  { name: "label", section: ".text", value: at(0x60), type: 0 }, { name: "in", section: ".init.text", value: at(0x1000), size: 0x10 }, { name: "constant", section: 0xfff1, value: 0x40n, type: 0 }, { name: "table", section: ".data", value: at(0x2000), type: 1, size: 8 }, { name: "undefined" },
];
const withSymbols: WrittenElf = { sections: [text, init, { name: ".data", flags: 3, address: kernelBase + 0x2000n, bytes: new Uint8Array(8) }], symbols };

describe("symbols", () => {
  test.each([[true, true], [true, false]])("by name, aliases at one place once, little endian %s %s", async (_, little) => {
    const image = await imageOf({ ...withSymbols, little });
    expect([...image.symbols(["same", "first", "in", "table", "constant", "undefined", "file.c", "absent", "second", "second.isra.0"])].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ["first", [{ name: "first", address: 0, size: 0x20, section: ".text" }]],
      ["in", [{ name: "in", address: 0x1000, size: 0x10, section: ".init.text" }]],
      ["same", [{ name: "same", address: 0x40, size: 8, section: ".text" }, { name: "same", address: 0x50, size: 16, section: ".text" }]],
      ["second.isra.0", [{ name: "second.isra.0", address: 0x20, size: 0x10, section: ".text" }]],
      ["table", [{ name: "table", address: 0x2000, size: 8, section: ".data" }]],
    ]);
  });

  test("names that clang's link-time optimization made longer, as kallsyms shows them", async () => {
    const promoted = [{ name: "same.llvm.42", section: ".text", value: at(0x70), size: 8, binding: 0 }, { name: "only.llvm.123", section: ".text", value: at(0x80), size: 8, binding: 0 }, { name: "only.llvm.5.cold", section: ".text", value: at(0x90), size: 8, binding: 0 }];
    const image = await imageOf({ ...withSymbols, symbols: [...symbols, ...promoted] });
    const found = image.symbols(["same", "only", "on", "only.llvm.123"]);
    expect([...found].map(([name, list]) => `${name}: ${list.map((one) => `${one.name} ${one.address.toString(16)}`).join(", ")}`).sort()).toEqual([
      "only.llvm.123: only.llvm.123 80", "only: only.llvm.123 80, only.llvm.5.cold 90", "same: same 40, same 50, same.llvm.42 70",
    ]);
  });

  test("by address: the nearest at or below in the same section; a global function before a weak one and a label", async () => {
    const image = await imageOf(withSymbols);
    const names = (offsets: number[]) => offsets.map((offset) => image.symbolAt(offset as ImageOffset)?.name ?? null);
    expect(names([-1, 0, 0x1f, 0x20, 0x3f, 0x40, 0x50, 0x60, 0xff, 0x100, 0xfff, 0x1000, 0x103f, 0x1040])).toEqual([null, "first", "first", "second.isra.0", "second.isra.0", "same", "same", "label", "label", null, null, "in", "in", null]);
    const beginning = (offsets: number[]) => offsets.map((offset) => image.symbolBeginningAt(offset as ImageOffset)?.name ?? null);
    expect(beginning([0, 1, 0x10, 0x18, 0x20, 0x60, 0x1000, 0x2000])).toEqual(["first", null, null, null, "second.isra.0", "label", "in", null]);
  });

  test("the distance to the next symbol, and how sizes of a log fit", async () => {
    const image = await imageOf(withSymbols);
    const symbol = (name: string) => image.symbols([name]).get(name)![0]!;
    expect(["first", "second.isra.0", "same", "label", "in"].map((name) => image.extentOf(symbol(name)))).toEqual([0x20, 0x20, 0x10, null, null]);
    expect([0x20, 0x21, 0x5f, 0x60, 0x1f].map((size) => image.fits(symbol("first"), size))).toEqual([true, false, false, false, false]);
    // `second` has 0x10 bytes of its own, and 0x10 of padding before the next symbol.
    expect([0x10, 0x20, 0x0f].map((size) => image.fits(symbol("second.isra.0"), size))).toEqual([false, true, false]);
    // The last of a section runs to where the next section's symbols begin.
    expect([0x10, 0x20, 0x0f].map((size) => image.fits(symbol("in"), size))).toEqual([true, true, false]);
  });

  test("none in a stripped file", async () => {
    const image = await imageOf({ sections: [text] });
    expect([image.symbols(["first"]).size, image.symbolAt(0 as ImageOffset), image.symbolBeginningAt(0 as ImageOffset)]).toEqual([0, null, null]);
    expect(look(image, [0]).map(named)).toEqual([" [no-symbol: test.elf has no symbol at this address]"]);
  });

  test.each([[true, true], [true, false], [false, true], [false, false]])("of relocatable files lie within their sections, 64-bit %s, little endian %s", async (wide, little) => {
    const image = await imageOf({
      wide, little, type: 1, sections: [{ name: ".text", flags: 6, bytes: new Uint8Array(16) }, { name: ".init.text", flags: 6, bytes: new Uint8Array(16) }],
      symbols: [{ name: "start", section: ".text", value: 0, size: 16 }, { name: "init_module", section: ".init.text", value: 0, size: 8 }, { name: "later", section: ".init.text", value: 8, size: 8 }],
    });
    const place = image.elf.placeOf(image.elf.section(".init.text")!);
    expect(image.symbols(["init_module"]).get("init_module")).toEqual([{ name: "init_module", address: place, size: 8, section: ".init.text" }]);
    expect([0, 8, 15, 16].map((offset) => image.symbolAt((place + offset) as ImageOffset)?.name ?? null)).toEqual(["init_module", "later", "later", null]);
    expect(image.symbolBeginningAt((place + 8) as ImageOffset)?.name).toBe("later");
    expect(image.extentOf(image.symbols(["init_module"]).get("init_module")![0]!)).toBe(8);
  });
});

describe("places", () => {
  const code = (low: number, end: number): Attribute[] => [[dw.DW_AT_low_pc, dw.DW_FORM_addr, at(low)], [dw.DW_AT_high_pc, dw.DW_FORM_data4, end - low]];
  const name = (of: string): Attribute => [dw.DW_AT_name, dw.DW_FORM_string, of];
  async function image(): Promise<Image> {
    const dwarf = new DwarfWriter();
    const lines = dwarf.lines({ directories: ["/src"], files: [{ name: "a.c", directory: 0 }, { name: "a.c", directory: 0 }] }, [
      ["address", at(0)], ["line", 9], ["column", 4], ["copy"], ["advance", 0x10], ["line", 90], ["discriminator", 2], ["copy"], ["advance", 0x10], ["line", -98], ["column", 0], ["copy"], ["advance", 0x20], ["end"],
      ["address", at(0x70)], ["line", 6], ["copy"], ["advance", 4], ["end"],
    ]);
    const inlined = die(dw.DW_TAG_subprogram, [name("helper")]);
    dwarf.unit(die(dw.DW_TAG_compile_unit, [name("a.c"), [dw.DW_AT_comp_dir, dw.DW_FORM_string, "/src"], [dw.DW_AT_stmt_list, dw.DW_FORM_sec_offset, lines], ...code(0, 0x100)], [
      inlined,
      die(dw.DW_TAG_subprogram, [name("first_in_debug"), ...code(0, 0x20)], [die(dw.DW_TAG_inlined_subroutine, [[dw.DW_AT_abstract_origin, dw.DW_FORM_ref4, inlined], [dw.DW_AT_call_file, dw.DW_FORM_data1, 1], [dw.DW_AT_call_line, dw.DW_FORM_data1, 44], ...code(0x10, 0x20)])]),
      die(dw.DW_TAG_subprogram, [name("second"), ...code(0x20, 0x30)]),
      die(dw.DW_TAG_subprogram, [name("weak_that_was_replaced"), ...code(0x30, 0x40)]),
    ]));
    return imageOf({ ...withSymbols, sections: [...withSymbols.sections, ...dwarf.sections()] });
  }

  test("functions and inlined calls by debug information, the owner by the symbol table, without compilers' suffixes", async () => {
    const of = await image();
    expect(of.hasDebugInformation).toBe(true);
    expect(look(of, [0, 0x10])).toEqual([
      { functions: [{ function: "first", file: "/src/a.c", line: 10, column: 4, discriminator: null, inlined: false }], directory: "/src", failure: null },
      { functions: [{ function: "helper", file: "/src/a.c", line: 100, column: 4, discriminator: 2, inlined: true }, { function: "first", file: "/src/a.c", line: 44, column: null, discriminator: null, inlined: false }], directory: "/src", failure: null },
    ]);
    expect(look(of, [0x20, 0x2f, 0x30]).map(named)).toEqual(["second /src/a.c:2:null", "second /src/a.c:2:null", "weak_that_was_replaced /src/a.c:2:null"]);
  });

  test("assembly has lines but no functions: the symbol table names it; without lines, and outside of every symbol, it says so", async () => {
    const of = await image();
    expect(look(of, [0x70, 0x80, 0x1000, 0x5000]).map(named)).toEqual([
      "label /src/a.c:7:null", "label null:null:null [no-debug-info: test.elf has no debug information for label]",
      "in null:null:null [no-debug-info: test.elf has no debug information for in]", " [no-symbol: test.elf has no symbol at this address]",
    ]);
    expect((await imageOf(withSymbols)).hasDebugInformation).toBe(false);
    expect(look(await imageOf(withSymbols), [0]).map(named)).toEqual(["first null:null:null [no-debug-info: test.elf has no debug information]"]);
  });

  test("an owner that the caller knows goes before the one that is looked up", async () => {
    const of = await image();
    const alias = of.symbols(["alias"]).get("alias")![0]!;
    expect(of.lookup([4 as ImageOffset, 4 as ImageOffset], [alias, null]).map(named)).toEqual(["alias /src/a.c:10:4", "first /src/a.c:10:4"]);
  });

  test("the unit of an address", async () => {
    const of = await image();
    expect([of.unitAt(0 as ImageOffset), of.unitAt(0x1000 as ImageOffset)]).toEqual([{ name: "a.c", directory: "/src" }, null]);
  });
});

test("names without what compilers add", () => {
  expect(["f", "f.isra.0", "f.constprop.12", "f.part.0", "f.cold", "f.isra.0.cold", "f.part.0.isra.1", "f.llvm.123456", "f.lto_priv.0", "f.localalias", "f.12", ".hidden", "__compound_literal.5", "f.x", "f.cold.y"].map(sourceName)).toEqual([
    "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", ".hidden", "__compound_literal", "f.x", "f.cold.y",
  ]);
});
