import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { OopscopeError, type ImageOffset } from "../../src/base/index.ts";
import { elfFromBytes, SHF_EXECINSTR } from "../../src/elf/index.ts";
import { imageOf } from "../../src/symbolize/index.ts";
import * as dw from "../../src/dwarf/constants.ts";
import { DwarfWriter, die, type Attribute } from "../support/dwarfwriter.ts";
import { kernelBase, linkedFile } from "../support/places.ts";
import { mutated } from "../support/mutations.ts";
import { randomForTest } from "../support/seed.ts";

// Damaged files: whatever is wrong with one, nothing but an OopscopeError is thrown, which names the file and the section or offset, and nothing takes long.

const folder = fileURLToPath(new URL("../fixtures/objects/", import.meta.url));
const plain = ["gcc-dwarf5.o", "gcc-dwarf4-zlib.o", "gcc-dwarf2.o", "clang-dwarf5.o", "clang-dwarf4-riscv64.o", "clang-dwarf5-s390x.o", "clang-dwarf3-i386.o", "linked"];
const packed = ["gcc-dwarf5.o.gz", "gcc-dwarf5.o.xz", "gcc-dwarf5.o.zst"];
const plainMutations = 8_000;
const writtenMutations = 21_000;
const packedMutations = 1_000;

const read = (name: string) => new Uint8Array(readFileSync(folder + name));
const named = (names: readonly string[]) => names.map((name) => ({ name, bytes: read(name) }));

/** What compilers here do not make: names, ranges and units by way of tables and of one another. */
function written(version: 3 | 4 | 5, little: boolean): Uint8Array {
  const dwarf = new DwarfWriter({ little });
  const at = (offset: number) => kernelBase + BigInt(offset);
  const list = version === 5 ? dwarf.rnglist([["startx_length", at(0x10), 8], ["base_addressx", at(0x40)], ["offset_pair", 0, 0x20]]) : dwarf.ranges([[at(0x10), at(0x18)], [at(0x40), at(0x60)]]);
  const table = version === 5 ? dwarf.rnglistTable([[["start_end", at(0), at(0x60)]]]) : 0;
  const lines = dwarf.lines({ version, operationsPerInstruction: version === 4 ? 2 : 1, directories: ["/src"], files: [{ name: "a.c", directory: 0 }, { name: "b.c", directory: 1 }] }, [["address", at(0)], ["copy"], ["advance", 0x10], ["line", 300], ["file", 2], ["copy"], ["special", 100], ["constant"], ["discriminator", 4], ["fixed", 2], ["copy"], ["advance", 0x40], ["end"]]);
  const declaration = die(dw.DW_TAG_subprogram, [[dw.DW_AT_name, dw.DW_FORM_strp, "start"]]);
  const abstract = die(dw.DW_TAG_subprogram, [[dw.DW_AT_specification, dw.DW_FORM_ref_addr, declaration]]);
  const text = version === 5 ? dw.DW_FORM_strx : dw.DW_FORM_strp;
  const ranges: Attribute = [dw.DW_AT_ranges, version === 5 ? dw.DW_FORM_sec_offset : dw.DW_FORM_data4, list];
  const inlined = die(dw.DW_TAG_inlined_subroutine, [[dw.DW_AT_abstract_origin, dw.DW_FORM_ref_addr, abstract], ranges, [dw.DW_AT_call_file, dw.DW_FORM_data1, 1], [dw.DW_AT_call_line, dw.DW_FORM_udata, 20]], [die(dw.DW_TAG_lexical_block, [], [die(0x34, [])])]);
  const walk = die(dw.DW_TAG_subprogram, [[dw.DW_AT_name, text, "walk"], ...(version === 5 ? [[dw.DW_AT_ranges, dw.DW_FORM_rnglistx, 0] as Attribute] : [[dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0)] as Attribute, [dw.DW_AT_high_pc, dw.DW_FORM_addr, at(0x60)] as Attribute])], [inlined]);
  const bases: Attribute[] = version === 5 ? [[dw.DW_AT_str_offsets_base, dw.DW_FORM_sec_offset, dwarf.tableBase], [dw.DW_AT_addr_base, dw.DW_FORM_sec_offset, dwarf.tableBase], [dw.DW_AT_rnglists_base, dw.DW_FORM_sec_offset, table]] : [];
  dwarf.unit(die(dw.DW_TAG_compile_unit, [[dw.DW_AT_stmt_list, version === 3 ? dw.DW_FORM_data4 : dw.DW_FORM_sec_offset, lines], [dw.DW_AT_comp_dir, dw.DW_FORM_string, "/src"], ...bases, [dw.DW_AT_low_pc, dw.DW_FORM_addr, at(0)], [dw.DW_AT_high_pc, dw.DW_FORM_udata, 0x60]], [abstract, walk]), { version, aranges: version === 3 ? [[at(0), at(0x60)]] : [] });
  dwarf.unit(die(dw.DW_TAG_partial_unit, [], [declaration]), { version });
  return linkedFile(dwarf, { codeSize: 0x80, symbols: [{ name: "walk", section: ".text", value: at(0), size: 0x60 }, { name: "start", section: ".text", value: at(0x60), size: 0x10 }] });
}

