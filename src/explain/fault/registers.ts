import { hex } from "../../base/index.ts";
import type { CaseReport, CaseVerdict } from "../../case/index.ts";
import { typeName } from "../../dwarf/index.ts";
import { meaningOf } from "../values.ts";
import { registerOf } from "./clues.ts";
import { single, textOf, type Known } from "./linear.ts";
import type { Machine } from "./machines/index.ts";
import { addressText } from "./place.ts";
import type { CodePlace } from "./stack.ts";
import type { Values } from "./values.ts";

const shownArch: Readonly<Record<Machine["arch"], string>> = { x86_64: "x86-64", i386: "x86", arm64: "arm64" };

export type ObjectNote = CaseVerdict["objects"][number];

/** What a value looks like, by its bits alone; null for one that could be anything. `stack` is RSP. */
export function looksLike(value: bigint, stack: bigint | null, machine: Machine): { readonly what: string; readonly why: string } | null {
  if (value === 0n) return { what: "NULL, or 0", why: "all bits are 0" };
  if (value < 0x1000n) return { what: `${value}, or NULL plus ${hex(value)}`, why: "it lies in the first page" };
  if (stack !== null && value >= stack - 0x1000n && value < stack + 0x4000n && value >> 14n === stack >> 14n) return { what: "an address on this task's stack", why: `it lies near ${machine.stack.toUpperCase()}` };
  if (value === 0xc0000000n) return { what: "a saturated refcount", why: "REFCOUNT_SATURATED (include/linux/refcount.h)" };
  // What is too small for an address of a program is a number.
  if (value < 0x40_0000n) return null;
  const meaning = meaningOf(value);
  if (meaning) return { what: meaning.is === "user" ? "an address of user space, or a number" : meaning.what, why: meaning.is === "user" ? "it lies in the lower half of the address space" : "its bits say so" };
  const range = machine.regions.find(([low, high]) => value >= low && value <= high);
  if (range) return { what: `an address in ${range[2]}`, why: `the range is the default of ${shownArch[machine.arch]}` };
  return { what: "a kernel address", why: "it lies in the upper half of the address space" };
}

/** What a runtime address is in code: its symbol with the offset. Null where it is none, or cannot be told. */
export type SymbolOf = (address: bigint) => string | null;

/** What every general register of a report is: the variable that it holds, and what its value looks like. `readings` are of the pc's function. */
export function registerNotes(report: CaseReport, place: CodePlace | null, readings: readonly Values[], symbolOf: SymbolOf, machine: Machine): ObjectNote[] {
  const notes: ObjectNote[] = [];
  const stack = registerOf(report, machine.stack);
  for (const register of machine.general) {
    const text = report.registers[register];
    if (text === undefined) continue;
    const value = BigInt(text);
    const name = register === machine.stack ? null : nameOf(register, place, readings);
    const symbol = symbolOf(value);
    let looks = register === machine.stack ? { what: "the stack pointer", why: `it is ${machine.stack.toUpperCase()}` } : symbol !== null ? { what: `the address of ${symbol}`, why: "it lies in known code" } : looksLike(value, stack, machine);
    if (name?.isNumber && value < 0x1_0000_0000n) looks = { what: value.toString(), why: "as the log has it" };
    if (name === null && looks === null) continue;
    const what = name === null ? looks!.what : looks === null ? name.what : `${name.what}: ${looks.what}`;
    notes.push({ address: text, what: `${register.toUpperCase()}: ${what}`, why: name === null ? looks!.why : looks === null ? name.why : `${name.why}; ${looks.why}` });
  }
  return notes;
}

function nameOf(register: string, place: CodePlace | null, readings: readonly Values[]): { readonly what: string; readonly why: string; readonly isNumber: boolean } | null {
  if (!place) return null;
  for (const values of readings) {
    const known = values.before(register, place.index).find((value): value is Known => value.unknown === null && value.terms.length > 0 && !value.terms.some(({ atom }) => atom.kind === "entry" || atom.kind === "frame" || atom.text === "…"));
    if (!known) continue;
    const atom = single(known);
    // A function that gives nothing back left this behind.
    if (atom?.type === null) return null;
    if (atom && !atom.isAddress) {
      const type = atom.type === undefined ? "" : ` (\`${typeName(atom.type)}\`)`;
      return { what: `\`${atom.text}\`${type}`, why: atom.kind === "variable" ? "debug information places the variable there" : "the code before the place put it there", isNumber: atom.type?.plain?.kind === "base" };
    }
    const { text, type } = addressText(known);
    return { what: `\`${type === null ? textOf(known) : text}\`${type === null ? "" : ` (\`${type}\`)`}`, why: "the code before the place put it there", isNumber: false };
  }
  return null;
}
