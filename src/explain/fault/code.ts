import type { ElfFile, Section } from "../../elf/index.ts";
import { effects, type EffectInstruction, type EffectOperand } from "../../disasm/index.ts";
import { within, type FaultImage } from "./image.ts";
import type { Machine } from "./machines/index.ts";

// The code of one function: its instructions with what they refer to, and where control may come from.

/** What a constant or a displacement stands for: a place of the image, or a symbol of another one. */
export type Reference = { readonly address: number } | { readonly name: string; readonly addend: number };

export type CodeInstruction = {
  /** Image offset. */
  readonly at: number;
  readonly effect: EffectInstruction;
  /** Of each operand's displacement or constant. */
  readonly references: readonly (Reference | null)[];
  /** Of a direct call, jump or branch. */
  readonly target: Reference | null;
};

type Memory = Extract<EffectOperand, { kind: "memory" }>;

const largestFunction = 1 << 18;

export class FunctionCode {
  readonly image: FaultImage;
  readonly machine: Machine;
  readonly entry: number;
  readonly list: readonly CodeInstruction[];
  readonly #index = new Map<number, number>();
  readonly #before: number[][] = [];
  readonly #depths: (number | null)[];
  readonly #frames: (number | null)[];

  constructor(image: FaultImage, entry: number, list: readonly CodeInstruction[]) {
    this.image = image;
    this.machine = image.machine;
    this.entry = entry;
    this.list = list;
    for (const [k, { at }] of list.entries()) this.#index.set(at, k);
    this.#connect();
    this.#depths = list.map(() => null);
    this.#frames = list.map(() => null);
    this.#measureStack();
  }

  /** Index of the instruction that begins at an address, or -1. */
  indexAt(address: number): number {
    return this.#index.get(address) ?? -1;
  }

  /** Index of the instruction that holds an address, or -1: a return address less one lies in the call. */
  indexHolding(address: number): number {
    for (let at = address; at > address - this.machine.longest; at--) {
      const index = this.#index.get(at);
      if (index !== undefined) return at + this.list[index]!.effect.size > address ? index : -1;
    }
    return -1;
  }

  /** Where control may come from. */
  before(index: number): readonly number[] {
    return this.#before[index]!;
  }

  /** What the stack pointer lies below the canonical frame address before an instruction, in bytes; null where that cannot be told. */
  stackDepth(index: number): number | null {
    return this.#depths[index]!;
  }

  /** The same of a register: null unless it is the stack pointer, or the frame pointer where it is one. */
  depthOf(register: string, index: number): number | null {
    return register === this.machine.stack ? this.#depths[index]! : register === this.machine.frame ? this.#frames[index]! : null;
  }

  /** The stack slot that an operand is, from the canonical frame address; null for other memory. */
  slotOf(operand: Memory, index: number): number | null {
    if (operand.index !== null || operand.segment !== null || operand.base === null) return null;
    const depth = this.depthOf(operand.base, index);
    return depth === null ? null : Number(operand.displacement) - depth;
  }