/** Everything that is asked of a file. */
async function ask(name: string, bytes: Uint8Array): Promise<string> {
  const image = await imageOf(await elfFromBytes(name, bytes));
  const { elf } = image;
  const offsets: number[] = [-1, 0, 0x7fff_ffff];
  for (const section of elf.sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0).slice(0, 4)) {
    const place = elf.placeOf(section);
    for (const within of [0, 0x11, 0x27, 0x40, 0x73]) offsets.push(place + within);
  }
  const parts: string[] = [];
  const part = (of: () => unknown) => {
    try {
      parts.push(JSON.stringify(of()) ?? "");
    } catch (error) {
      checkError(error, name);
      parts.push((error as OopscopeError).code);
    }
  };
  part(() => image.lookup(offsets as ImageOffset[]));
  part(() => [...image.symbols(["walk", "start", "trace"]).values()].map((symbols) => symbols.map((symbol) => [image.extentOf(symbol), image.fits(symbol, 100)])));
  part(() => image.symbolBeginningAt(offsets[3] as ImageOffset));
  part(() => image.unitAt(offsets[4] as ImageOffset));
  part(() => [elf.buildId(), elf.debugLink(), [...elf.modinfo()]]);
  return parts.join("\n");
}

function checkError(error: unknown, name: string): void {
  if (!(error instanceof OopscopeError)) throw error;
  const { file, section, offset } = error.facts;
  // What is wrong with a whole file has no place in it.
  const whole = error.code === "not-elf" || error.code === "over-budget" || / damaged (gzip|xz|zstd) data: /.test(error.message);
  if (!error.message.startsWith(`${name}: `) || file !== name || (!whole && section === undefined && offset === undefined)) {
    throw new Error(`an error that does not say where: ${error.code}: ${error.message} ${JSON.stringify(error.facts)}`, { cause: error });
  }
}

/** Where the bytes of headers, tables and debug sections lie in a file that is well. */
async function rangesOf(bytes: Uint8Array): Promise<{ from: number; to: number }[]> {
  const { header, sections } = await elfFromBytes("base", bytes);
  return [
    { from: 0, to: 64 },
    { from: header.sectionTable, to: header.sectionTable + header.sectionEntrySize * header.sectionCount },
    ...sections.filter(({ name, size, type }) => size > 0 && type !== 8 && /debug_(info|abbrev|line$|ranges|rnglists|aranges|addr|str_offsets)|symtab|rel/.test(name)).map(({ offset, size }) => ({ from: offset, to: offset + size })),
  ];
}

async function survive(files: readonly { readonly name: string; readonly bytes: Uint8Array }[], count: number, title: string): Promise<{ refused: number; changed: number }> {
  const random = randomForTest(title);
  const bases = await Promise.all(files.map(async ({ name, bytes }) => ({ name, bytes, ranges: /\.(gz|xz|zst)$/.test(name) ? [] : await rangesOf(bytes), answer: await ask(name, bytes) })));
  const outcome = { refused: 0, changed: 0 };
  for (let k = 0; k < count; k++) {
    const base = bases[k % bases.length]!;
    const bytes = mutated(base.bytes, random, base.ranges, bases[random.below(bases.length)]!.bytes);
    try {
      if ((await ask(base.name, bytes)) !== base.answer) outcome.changed++;
    } catch (error) {
      outcome.refused++;
      try {
        checkError(error, base.name);
      } catch (cause) {
        throw new Error(`mutation ${k} of seed ${random.seed}, ${base.name}`, { cause });
      }
    }
  }
  console.log(`${title}: ${count} mutations, ${outcome.refused} files refused, ${outcome.changed} with other answers or errors`);
  return outcome;
}

describe("damaged files", () => {
  test("objects and a program", { timeout: 120_000 }, async () => {
    const { refused, changed } = await survive(named(plain), plainMutations, "damaged objects");
    // That the damage reaches the readers: most of it is noticed in some answer.
    expect(changed).toBeGreaterThan(plainMutations / 10);
    expect(refused).toBeLessThan(plainMutations / 2);
  });

  test("files of our own writing", { timeout: 120_000 }, async () => {
    const files = ([[3, true], [4, true], [5, true], [4, false], [5, false]] as const).map(([version, little]) => ({ name: `version ${version}, ${little ? "little" : "big"} endian`, bytes: written(version, little) }));
    const { refused, changed } = await survive(files, writtenMutations, "damaged files of our own writing");
    expect(changed).toBeGreaterThan(writtenMutations / 10);
    expect(refused).toBeLessThan(writtenMutations / 2);
  });

  test("compressed files", { timeout: 120_000 }, async () => {
    const { refused } = await survive(named(packed), packedMutations, "damaged compressed files");
    expect(refused).toBeGreaterThan(packedMutations / 4);
  });

  test("what is well gives the same answers from every compression", async () => {
    const answer = await ask("one name", read("gcc-dwarf5.o"));
    expect(answer).toContain('"function":"inner","file":"/src/two.c"');
    for (const name of packed) expect(await ask("one name", read(name))).toBe(answer);
  });
});
