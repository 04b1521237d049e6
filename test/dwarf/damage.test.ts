import { describe, expect, test } from "vitest";
import * as dw from "../../src/dwarf/constants.ts";
import { DwarfWriter, die, type Attribute, type Die, type RangeEntry } from "../support/dwarfwriter.ts";
import { kernelBase, linkedFile, lookedUp, placeText } from "../support/places.ts";
import { elfFromBytes } from "../../src/elf/index.ts";
import { DwarfFile } from "../../src/dwarf/index.ts";

const at = (offset: number) => kernelBase + BigInt(offset);
const code = (low: number, end: number): Attribute[] => [[dw.DW_AT_low_pc, dw.DW_FORM_addr, at(low)], [dw.DW_AT_high_pc, dw.DW_FORM_data4, end - low]];
const named = (text: string): Attribute => [dw.DW_AT_name, dw.DW_FORM_string, text];
const unitOf = (children: Die[], low: number, end: number, attributes: Attribute[] = []) => die(dw.DW_TAG_compile_unit, [[dw.DW_AT_language, dw.DW_FORM_data1, 0x0c], ...code(low, end), ...attributes], children);
const good = (name: string, low: number) => unitOf([die(dw.DW_TAG_subprogram, [named(name), ...code(low, low + 0x10)])], low, low + 0x10);

