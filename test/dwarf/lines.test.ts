import { describe, expect, test } from "vitest";
import * as dw from "../../src/dwarf/constants.ts";
import { DwarfWriter, die, type LineLayout, type LineOperation } from "../support/dwarfwriter.ts";
import { kernelBase, linkedFile, lookedUp } from "../support/places.ts";

const at = (offset: number) => kernelBase + BigInt(offset);

/** One unit of version `version` whose function covers everything, with this line program. `directory` is the unit's. */
async function rows(layout: Partial<LineLayout>, operations: readonly LineOperation[], offsets: readonly number[], directory: string | null = "/build"): Promise<string[]> {
  const dwarf = new DwarfWriter();
  const full = { files: [{ name: "a.c", directory: 0 }, { name: "b.c", directory: 0 }], directories: (layout.version ?? 5) >= 5 ? ["/build"] : [], ...layout };
  const lines = dwarf.lines(full, operations);
  dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_stmt_list, dw.DW_FORM_sec_offset, lines], ...(directory === null ? [] : [[dw.DW_AT_comp_dir, dw.DW_FORM_string, directory] as [number, number, string]]), [dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0)], [dw.DW_AT_high_pc, dw.DW_FORM_data4, 0x1000]], [
    die(dw.DW_TAG_subprogram, [[dw.DW_AT_name, dw.DW_FORM_string, "f"], [dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0)], [dw.DW_AT_high_pc, dw.DW_FORM_data4, 0x1000]]),
  ]), { version: layout.version === undefined || layout.version >= 5 ? 5 : 4 });
  return lookedUp(linkedFile(dwarf), offsets);
}

