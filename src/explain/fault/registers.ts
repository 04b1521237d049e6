import { hex } from "../../base/index.ts";
import type { CaseReport, CaseVerdict } from "../../case/index.ts";
import { typeName } from "../../dwarf/index.ts";
import { meaningOf } from "../values.ts";
import { registerOf } from "./clues.ts";
import { single, textOf, type Known } from "./linear.ts";
import type { RegisterFile } from "./machines/index.ts";
import { addressText } from "./place.ts";
import type { CodePlace } from "./stack.ts";
import type { Values } from "./values.ts";

export type ObjectNote = CaseVerdict["objects"][number];

type Looks = { readonly what: string; readonly why: string };

/** The first page is never mapped; what is in it are numbers, unless something was to be read there. */
const page = 0x1000n;

/** What a value looks like, by its bits alone; null for one that could be anything, as small numbers could. `stack` is the stack pointer. */
export function looksLike(value: bigint, stack: bigint | null, file: RegisterFile): Looks | null {
  if (value < page) return null;
  if (stack !== null && value >= stack - page && value / file.stackSize === stack / file.stackSize) return { what: "an address on this task's stack", why: `it lies near ${file.stack.toUpperCase()}` };
  return file.bits === 32 ? looksLike32(value) : looksLike64(value, file);
}

function looksLike64(value: bigint, { regions, name }: RegisterFile): Looks | null {
  if (value === 0xc0000000n) return { what: "a saturated refcount", why: "REFCOUNT_SATURATED (include/linux/refcount.h)" };
  if (value >= 0xffff_f001n && value <= 0xffff_ffffn) return { what: `${value - 0x1_0000_0000n} as a number of 32 bits`, why: "its lower half is a small negative number" };
  // What is too small for an address of a program is a number.
  if (value < 0x40_0000n) return null;
  const meaning = meaningOf(value);
  if (meaning) return { what: meaning.is === "user" ? "an address of user space, or a number" : meaning.what, why: meaning.is === "user" ? "it lies in the lower half of the address space" : "its bits say so" };
  const range = regions.find(([low, high]) => value >= low && value <= high);
  if (range) return { what: `an address in ${range[2]}`, why: `the range is the default of ${name}` };
  return { what: "a kernel address", why: "it lies in the upper half of the address space" };
}

/** PAGE_OFFSET of a kernel of 32 bits with the default split (arch/x86/Kconfig). */
const kernelHalf = 0xc000_0000n;

function looksLike32(value: bigint): Looks | null {
  const error = value >= 0xffff_f001n ? meaningOf(BigInt.asUintN(64, BigInt.asIntN(32, value))) : null;
  if (error) return { what: error.what, why: "its bits say so" };
  for (const [poison, what] of [[0x6b6b6b6bn, "the poison of freed slab memory"], [0x5a5a5a5an, "the poison of slab memory that nobody has written yet"]] as const) {
    if (value >> 8n === poison >> 8n) return { what: `${hex(poison)}${value === poison ? "" : value > poison ? ` plus ${hex(value - poison)}` : ` minus ${hex(poison - value)}`}, ${what}`, why: "its bits say so" };
  }
  if (value >= kernelHalf) return { what: "a kernel address, or a number", why: "it lies above PAGE_OFFSET of the default configuration" };
  return value < 0x800_0000n ? null : { what: "an address of user space, or a number", why: "it lies below PAGE_OFFSET of the default configuration" };
}

/** What a pointer into the first page is, which was followed: LIST_POISON on 32 bits (include/linux/poison.h), else NULL and a distance. */
function looksFollowed(value: bigint, { bits }: RegisterFile): Looks {
  const poison = bits === 32 && (value === 0x100n || value === 0x122n) ? ", or the `next` or `prev` of an entry that was deleted (LIST_POISON)" : "";
  return { what: value === 0n ? "NULL" : `NULL plus ${hex(value)}${poison}`, why: "the address that failed counts from it" };
}