describe("a damaged unit costs itself alone", () => {
  test.each([
    ["of an unknown version", { claims: { version: 9 } }, "unsupported: test.elf: .debug_info at offset 0x2f: DWARF version 9"],
    ["with addresses of 3 bytes", { claims: { address: 3 } }, "malformed: test.elf: .debug_info at offset 0x3b: addresses of 3 bytes"],
    ["without abbreviations", { claims: { abbreviations: 0x7fff_0000 } }, "malformed: test.elf: offset 0x7fff0000 lies past .debug_abbrev of N bytes"],
  ] as const)("%s, listed or not", async (_, layout, message) => {
    for (const listed of [false, true]) {
      const dwarf = new DwarfWriter();
      const ranges = (low: number) => (listed ? { aranges: [[at(low), at(low + 0x10)] as const] } : {});
      dwarf.unit(good("before", 0), ranges(0));
      dwarf.unit(good("damaged", 0x10), { ...ranges(0x10), ...layout });
      dwarf.unit(good("after", 0x20), ranges(0x20));
      expect((await lookedUp(linkedFile(dwarf), [0, 0x10, 0x20])).map((line) => line.replace(/of 0x[0-9a-f]+ bytes$/, "of N bytes"))).toEqual(["0x0: before ??:0:0", `0x10: ${message}`, "0x20: after ??:0:0"]);
    }
  });

  test("with a length that ends nowhere: what comes before it is read, what may come behind it says why not", async () => {
    for (const length of [0xffff_fff4, 0x7fff_ffff, 0xffff_ffff]) {
      const dwarf = new DwarfWriter();
      dwarf.unit(good("before", 0));
      const start = dwarf.unit(good("damaged", 0x10), { claims: { length } });
      dwarf.unit(good("after", 0x20));
      const lines = await lookedUp(linkedFile(dwarf), [0, 0x10, 0x20]);
      expect(lines[0]).toBe("0x0: before ??:0:0");
      for (const line of lines.slice(1)) expect(line).toMatch(new RegExp(`^0x[12]0: malformed: test\\.elf: \\.debug_info at offset 0x(${start.toString(16)}|${(start + 4).toString(16)}): `));
    }
  });

  test("with an entry of no abbreviation, an unknown form, a string without its end", async () => {
    const broken: Record<string, Die> = {
      "no abbreviation has the code": unitOf([die(0x34, [[0x3001, 0x7777, Uint8Array.of(0x70)]])], 0x10, 0x20),
      "form 0x7777 is unknown": unitOf([die(0x34, [[0x3001, 0x7777, new Uint8Array(4)]]), die(dw.DW_TAG_subprogram, [named("lost"), ...code(0x10, 0x20)])], 0x10, 0x20),
    };
    for (const [what, root] of Object.entries(broken)) {
      const dwarf = new DwarfWriter();
      dwarf.unit(root);
      dwarf.unit(good("after", 0x20));
      const lines = await lookedUp(linkedFile(dwarf), [0x10, 0x20]);
      expect(lines[0]).toMatch(/^0x10: malformed: test\.elf: \.debug_(info|abbrev) at offset 0x[0-9a-f]+: (form 0x7777 is unknown|no abbreviation has the code \d+)$/);
      expect(lines[1], what).toBe("0x20: after ??:0:0");
    }
  });

  test.each([
    ["lines at an offset past the section", 0x7fff_ffff, "malformed: test.elf: offset 0x7fffffff lies past .debug_line of 0x"],
    ["a line program of an unknown version", "version", "unsupported: test.elf: .debug_line at offset 0x"],
    ["a line program longer than the section", "length", "malformed: test.elf: .debug_line at offset 0x"],
    ["a line program whose header is longer than itself", "header", "malformed: test.elf: .debug_line at offset 0x"],
    ["a line program of 2^50 files", "files", "malformed: test.elf: .debug_line at offset 0x"],
    ["a line range of 0", "range", "malformed: test.elf: .debug_line at offset 0x"],
  ] as const)("%s", async (_, damage, message) => {
    const dwarf = new DwarfWriter();
    const operations = [["address", at(0)], ["copy"], ["advance", 0x10], ["end"]] as const;
    const layout = { files: [{ name: "a.c", directory: 0 }], directories: ["/src"] };
    const lines =
      typeof damage === "number" ? damage
      : dwarf.lines({ ...layout, ...(damage === "range" ? { lineRange: 0 } : {}), claims: damage === "version" ? { version: 6 } : damage === "length" ? { length: 0x7000_0000 } : damage === "header" ? { headerLength: 0x10_0000 } : damage === "files" ? { fileCount: 2 ** 50 } : {} }, operations);
    const fine = dwarf.lines({ version: 4, files: [{ name: "b.c", directory: 0 }] }, [["address", at(0x10)], ["copy"], ["advance", 0x10], ["end"]]);
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [named("damaged"), ...code(0, 0x10)])], 0, 0x10, [[dw.DW_AT_stmt_list, dw.DW_FORM_sec_offset, lines]]));
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [named("fine"), ...code(0x10, 0x20)])], 0x10, 0x20, [[dw.DW_AT_stmt_list, dw.DW_FORM_sec_offset, fine]]));
    const answers = await lookedUp(linkedFile(dwarf), [0, 0x10]);
    expect(answers[0]!.slice(0, 5 + message.length)).toBe(`0x0: ${message}`);
    expect(answers[1]).toBe("0x10: fine b.c:1:0");
  });

  test("an index of addresses that is damaged costs nothing", async () => {
    for (const bytes of [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], [0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8], [0x20, 0, 0, 0, 9, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0]]) {
      const dwarf = new DwarfWriter();
      dwarf.unit(good("one", 0), { aranges: [[at(0), at(0x10)]] });
      dwarf.raw("aranges", bytes);
      dwarf.unit(good("two", 0x10), { aranges: [[at(0x10), at(0x20)]] });
      expect(await lookedUp(linkedFile(dwarf), [0, 0x10])).toEqual(["0x0: one ??:0:0", "0x10: two ??:0:0"]);
    }
  });

  test("an index that names a place where no unit is", async () => {
    const dwarf = new DwarfWriter();
    dwarf.unit(good("one", 0), { aranges: [[at(0), at(0x10)]] });
    dwarf.raw("aranges", [0x2c, 0, 0, 0, 2, 0, 0xff, 0xff, 0xff, 0x7f, 8, 0, 0, 0, 0, 0, 0x10, 0, 0, 0x81, 0xff, 0xff, 0xff, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(await lookedUp(linkedFile(dwarf), [0, 0x10])).toEqual(["0x0: one ??:0:0", "0x10: malformed: test.elf: offset 0x7fffffff lies past .debug_info of 0x2c bytes"]);
  });

  test("sections that are referred to but absent", async () => {
    const dwarf = new DwarfWriter();
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [[dw.DW_AT_ranges, dw.DW_FORM_sec_offset, 0]])], 0, 0x10), { version: 4 });
    dwarf.unit(good("after", 0x10));
    expect(await lookedUp(linkedFile(dwarf), [0, 0x10])).toEqual(["0x0: missing-section: test.elf: .debug_ranges is referred to but absent", "0x10: after ??:0:0"]);
  });

  test("a list of ranges without its end, old and new", async () => {
    const old = new DwarfWriter();
    old.unit(unitOf([die(dw.DW_TAG_subprogram, [named("f"), [dw.DW_AT_ranges, dw.DW_FORM_sec_offset, old.ranges([[0n, 8n]], false)]])], 0, 0x10), { version: 4 });
    expect(await lookedUp(linkedFile(old), [0])).toEqual(["0x0: malformed: test.elf: .debug_ranges at offset 0x10: 8 bytes wanted, 0 left"]);
    const list = new DwarfWriter();
    list.unit(unitOf([die(dw.DW_TAG_subprogram, [named("f"), [dw.DW_AT_ranges, dw.DW_FORM_sec_offset, list.rnglist([["start_length", at(0), 8]], false)]])], 0, 0x10));
    expect(await lookedUp(linkedFile(list), [0])).toEqual(["0x0: malformed: test.elf: .debug_rnglists at offset 0x12: 1 bytes wanted, 0 left"]);
  });
});

