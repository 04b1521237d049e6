import type { EffectInstruction } from "../../../disasm/index.ts";
import type { RegisterFile } from "./registers.ts";

/** What the steps of this folder must know of a processor and its calling convention. Registers go by the names of the log. */
export type Machine = RegisterFile & {
  /** Registers by DWARF's numbers. */
  readonly dwarf: readonly string[];
  /** Of a call: those that hold the arguments and the result, and those that it may change. */
  readonly given: readonly string[];
  readonly result: string;
  readonly clobbered: ReadonlySet<string>;
  readonly frame: string;
  readonly pc: string;
  /** What the stack pointer lies below the canonical frame address at a function's entry, in bytes. */
  readonly depthAtEntry: number;
  /** The longest instruction, in bytes. */
  readonly longest: number;
  /** Depths of the stack pointer and of the frame pointer behind an instruction; null where that cannot be told, or for a frame pointer that is none. */
  stackAfter(effect: EffectInstruction, depth: number, frame: number | null): readonly [number | null, number | null];
  /** The register that code jumps to through a helper of this name; null for other functions. */
  thunk(name: string): string | null;
  /** Whether the flags stay what they were. */
  leavesFlags(effect: EffectInstruction): boolean;
  /** What a relocation's addend counts from in terms of the symbol: `rest` bytes are from the field to the instruction's end. */
  addend(type: number, addend: number, rest: number): number;
  /** Whether a relocation gives the low bits of an address whose page another instruction has put into the operand's base. */
  isLow(type: number): boolean;
  /** A number that computing made: nothing is known of it but that it is one. */
  readonly arithmetic: RegExp;
  /** Where KASAN keeps what it knows of memory, a byte for eight; null where that differs by configuration. */
  readonly shadowOffset: bigint | null;
};

