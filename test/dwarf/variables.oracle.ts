import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { DwarfFile, namesOf, scopesAt, typeName, type Location } from "../../src/dwarf/index.ts";
import { openElf } from "../../src/elf/index.ts";
import { compile } from "../explain/fault/compiled.ts";

const source = new URL("../explain/fault/expressions.c", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "oopscope-variables-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** `name [low,high) place` of every place that llvm-dwarfdump prints as one register, a register and an offset, or an entry value, in the functions of .text. */
function dumped(object: string): string[] {
  const text = execFileSync("llvm-dwarfdump-14", ["--debug-info", object], { encoding: "utf8", maxBuffer: 1 << 28 });
  const found: string[] = [];
  // An entry's attributes follow it, its places as lines of their own; the name of an inlined one stands in its origin.
  for (const entry of text.split(/\n(?=0x[0-9a-f]{8}:)/)) {
    if (!/DW_TAG_(?:variable|formal_parameter)/.test(entry)) continue;
    const name = /DW_AT_name\t\("(.*)"\)/.exec(entry)?.[1] ?? /DW_AT_abstract_origin\t\(0x[0-9a-f]+ "(.*)"\)/.exec(entry)?.[1];
    for (const [, low, high, place] of entry.matchAll(/\[0x([0-9a-f]+), 0x([0-9a-f]+)\): (.*)/g)) {
      // The last place of a list is followed by the list's own parenthesis.
      const simple = simplified(place!.split("(").length === place!.split(")").length ? place! : place!.replace(/\)$/, ""));
      if (simple && low !== high) found.push(`${name} [${parseInt(low!, 16)},${parseInt(high!, 16)}) ${simple}`);
    }
  }
  return found.sort();
}

const numbers: Readonly<Record<string, number>> = { RAX: 0, RDX: 1, RCX: 2, RBX: 3, RSI: 4, RDI: 5, RBP: 6, RSP: 7, R8: 8, R9: 9, R10: 10, R11: 11, R12: 12, R13: 13, R14: 14, R15: 15 };

function simplified(place: string): string | null {
  const whole = /^DW_OP_reg\d+ (\w+)$/.exec(place);
  if (whole) return `register ${numbers[whole[1]!]}`;
  const sum = /^DW_OP_breg\d+ (\w+)([+-]\d+), DW_OP_stack_value$/.exec(place);
  if (sum) return `value register ${numbers[sum[1]!]}${sum[2]}`;
  const entry = /^DW_OP_(?:GNU_)?entry_value\(DW_OP_reg\d+ (\w+)\), DW_OP_stack_value$/.exec(place);
  return entry ? `value entry ${numbers[entry[1]!]}+0` : null;
}

function ours(location: Location): string | null {
  if (location.kind === "register") return `register ${location.register}`;
  if (location.kind !== "value" || (location.base.kind !== "register" && location.base.kind !== "entry")) return null;
  return `value ${location.base.kind} ${location.base.register}${location.offset < 0n ? "" : "+"}${location.offset}`;
}

describe("places of variables and layouts of types, against llvm-dwarfdump and pahole", () => {
  for (const compiler of [["gcc", "-O2", "-g"], ["gcc", "-O2", "-gdwarf-4"], ["clang", "-O2", "-g"], ["clang", "-O2", "-gdwarf-4"]]) {
    test(compiler.join(" "), async () => {
      const object = join(folder, `${compiler.join("")}.o`);
      compile(source, compiler, object);
      const elf = await openElf(object);
      const dwarf = new DwarfFile(elf);
      const text = elf.section(".text")!;
      const base = elf.placeOf(text);
      const symbols = elf.symbols()!;
      const said: string[] = [];
      for (let k = 1; k < symbols.count; k++) {
        if (symbols.type(k) !== 2 || elf.sections[symbols.section(k)] !== text) continue;
        for (const { variables } of scopesAt(dwarf, symbols.value(k))!.scopes) {
          for (const { name, locations } of variables) {
            for (const { low, high, location } of locations) {
              const place = ours(location);
              if (place && low !== -Infinity) said.push(`${name} [${low - base},${high - base}) ${place}`);
            }
          }
        }
      }
      expect(said.sort()).toEqual(dumped(object));
      expect(said.length).toBeGreaterThan(80);

      const { unit } = scopesAt(dwarf, base)!;
      const names = namesOf(dwarf, unit);
      const priv = names.variableType("global_pointer")!.plain!.target!.plain!;
      const layout = execFileSync("pahole", ["-C", "priv", object], { encoding: "utf8" });
      const size = Number(/\n\t\/\* size: (\d+)/.exec(layout)![1]);
      const offsets = layout.split("\n").flatMap((line) => {
        const member = /^\t(?!\t)(?:.*?\b(\w+)(?:\[\d*\])*|\} (\w+));\s+\/\*\s+(\d+)\s+\d+ \*\//.exec(line);
        return member ? [[member[1] ?? member[2], Number(member[3])]] : [];
      });
      expect(priv.size).toBe(size);
      expect(priv.members.map(({ name, offset }) => [name, offset])).toEqual(offsets);
      expect(priv.members.map(({ name, type }) => typeName(type, name!))).toEqual([
        "struct device *dev", "struct ring ring", "struct list_head entries", "struct flags flags", "union address local", "struct {…} cache", "struct stats stats[4]", "u32 table[3][5]", "struct list_head node", "void *cookie", "u16 ports[]",
      ]);
      const ops = priv.members[0]!.type!.target!.members.find(({ name }) => name === "ops")!.type!.target!.target!;
      expect(ops.members.map(({ name, type }) => typeName(type, name!))).toEqual(["int (*open)(void *)", "int (*close)(void *, int)"]);
      elf.close();
    });
  }
});