describe("references that lead in circles or nowhere", () => {
  test("an abstract origin that is itself, one another, or a long way off", async () => {
    const dwarf = new DwarfWriter();
    const self = die(dw.DW_TAG_subprogram, [...code(0, 0x10)]);
    self.attributes.push([dw.DW_AT_abstract_origin, dw.DW_FORM_ref4, self]);
    const ping = die(dw.DW_TAG_subprogram, [...code(0x10, 0x20)]);
    const pong = die(dw.DW_TAG_subprogram, [[dw.DW_AT_specification, dw.DW_FORM_ref4, ping]]);
    ping.attributes.push([dw.DW_AT_specification, dw.DW_FORM_ref4, pong]);
    const chain = [die(dw.DW_TAG_subprogram, [named("end")])];
    for (let k = 0; k < 40; k++) chain.push(die(dw.DW_TAG_subprogram, [[dw.DW_AT_abstract_origin, dw.DW_FORM_ref4, chain.at(-1)]]));
    const far = die(dw.DW_TAG_subprogram, [...code(0x20, 0x30), [dw.DW_AT_abstract_origin, dw.DW_FORM_ref4, chain.at(-1)]]);
    const near = die(dw.DW_TAG_subprogram, [...code(0x30, 0x40), [dw.DW_AT_abstract_origin, dw.DW_FORM_ref4, chain[8]]]);
    dwarf.unit(unitOf([self, ping, pong, ...chain, far, near], 0, 0x40));
    expect(await lookedUp(linkedFile(dwarf), [0, 0x10, 0x20, 0x30])).toEqual(["0x0: ?? ??:0:0", "0x10: ?? ??:0:0", "0x20: ?? ??:0:0", "0x30: end ??:0:0"]);
  });

  test("a reference to where no unit is, and into the midst of an entry", async () => {
    const dwarf = new DwarfWriter();
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [...code(0, 0x10), [dw.DW_AT_abstract_origin, dw.DW_FORM_ref_addr, 0x7fff_fff0]])], 0, 0x10));
    expect(await lookedUp(linkedFile(dwarf), [0])).toEqual(["0x0: malformed: test.elf: a reference to 0x7ffffff0 of .debug_info, where no unit is"]);
  });

  test("siblings that point back, at themselves, or past the unit are not followed", async () => {
    for (const to of ["self", "root", 0x7fff_ffff]) {
      const dwarf = new DwarfWriter();
      const last = die(dw.DW_TAG_subprogram, [named("last"), ...code(0x10, 0x20)]);
      const first = die(dw.DW_TAG_subprogram, [named("first"), ...code(0, 0x10)], [die(0x34, [])]);
      const type = die(dw.DW_TAG_structure_type, [], [die(0x0d, [])]);
      const root = unitOf([type, first, last], 0, 0x20);
      for (const one of [type, first]) one.attributes.push([dw.DW_AT_sibling, dw.DW_FORM_ref4, to === "self" ? one : to === "root" ? root : to]);
      dwarf.unit(root);
      expect(await lookedUp(linkedFile(dwarf), [0, 0x10])).toEqual(["0x0: first ??:0:0", "0x10: last ??:0:0"]);
    }
  });

  test("calls inlined into one another a thousand deep, and blocks as deep", async () => {
    let nested: Die = die(dw.DW_TAG_inlined_subroutine, code(0, 0x10));
    for (let k = 0; k < 1000; k++) nested = die(dw.DW_TAG_inlined_subroutine, code(0, 0x10), [nested]);
    const dwarf = new DwarfWriter();
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [named("f"), ...code(0, 0x20)], [nested])], 0, 0x20));
    expect(await lookedUp(linkedFile(dwarf), [0])).toEqual([expect.stringMatching(/^0x0: malformed: test\.elf: \.debug_info at offset 0x[0-9a-f]+: more than 256 calls inlined into one another$/)]);

    for (const version of [2, 4] as const) {
      let block: Die = die(dw.DW_TAG_inlined_subroutine, [[dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0)], [dw.DW_AT_high_pc, dw.DW_FORM_addr, at(0x10)]]);
      for (let k = 0; k < 1000; k++) block = die(dw.DW_TAG_lexical_block, [], [block]);
      const blocks = new DwarfWriter();
      blocks.unit(unitOf([die(dw.DW_TAG_subprogram, [named("f"), ...code(0, 0x20)], [block])], 0, 0x20), { version });
      expect(await lookedUp(linkedFile(blocks), [0, 0x10])).toEqual(["0x0: ?? ??:0:0 < f ??:0:0", "0x10: f ??:0:0"]);
    }
  });
});