describe("the state machine", () => {
  test("every standard opcode; marks that mean nothing here make no row", async () => {
    expect(
      await rows({ version: 4 }, [
        ["address", at(0x10)], ["line", 9], ["column", 3], ["isa", 1], ["copy"],
        ["advance", 4], ["line", 1000], ["negate"], ["block"], ["prologue"], ["epilogue"], ["copy"],
        ["file", 2], ["fixed", 0x100], ["line", -1009], ["copy"],
        // const_add_pc advances as special opcode 255 does: (255 - 13) / 14 = 17.
        ["constant"], ["line", 5], ["copy"],
        // Special: address + k / 14, line - 5 + k % 14.
        ["special", 14 * 3 + 7], ["special", 0],
        ["advance", 0x10], ["end"],
      ], [0xf, 0x10, 0x13, 0x14, 0x113, 0x114, 0x124, 0x125, 0x127, 0x128, 0x137, 0x138]),
    ).toEqual([
      "0xf: f ??:0:0", "0x10: f /build/a.c:10:3", "0x13: f /build/a.c:10:3", "0x14: f /build/a.c:1010:3", "0x113: f /build/a.c:1010:3", "0x114: f /build/b.c:1:3", "0x124: f /build/b.c:1:3",
      "0x125: f /build/b.c:6:3", "0x127: f /build/b.c:6:3", "0x128: f /build/b.c:3:3", "0x137: f /build/b.c:3:3", "0x138: f ??:0:0",
    ]);
  });

  test("instructions of four bytes", async () => {
    expect(await rows({ version: 3, minimumLength: 4 }, [["address", at(0)], ["copy"], ["advance", 2], ["line", 1], ["copy"], ["special", 14 + 6], ["constant"], ["line", 1], ["copy"], ["fixed", 2], ["line", 1], ["copy"], ["advance", 1], ["end"]], [7, 8, 11, 12, 0x4f, 0x50, 0x51, 0x52, 0x55, 0x56])).toEqual([
      "0x7: f /build/a.c:1:0", "0x8: f /build/a.c:2:0", "0xb: f /build/a.c:2:0", "0xc: f /build/a.c:3:0", "0x4f: f /build/a.c:3:0", "0x50: f /build/a.c:4:0", "0x51: f /build/a.c:4:0", "0x52: f /build/a.c:5:0", "0x55: f /build/a.c:5:0", "0x56: f ??:0:0",
    ]);
  });

  test("several operations an instruction: an address advances when they are full", async () => {
    // Three operations in 16 bytes, as on Itanium.
    expect(await rows({ minimumLength: 16, operationsPerInstruction: 3 }, [["address", at(0)], ["file", 0], ["copy"], ["special", 14 + 6], ["special", 14 + 6], ["special", 14 + 6], ["advance", 4], ["line", 1], ["copy"], ["advance", 2], ["end"]], [0, 0xf, 0x10, 0x1f, 0x20, 0x2f, 0x30])).toEqual([
      "0x0: f /build/a.c:3:0", "0xf: f /build/a.c:3:0", "0x10: f /build/a.c:4:0", "0x1f: f /build/a.c:4:0", "0x20: f /build/a.c:5:0", "0x2f: f /build/a.c:5:0", "0x30: f ??:0:0",
    ]);
  });

  test("rows at one address: the last one counts; line 0 is no line", async () => {
    expect(await rows({ version: 4 }, [["address", at(0)], ["line", 4], ["copy"], ["line", 1], ["copy"], ["advance", 4], ["line", -6], ["copy"], ["advance", 4], ["end"]], [0, 3, 4, 7, 8])).toEqual([
      "0x0: f /build/a.c:6:0", "0x3: f /build/a.c:6:0", "0x4: f /build/a.c:0:0", "0x7: f /build/a.c:0:0", "0x8: f ??:0:0",
    ]);
  });

  test("a discriminator belongs to one row; the end of a sequence resets every register", async () => {
    expect(await rows({ version: 4 }, [
      ["address", at(0)], ["file", 2], ["line", 9], ["column", 5], ["discriminator", 300], ["copy"], ["advance", 1], ["copy"], ["advance", 1], ["discriminator", 3], ["end"],
      ["address", at(0x10)], ["copy"], ["advance", 1], ["end"],
    ], [0, 1, 2, 0x10, 0x11])).toEqual(["0x0: f /build/b.c:10:5 (300)", "0x1: f /build/b.c:10:5", "0x2: f ??:0:0", "0x10: f /build/a.c:1:0", "0x11: f ??:0:0"]);
  });

  test("sequences in any order, with gaps, side by side, and with their first row at the end of another", async () => {
    expect(await rows({ version: 4 }, [
      ["address", at(0x40)], ["line", 39], ["copy"], ["advance", 0x10], ["end"],
      ["address", at(0x20)], ["line", 19], ["copy"], ["advance", 0x10], ["line", 1], ["end"],
      ["address", at(0x30)], ["line", 29], ["copy"], ["advance", 0x10], ["end"],
      ["address", at(0)], ["line", 9], ["copy"], ["advance", 0x10], ["end"],
    ], [0, 0xf, 0x10, 0x1f, 0x20, 0x2f, 0x30, 0x3f, 0x40, 0x4f, 0x50])).toEqual([
      "0x0: f /build/a.c:10:0", "0xf: f /build/a.c:10:0", "0x10: f ??:0:0", "0x1f: f ??:0:0", "0x20: f /build/a.c:20:0", "0x2f: f /build/a.c:20:0", "0x30: f /build/a.c:30:0", "0x3f: f /build/a.c:30:0", "0x40: f /build/a.c:40:0", "0x4f: f /build/a.c:40:0", "0x50: f ??:0:0",
    ]);
  });

  test("removed sequences, at 0 and at -1, do not reach the code that stayed", async () => {
    expect(await rows({ version: 4 }, [
      ["address", 0n], ["line", 9], ["copy"], ["advance", 0x1000], ["end"],
      ["address", 0xffff_ffff_ffff_ffffn], ["line", 9], ["copy"], ["advance", 0x1000], ["end"],
      ["address", at(0)], ["copy"], ["advance", 1], ["end"],
    ], [0, 1])).toEqual(["0x0: f /build/a.c:1:0", "0x1: f ??:0:0"]);
  });

  test("fewer standard opcodes than now, and more", async () => {
    // With opcode_base 10, 10 is a special opcode; with 15, 13 and 14 are a vendor's, with one operand each.
    expect(await rows({ version: 2, opcodeBase: 10 }, [["address", at(0)], ["copy"], ["special", 14 * 4 + 6], ["constant"], ["line", 1], ["copy"], ["advance", 1], ["end"]], [3, 4, 0x14, 0x15, 0x16])).toEqual([
      "0x3: f /build/a.c:1:0", "0x4: f /build/a.c:2:0", "0x14: f /build/a.c:2:0", "0x15: f /build/a.c:3:0", "0x16: f ??:0:0",
    ]);
    expect(await rows({ version: 4, opcodeBase: 15 }, [["address", at(0)], ["copy"], ["raw", 13, 0x85, 0x01], ["raw", 14, 1], ["raw", 0, 3, 0x80, 1, 1], ["special", 14 * 4 + 6], ["advance", 1], ["end"]], [3, 4, 5])).toEqual(["0x3: f /build/a.c:1:0", "0x4: f /build/a.c:2:0", "0x5: f ??:0:0"]);
  });

  test("a file that the program itself defines, and one that nothing does", async () => {
    expect(await rows({ version: 4 }, [["define", "late.c", 0], ["address", at(0)], ["file", 3], ["copy"], ["advance", 1], ["file", 4], ["copy"], ["advance", 1], ["file", 0], ["copy"], ["advance", 1], ["end"]], [0, 1, 2])).toEqual(["0x0: f /build/late.c:1:0", "0x1: f ??:1:0", "0x2: f ??:1:0"]);
  });

  test("a program that stops without an end: its last row covers nothing", async () => {
    expect(await rows({ version: 4 }, [["address", at(0)], ["copy"], ["advance", 4], ["line", 1], ["copy"]], [0, 3, 4])).toEqual(["0x0: f /build/a.c:1:0", "0x3: f /build/a.c:1:0", "0x4: f ??:0:0"]);
  });
});