  /** The name of what an instruction calls or jumps to; null for indirect ones and for places within the function. */
  calleeOf(instruction: CodeInstruction): string | null {
    const { target } = instruction;
    if (!target) return null;
    if ("name" in target) return target.name;
    if (this.#index.has(target.address)) return null;
    const symbol = this.image.symbolAt(target.address);
    return symbol && symbol.address === target.address ? symbol.name : null;
  }

  #connect(): void {
    const traps: [number, number][] = [];
    for (let k = 0; k < this.list.length; k++) this.#before.push([]);
    for (const [k, instruction] of this.list.entries()) {
      const { effect, at, target } = instruction;
      const next = this.#index.get(at + effect.size);
      const goesOn = effect.operation !== "jump" && effect.operation !== "return" && effect.operation !== "invalid" && !(effect.operation === "call" && target && "name" in target && neverReturns.test(target.name));
      if (next !== undefined && effect.operation === "trap") traps.push([k, next]);
      else if (next !== undefined && goesOn) this.#before[next]!.push(k);
      if ((effect.operation === "jump" || effect.operation === "branch") && target && "address" in target) {
        const to = this.#index.get(target.address);
        if (to !== undefined) this.#before[to]!.push(k);
      }
    }
    // WARN goes on behind its trap, BUG does not: what nothing else leads to is behind a WARN.
    for (const [from, to] of traps) if (this.#before[to]!.length === 0) this.#before[to]!.push(from);
    // Nothing comes from what only fills the room between pieces of code.
    for (const [k, { effect, at }] of this.list.entries()) {
      const next = this.#index.get(at + effect.size);
      if (effect.operation === "nothing" && this.#before[k]!.length === 0 && at !== this.entry && next !== undefined) this.#before[next] = this.#before[next]!.filter((from) => from !== k);
    }
  }

  #measureStack(): void {
    const start = this.#index.get(this.entry);
    if (start === undefined) return;
    const after: number[][] = this.list.map(() => []);
    for (const [to, sources] of this.#before.entries()) for (const from of sources) after[from]!.push(to);
    this.#depths[start] = this.machine.depthAtEntry;
    const work = [start];
    while (work.length > 0) {
      const k = work.pop()!;
      const depth = this.#depths[k]!;
      const [nextDepth, nextFrame] = this.machine.stackAfter(this.list[k]!.effect, depth, this.#frames[k]!);
      for (const to of after[k]!) {
        if (this.#depths[to] !== null || nextDepth === null) continue;
        this.#depths[to] = nextDepth;
        this.#frames[to] = nextFrame;
        work.push(to);
      }
    }
  }
}

const neverReturns = /^(?:__stack_chk_fail|panic|fortify_panic|__fortify_panic|do_exit|make_task_dead|usercopy_abort|__ubsan_handle_\w+_abort|__x86_return_thunk)$/;

/** Reads and decodes the function whose code lies in `ranges` (from and to, …); `entry` is where it begins. Null where the file has no bytes of it. */
export async function readFunction(image: FaultImage, entry: number, ranges: readonly number[]): Promise<FunctionCode | null> {
  const list: CodeInstruction[] = [];
  for (let k = 0; k < ranges.length; k += 2) {
    const from = ranges[k]!;
    const to = ranges[k + 1]!;
    const place = image.sectionAt(from);
    if (!place || to - from > largestFunction || to - from <= 0) continue;
    const bytes = image.code.bytes(place.section, from - place.start, to - place.start);
    for (const effect of await effects(bytes, image.machine.arch)) list.push(instructionOf(image, place.section, from - place.start, from, effect));
  }
  if (list.length === 0) return null;
  // All that it calls, at once.
  if (!image.elf.relocatable) image.findSymbols([entry, ...list.flatMap(({ target }) => (target && "address" in target && !within(ranges, target.address) ? [target.address] : []))]);
  list.sort((a, b) => a.at - b.at);
  return new FunctionCode(image, entry, list);
}

/** `within` is where the bytes begin in their section, `base` in the image. */
function instructionOf({ code: elf, machine }: FaultImage, section: Section, within: number, base: number, decoded: EffectInstruction): CodeInstruction {
  const refer = (field: number): Relocated | null => (field < 0 || !elf.relocatable ? null : relocationAt(elf, machine, section, within + decoded.offset + field, decoded.size - field));
  const effect = withoutPages(decoded, refer);
  const at = base + effect.offset;
  const references = effect.operands.map((operand): Reference | null => {
    if (operand.kind === "page") return refer(operand.field)?.to ?? { address: pageOf(elf, at) + operand.pages * pageSize };
    if (operand.kind === "memory") return refer(operand.field)?.to ?? placeOf(elf, operand, base);
    if (operand.kind === "constant") return refer(operand.field)?.to ?? (elf.relocatable ? null : imagePlace(elf, operand.value));
    return null;
  });
  let target: Reference | null = null;
  if (effect.target !== null) {
    // The displacement of a near call, jump or branch is the instruction's last four bytes, or its last; of arm64 it is in the one word.
    target = effect.size >= 4 ? (refer(effect.size - 4)?.to ?? null) : null;
    target ??= { address: base + effect.target };
  }
  return { at, effect, references, target };
}

function placeOf(elf: ElfFile, operand: Extract<EffectOperand, { kind: "memory" }>, base: number): Reference | null {
  if (operand.relative) return { address: base + Number(operand.displacement) };
  return elf.relocatable ? null : imagePlace(elf, operand.displacement);
}

/** A number that is an address of a linked image. */
function imagePlace(elf: ElfFile, value: bigint): Reference | null {
  const offset = Number(BigInt.asIntN(64, BigInt.asUintN(64, value) - elf.base));
  return Number.isSafeInteger(offset) && value < 0n && elf.sectionAt(offset) ? { address: offset } : null;
}

/** What a relocation refers to; `isLow`: the field has the low bits of the address alone. */
type Relocated = { readonly to: Reference; readonly isLow: boolean };

/** Where two instructions make an address, one its page and one the rest, the second's relocation tells all of it: its base register does not count. */
function withoutPages(effect: EffectInstruction, refer: (field: number) => Relocated | null): EffectInstruction {
  const isLow = (operand: EffectOperand): boolean => operand.kind === "memory" && operand.base !== null && refer(operand.field)?.isLow === true;
  if (!effect.operands.some(isLow)) return effect;
  return { ...effect, operands: effect.operands.map((operand) => (operand.kind === "memory" && isLow(operand) ? { ...operand, base: null, displacement: 0n } : operand)) };
}

const pageSize = 4096;

/** The image offset of the page that an image offset lies in. */
function pageOf(elf: ElfFile, at: number): number {
  return at - Number((elf.base + BigInt(at)) & BigInt(pageSize - 1));
}

/** What the relocation of a field refers to; `rest` is from the field to the instruction's end. */
function relocationAt(elf: ElfFile, machine: Machine, section: Section, offset: number, rest: number): Relocated | null {
  const table = elf.relocationsOf(section)?.within(offset, offset + 1);
  const symbols = elf.symbols();
  if (!table || table.count === 0 || !symbols) return null;
  const symbol = table.symbols[0]!;
  if (symbol >= symbols.count) return null;
  const type = table.types[0]!;
  const addend = machine.addend(type, table.addends?.[0] ?? 0, rest);
  const to = symbols.section(symbol) === 0 ? { name: symbols.name(symbol), addend } : { address: symbols.value(symbol) + addend };
  return { to, isLow: machine.isLow(type) };
}

/** Reads the function that owns an address: by its debug information, else by the symbol table. */
export async function functionAt(image: FaultImage, address: number): Promise<FunctionCode | null> {
  const scopes = image.scopesAt(address);
  const own = scopes?.scopes[0]?.ranges;
  if (own && own.length > 0 && within(own, address)) return readFunction(image, entryOf(image, own), own);
  const symbol = image.symbolAt(address);
  const place = image.sectionAt(address);
  if (!symbol || !place) return null;
  const end = Math.min(place.start + place.section.size, nextSymbol(image, symbol.address) ?? Infinity);
  return readFunction(image, symbol.address, [symbol.address, end]);
}

/** Of code in pieces the entry is the piece that no `.cold` symbol names. */
function entryOf(image: FaultImage, ranges: readonly number[]): number {
  for (let k = 0; k < ranges.length; k += 2) {
    const symbol = image.symbolAt(ranges[k]!);
    if (symbol && symbol.address === ranges[k] && !/\.cold(?:\.|$)/.test(symbol.name)) return ranges[k]!;
  }
  return ranges[0]!;
}

function nextSymbol(image: FaultImage, address: number): number | null {
  const table = image.elf.symbols();
  let next: number | null = null;
  if (table) {
    for (let k = 1; k < table.count; k++) {
      const value = table.value(k);
      if (value > address && (next === null || value < next) && table.isCode(k)) next = value;
    }
  }
  return next;
}