describe("what would take for ever has a budget", () => {
  const few = 0x100;
  /** Looks up `count` addresses and gives the distinct outcomes. */
  async function outcomes(bytes: Uint8Array, count: number, step = 1): Promise<string[]> {
    const dwarf = new DwarfFile(await elfFromBytes("test.elf", bytes));
    const places = dwarf.lookup(Array.from({ length: count }, (_, k) => k * step));
    return [...new Set(places.map(placeText))];
  }
  const overBudget = (count: number) => `over-budget: test.elf: the debug information of ${count} addresses takes more than ${(1 << 25) + count * 4096} steps`;

  test("calls that share one long list of ranges", async () => {
    const dwarf = new DwarfWriter();
    const list = dwarf.rnglist(Array.from({ length: 60_000 }, (): RangeEntry => ["offset_pair", 1, 1]));
    const calls = Array.from({ length: 2000 }, () => die(dw.DW_TAG_inlined_subroutine, [[dw.DW_AT_ranges, dw.DW_FORM_sec_offset, list]]));
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [named("f"), ...code(0, few)], calls)], 0, few));
    expect(await outcomes(linkedFile(dwarf), few)).toEqual([overBudget(few)]);
  });

  test("functions that share one long list of ranges", async () => {
    const dwarf = new DwarfWriter();
    const list = dwarf.rnglist(Array.from({ length: 60_000 }, (_, k): RangeEntry => ["offset_pair", k, k + 1]));
    const functions = Array.from({ length: 2000 }, () => die(dw.DW_TAG_subprogram, [[dw.DW_AT_ranges, dw.DW_FORM_sec_offset, list]]));
    dwarf.unit(unitOf(functions, 0, few));
    expect(await outcomes(linkedFile(dwarf), 1)).toEqual(["over-budget: test.elf: .debug_info at offset 0x0: a unit whose functions have more than 1048576 ranges"]);
  });

  test("a body of a hundred thousand entries for each of thousands of addresses", async () => {
    const dwarf = new DwarfWriter();
    const calls = Array.from({ length: 100_000 }, () => die(dw.DW_TAG_inlined_subroutine, []));
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [named("f"), ...code(0, 0x1000)], calls)], 0, 0x1000));
    expect(await outcomes(linkedFile(dwarf), 0x1000)).toEqual([overBudget(0x1000)]);
  });

  test("a line program that goes over all addresses again and again", async () => {
    const dwarf = new DwarfWriter();
    const lines = dwarf.lines({ version: 4, files: [{ name: "a.c", directory: 0 }] }, Array.from({ length: 30_000 }, () => [["address", at(0)], ["copy"], ["advance", 0x3fff], ["end"]] as const).flat());
    // One address has no row: until it is found the program runs on.
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [named("f"), ...code(0, 0x4000)])], 0, 0x4000, [[dw.DW_AT_stmt_list, dw.DW_FORM_sec_offset, lines]]));
    expect(await outcomes(linkedFile(dwarf, { codeSize: 0x4000 }), 0x4000)).toEqual([overBudget(0x4000)]);
  });

  test("many units that share one long line program", async () => {
    const dwarf = new DwarfWriter();
    const lines = dwarf.lines({ version: 4, files: [{ name: "a.c", directory: 0 }] }, [["raw", ...Array.from({ length: 600_000 }, () => 1)], ["address", at(0)], ["copy"], ["advance", 4], ["end"]]);
    for (let k = 0; k < 1200; k++) dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [named("f"), ...code(k, k + 1)])], k, k + 1, [[dw.DW_AT_stmt_list, dw.DW_FORM_sec_offset, lines]]));
    const found = await outcomes(linkedFile(dwarf), 1200);
    expect(found.at(-1)).toBe(overBudget(1200));
    expect(found.every((one) => /^(f|over-budget)/.test(one))).toBe(true);
  });

  test("a table of 2^20 abbreviations", async () => {
    const dwarf = new DwarfWriter();
    const many = new Uint8Array(5 << 20);
    for (let k = 0; k < many.length; k += 5) many.set([1, 0x34, 0, 0, 0], k);
    const table = dwarf.raw("abbrev", many);
    dwarf.unit(good("f", 0), { claims: { abbreviations: table } });
    dwarf.unit(die(dw.DW_TAG_compile_unit, [[0x3001, dw.DW_FORM_data1, 2]]), { claims: { abbreviations: table } });
    expect(await outcomes(linkedFile(dwarf), 1)).toEqual([expect.stringMatching(/^(none|malformed: test\.elf: )/)]);
  });

  test("thousands of functions and thousands of addresses in one unit are no trap: they are answered", async () => {
    const dwarf = new DwarfWriter();
    const functions = Array.from({ length: 8000 }, (_, k) => die(dw.DW_TAG_subprogram, [named("f"), ...code(k * 2, k * 2 + 2)]));
    // Around all of them, so that every function must give way to a smaller one.
    const around = Array.from({ length: 200 }, (_, k) => die(dw.DW_TAG_subprogram, [named("around"), ...code(0, 16_000 + k)]));
    dwarf.unit(unitOf([...around, ...functions], 0, 17_000));
    expect(await outcomes(linkedFile(dwarf, { codeSize: 0x8000 }), 8000, 2)).toEqual(["f ??:0:0"]);
    expect(await outcomes(linkedFile(dwarf, { codeSize: 0x8000 }), 16_199)).toEqual(["f ??:0:0", "around ??:0:0"]);
  });

  test("an index in which every set lists every address", async () => {
    const dwarf = new DwarfWriter();
    const whole = [at(0), at(0x4000)] as const;
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [named("f"), ...code(0, 0x4000)])], 0, 0x4000), { aranges: Array.from({ length: 50_000 }, () => whole) });
    expect(await outcomes(linkedFile(dwarf, { codeSize: 0x4000 }), 0x4000)).toEqual(["f ??:0:0"]);
  });

  test("a name of a megabyte", async () => {
    const dwarf = new DwarfWriter();
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [named("x".repeat(1 << 20)), ...code(0, 1)]), die(dw.DW_TAG_subprogram, [[dw.DW_AT_name, dw.DW_FORM_strp, "y".repeat(1 << 20)], ...code(1, 2)])], 0, 2));
    dwarf.unit(unitOf([die(dw.DW_TAG_subprogram, [[dw.DW_AT_name, dw.DW_FORM_strp, "y".repeat(1 << 20)], ...code(2, 3)])], 2, 3));
    expect((await lookedUp(linkedFile(dwarf), [0, 1, 2])).map((line) => line.replace(/0x[0-9a-f]+: a string .*/, "a string"))).toEqual(["0x0: malformed: test.elf: .debug_info at offset a string", "0x1: malformed: test.elf: .debug_info at offset a string", expect.stringMatching(/^0x2: malformed: test\.elf: \.debug_str at offset a string$/)]);
  });
});