describe("paths", () => {
  const one: LineOperation[] = [["address", at(0)], ["copy"], ["advance", 1], ["file", 2], ["copy"], ["advance", 1], ["file", 3], ["copy"], ["advance", 1], ["file", 4], ["copy"], ["advance", 1], ["end"]];

  test("versions 2 to 4: directory 0 is the unit's", async () => {
    const files = [{ name: "a.c", directory: 0 }, { name: "a.h", directory: 1 }, { name: "/abs/b.c", directory: 1 }, { name: "x.h", directory: 2 }];
    const directories = ["include", "/usr/include/"];
    expect(await rows({ version: 3, files, directories }, one, [0, 1, 2, 3])).toEqual(["0x0: f /build/a.c:1:0", "0x1: f /build/include/a.h:1:0", "0x2: f /abs/b.c:1:0", "0x3: f /usr/include/x.h:1:0"]);
    expect(await rows({ version: 3, files, directories }, one, [0, 1, 2, 3], null)).toEqual(["0x0: f a.c:1:0", "0x1: f include/a.h:1:0", "0x2: f /abs/b.c:1:0", "0x3: f /usr/include/x.h:1:0"]);
  });

  test.each([dw.DW_FORM_string, dw.DW_FORM_strp, dw.DW_FORM_line_strp])("version 5: directory 0 is the compilation's own, names of form 0x%s", async (form) => {
    const files = [{ name: "zero.c", directory: 0 }, { name: "a.c", directory: 0 }, { name: "a.h", directory: 1 }, { name: "/abs/b.c", directory: 1 }, { name: "x.h", directory: 2 }];
    const directories = ["/compiled/here", "include", "/usr/include"];
    for (const offsetSize of [4, 8] as const) {
      expect(await rows({ files, directories, form, offsetSize }, one, [0, 1, 2, 3])).toEqual(["0x0: f /compiled/here/a.c:1:0", "0x1: f /build/include/a.h:1:0", "0x2: f /abs/b.c:1:0", "0x3: f /usr/include/x.h:1:0"]);
    }
  });

  test("a directory number that no directory has: the unit's, as the peers take it", async () => {
    expect(await rows({ version: 4, files: [{ name: "a.c", directory: 9 }] }, [["address", at(0)], ["copy"], ["advance", 1], ["end"]], [0])).toEqual(["0x0: f /build/a.c:1:0"]);
  });

  test("names that are no UTF-8, long or empty", async () => {
    const long = "d/".repeat(500) + "a.c";
    expect(await rows({ version: 4, files: [{ name: long, directory: 0 }, { name: "ä€.c", directory: 0 }] }, one.slice(0, 6), [0])).toEqual([`0x0: f /build/${long}:1:0`]);
    expect(await rows({ version: 4, files: [{ name: "ä€.c", directory: 0 }] }, [["address", at(0)], ["copy"], ["advance", 1], ["end"]], [0])).toEqual(["0x0: f /build/ä€.c:1:0"]);
    expect(await rows({ version: 5, files: [{ name: "", directory: 0 }, { name: "", directory: 0 }] }, [["address", at(0)], ["copy"], ["advance", 1], ["end"]], [0])).toEqual(["0x0: f ??:1:0"]);
  });
});