/** What a runtime address is in code: its symbol with the offset. Null where it is none, or cannot be told. */
export type SymbolOf = (address: bigint) => string | null;

/** What every general register of a report is: the variable that it holds, and what its value looks like. `readings` are of the pc's function. */
export function registerNotes(report: CaseReport, place: CodePlace | null, readings: readonly Values[], symbolOf: SymbolOf, file: RegisterFile, address: bigint | null): ObjectNote[] {
  const notes: ObjectNote[] = [];
  const stack = registerOf(report, file.stack);
  const followed = basesOf(report, place);
  for (const register of file.general) {
    const text = report.registers[register];
    const value = registerOf(report, register);
    if (text === undefined || value === null) continue;
    const name = register === file.stack ? null : nameOf(register, place, readings);
    const looks = register === file.stack ? { what: "the stack pointer", why: `it is ${file.stack.toUpperCase()}` } : looksOf(value, name, followed.includes(register) ? address : null, symbolOf(value), stack, file);
    if (name === null && looks === null) continue;
    const what = name === null ? looks!.what : looks === null ? name.what : `${name.what}: ${looks.what}`;
    notes.push({ address: text, what: `${register.toUpperCase()}: ${what}`, why: name === null ? looks!.why : looks === null ? name.why : `${name.why}; ${looks.why}` });
  }
  return notes;
}

/** `address` is the one that failed, for a register that it was made of. */
function looksOf(value: bigint, name: Name | null, address: bigint | null, symbol: string | null, stack: bigint | null, file: RegisterFile): Looks | null {
  if (symbol !== null) return { what: `the address of ${symbol}`, why: "it lies in known code" };
  if (name?.is === "number" && value < 0x1_0000_0000n) return { what: value.toString(), why: "as the log has it" };
  if (value < page && ((address !== null && address >= value && address - value < page) || (name?.is === "pointer" && value === 0n))) return address === null ? { what: "NULL", why: "all bits are 0" } : looksFollowed(value, file);
  if (value < page) return name === null ? null : { what: value.toString(), why: "as the log has it" };
  return looksLike(value, stack, file);
}

/** The registers that the failing instruction made an address of: by its operands, or by its text where only the `Code:` line shows it. */
function basesOf({ instructions }: CaseReport, place: CodePlace | null): string[] {
  const operands = place?.code.list[place.index]?.effect.operands;
  if (operands) return operands.flatMap((operand) => (operand.kind === "memory" && operand.base !== null ? [operand.base] : []));
  const text = instructions === null || instructions.user ? "" : (instructions.fromTrap[0]?.text ?? "");
  return [...text.matchAll(/\(%(\w+)|\[(x\d+|sp)\b/g)].map((match) => (match[1] ?? match[2])!);
}

type Name = { readonly what: string; readonly why: string; readonly is: "number" | "pointer" | "other" };

function nameOf(register: string, place: CodePlace | null, readings: readonly Values[]): Name | null {
  if (!place) return null;
  for (const values of readings) {
    const known = values.before(register, place.index).find((value): value is Known => value.unknown === null && value.terms.length > 0 && !value.terms.some(({ atom }) => atom.kind === "entry" || atom.kind === "frame" || atom.text === "…"));
    if (!known) continue;
    const atom = single(known);
    // A function that gives nothing back left this behind.
    if (atom?.type === null) return null;
    if (atom && !atom.isAddress) {
      const type = atom.type === undefined ? "" : ` (\`${typeName(atom.type)}\`)`;
      return { what: `\`${atom.text}\`${type}`, why: atom.kind === "variable" ? "debug information places the variable there" : "the code before the place put it there", is: atom.type?.plain?.kind === "base" ? "number" : atom.type?.plain?.kind === "pointer" ? "pointer" : "other" };
    }
    const { text, type } = addressText(known);
    return { what: `\`${type === null ? textOf(known) : text}\`${type === null ? "" : ` (\`${type}\`)`}`, why: "the code before the place put it there", is: "other" };
  }
  return null;
}
