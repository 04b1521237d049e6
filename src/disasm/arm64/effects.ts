import type { EffectInstruction, EffectOperand, Operation } from "../types.ts";
import { accessOf } from "./access.ts";
import { decodeWord } from "./decode.ts";
import { flowAll } from "./flow.ts";
import { logicalImmediate } from "./immediates.ts";
import { signed } from "./numbers.ts";

// What the instructions that compilers make of C do to values, by their encodings (C4.1). What is not told here is `other` and says what it writes.

/** What each instruction reads and writes. Sums are `address`es, as x86 writes them with lea. */
export function effectsAll(bytes: Uint8Array): EffectInstruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return flowAll(bytes).map(({ offset, size, flow, target }) => {
    const common = { offset, size, target, condition: null, moves: null };
    if (flow === "invalid" || size < 4) return { ...common, mnemonic: "(bad)", operation: "invalid", operands: [], writes: [] };
    const word = view.getUint32(offset, true);
    const { text } = decodeWord(word, offset);
    const mnemonic = text.slice(0, text.indexOf(" ") < 0 ? undefined : text.indexOf(" "));
    const found = flow === "other" ? effectOf(word, offset, text) : leading(word, flow);
    return { ...common, mnemonic, writes: [], ...found };
  });
}

type Effect = { readonly operation: Operation; readonly operands: readonly EffectOperand[] } & Partial<Pick<EffectInstruction, "writes" | "condition" | "moves">>;

const flags = "flags";

const constant = (value: number | bigint): EffectOperand => ({ kind: "constant", value: BigInt(value), field: -1 });
const nothing: Effect = { operation: "nothing", operands: [] };

/** Number 31 is the zero register. */
function general(number: number, size: number): EffectOperand {
  return number === 31 ? constant(0) : { kind: "register", register: `x${number}`, size };
}

/** Number 31 is the stack pointer. */
function orStack(number: number, size: number): EffectOperand {
  return { kind: "register", register: nameOrStack(number), size };
}

const nameOrStack = (number: number): string => (number === 31 ? "sp" : `x${number}`);
/** What is written to the zero register is gone. */
const written = (number: number): string[] => (number === 31 ? [] : [`x${number}`]);

/** AT&T's letters of conditions, by A64's numbers; their opposites differ in the lowest bit. */
const conditions: readonly string[] = ["e", "ne", "ae", "b", "s", "ns", "o", "no", "a", "be", "ge", "l", "g", "le", "al", "al"];

/** Calls, jumps, branches, returns and traps. */
function leading(word: number, flow: "call" | "indirect-call" | "jump" | "indirect-jump" | "branch" | "return" | "trap"): Effect {
  const to: EffectOperand = { kind: "target" };
  const through = orStack((word >>> 5) & 31, 8);
  switch (flow) {
    case "call":
      return { operation: "call", operands: [to] };
    case "indirect-call":
      return { operation: "call", operands: [through] };
    case "jump":
      return { operation: "jump", operands: [to] };
    case "indirect-jump":
      return { operation: "jump", operands: [through] };
    case "return":
      return { operation: "return", operands: [] };
    case "trap":
      return { operation: "trap", operands: [] };
    case "branch": {
      if (word >>> 25 === 0b0101010) return { operation: "branch", operands: [to], condition: conditions[word & 15]! };
      const isSet = ((word >>> 24) & 1) === 1;
      const size = word >>> 31 === 1 ? 8 : 4;
      // The comparison is part of the branch: CBZ and CBNZ test all of a register, TBZ and TBNZ a bit.
      if (((word >>> 25) & 63) === 0b011010) return { operation: "branch", operands: [general(word & 31, size)], condition: isSet ? "ne" : "e" };
      return { operation: "branch", operands: [general(word & 31, size), constant(((word >>> 31) << 5) | ((word >>> 19) & 31))], condition: isSet ? "b" : "ae" };
    }
  }
}

function effectOf(word: number, offset: number, text: string): Effect {
  const group = (word >>> 25) & 15;
  if ((group & 0b1110) === 0b1000) return withImmediate(word, offset);
  if ((group & 0b1110) === 0b1010) return system(word, text);
  if ((group & 0b0101) === 0b0100) return memory(word, offset);
  if ((group & 0b0111) === 0b0101) return withRegisters(word);
  // Vectors and floating point: FMOV, UMOV and SMOV write general registers, others none that matters.
  return { operation: "other", operands: [], writes: written(word & 31) };
}

/** Barriers and hints; what is read from a system register. */
function system(word: number, text: string): Effect {
  if (word >>> 20 !== 0xd53) return nothing;
  const name = /, (\S+)/.exec(text)?.[1] ?? "";
  return { operation: "move", operands: [general(word & 31, 8), { kind: "system", name }], writes: written(word & 31) };
}

/** Data processing with an immediate (C4.1.92). */
function withImmediate(word: number, offset: number): Effect {
  const [d, n] = [word & 31, (word >>> 5) & 31];
  const size = word >>> 31 === 1 ? 8 : 4;
  const opc = (word >>> 29) & 3;
  const other: Effect = { operation: "other", operands: [], writes: written(d) };
  switch ((word >>> 23) & 7) {
    case 0:
    case 1: {
      const distance = signed(((word >>> 5) & 0x7ffff) * 4 + ((word >>> 29) & 3), 21);
      const to: EffectOperand = word >>> 31 === 1 ? { kind: "page", pages: distance, field: 0 } : addressOf(null, { displacement: offset + distance, relative: true, field: 0 });
      return { operation: word >>> 31 === 1 ? "move" : "address", operands: [general(d, 8), to], writes: written(d) };
    }
    case 2: {
      const value = ((word >>> 10) & 0xfff) * ((word >>> 22) & 1 ? 4096 : 1);
      const isMinus = (opc & 2) === 2;
      if ((opc & 1) === 1) {
        if (d === 31 && isMinus) return { operation: "compare", operands: [orStack(n, size), constant(value)], writes: [flags] };
        return { operation: isMinus ? "subtract" : "add", operands: [general(d, size), orStack(n, size), constant(value)], writes: [...written(d), flags] };
      }
      return { operation: "address", operands: [orStack(d, size), addressOf(nameOrStack(n), { displacement: isMinus ? -value : value, field: 0 })], writes: [nameOrStack(d)] };
    }
    case 4: {
      const value = logicalImmediate((word >>> 22) & 1, (word >>> 10) & 63, (word >>> 16) & 63, size === 8);
      if (value === null) return other;
      const mask = constant(BigInt.asIntN(size * 8, value));
      if (opc === 3) return d === 31 ? { operation: "test", operands: [general(n, size), mask], writes: [flags] } : { operation: "and", operands: [general(d, size), general(n, size), mask], writes: [...written(d), flags] };
      const writes = [nameOrStack(d)];
      if (opc === 1 && n === 31) return { operation: "move", operands: [orStack(d, size), mask], writes };
      return { operation: opc === 0 ? "and" : opc === 1 ? "or" : "xor", operands: [orStack(d, size), general(n, size), mask], writes };
    }
    case 5: {
      const value = BigInt((word >>> 5) & 0xffff) << BigInt(((word >>> 21) & 3) * 16);
      if (opc === 3) return { ...other, operation: "or", operands: [general(d, size), general(d, size), constant(value)] };
      return { ...other, operation: "move", operands: [general(d, size), constant(BigInt.asIntN(size * 8, opc === 0 ? ~value : value))] };
    }
    case 6:
      return { ...other, ...bitfield(word, size) };
    default:
      return other;
  }
}

/** SBFM and UBFM by the names that they go by; BFM changes a part alone. */
function bitfield(word: number, size: number): Partial<Effect> {
  const [d, n] = [general(word & 31, size), (word >>> 5) & 31];
  const [rotate, last] = [(word >>> 16) & 63, (word >>> 10) & 63];
  const bits = size * 8;
  if (((word >>> 29) & 3) === 1) return {};
  const isWhole = last + 1 === rotate || last === 31;
  if (last < rotate) return { operation: "shift-left", operands: [d, general(n, size), constant(bits - rotate), ...(isWhole ? [] : [constant(last + 1)])] };
  if (rotate === 0 && (last === 7 || last === 15 || last === 31)) return { operation: "move", operands: [d, general(n, (last + 1) / 8)] };
  if (last === bits - 1) return { operation: "shift-right", operands: [d, general(n, size), constant(rotate)] };
  return { operation: "shift-right", operands: [d, general(n, size), constant(rotate), constant(last - rotate + 1)] };
}

/** Data processing with registers alone (C4.1.95). */
function withRegisters(word: number): Effect {
  const [d, n, m] = [word & 31, (word >>> 5) & 31, (word >>> 16) & 31];
  const size = word >>> 31 === 1 ? 8 : 4;
  const opc = (word >>> 29) & 3;
  const amount = (word >>> 10) & 63;
  const isPlain = amount === 0 && ((word >>> 22) & 3) === 0;
  const other: Effect = { operation: "other", operands: [], writes: written(d) };
  const setting: Effect = { ...other, writes: [...written(d), flags] };
  if ((word & 0x1f000000) === 0x0a000000) {
    const inverted = ((word >>> 21) & 1) === 1;
    if (!isPlain || inverted) return opc === 3 ? setting : other;
    if (opc === 3) return d === 31 ? { operation: "test", operands: [general(n, size), general(m, size)], writes: [flags] } : { ...setting, operation: "and", operands: [general(d, size), general(n, size), general(m, size)] };
    if (opc === 1 && n === 31) return { ...other, operation: "move", operands: [general(d, size), general(m, size)] };
    return { ...other, operation: opc === 0 ? "and" : opc === 1 ? "or" : "xor", operands: [general(d, size), general(n, size), general(m, size)] };
  }
  if ((word & 0x1f000000) === 0x0b000000) {
    const isExtended = ((word >>> 21) & 1) === 1;
    const shift = isExtended ? (word >>> 10) & 7 : amount;
    const isMinus = (opc & 2) === 2;
    const left = isExtended ? orStack(n, size) : general(n, size);
    // Extended from less than a word, or shifted to the right: numbers of other kinds.
    const isSum = isExtended ? ((word >>> 13) & 3) >= 2 : ((word >>> 22) & 3) === 0 && shift < 32;
    if ((opc & 1) === 1) return d === 31 && isMinus && isSum && shift === 0 ? { operation: "compare", operands: [left, general(m, size)], writes: [flags] } : setting;
    if (!isSum || m === 31) return other;
    if (!isMinus) {
      const base = isExtended ? nameOrStack(n) : n === 31 ? null : `x${n}`;
      const to = isExtended ? orStack(d, size) : general(d, size);
      return { operation: "address", operands: [to, addressOf(base, { index: `x${m}`, scale: 2 ** shift, indexAs: !isExtended || ((word >>> 13) & 3) === 3 ? undefined : (word >>> 15) & 1 ? "i32" : "u32" })], writes: isExtended ? [nameOrStack(d)] : written(d) };
    }
    return shift === 0 && n !== 31 ? { ...other, operation: "subtract", operands: [general(d, size), left, general(m, size)] } : { ...other, writes: isExtended ? [nameOrStack(d)] : written(d) };
  }
  if ((word & 0x1fe00000) === 0x1a400000) return { operation: "other", operands: [], writes: [flags] }; // CCMP
  if ((word & 0x1fe00000) === 0x1a800000) return { ...other, operation: "choose", operands: [general(d, size), general(n, size), general(m, size)], condition: conditions[(word >>> 12) & 15]! };
  if ((word & 0x5fe0f800) === 0x1ac00800) return { ...other, operation: "divide", operands: [general(d, size), general(n, size), general(m, size)] };
  const three = (word >>> 21) & 7;
  if ((word & 0x1f008000) === 0x1b000000 && (three === 0 || three === 1 || three === 5)) {
    const from = three === 0 ? size : 4;
    const sum = (word >>> 10) & 31;
    return { ...other, operation: "multiply", operands: [general(d, size), general(n, from), general(m, from), ...(sum === 31 ? [] : [general(sum, size)])] };
  }
  // ADCS, SBCS and their like set flags too; more than that is not wanted of them.
  return (word & 0x1fe00000) === 0x1a000000 && (opc & 1) === 1 ? setting : other;
}

type AddressParts = { readonly index?: string | null; readonly scale?: number; readonly displacement?: number; readonly relative?: boolean; readonly size?: number; readonly field?: number; readonly indexAs?: "i32" | "u32" | undefined };

function addressOf(base: string | null, { index = null, scale = 1, displacement = 0, relative = false, size = 0, field = -1, indexAs }: AddressParts): Extract<EffectOperand, { kind: "memory" }> {
  return { kind: "memory", size, base, index, scale, displacement: BigInt(displacement), field, relative, segment: null, ...(indexAs === undefined ? {} : { indexAs }) };
}

/** Loads and stores (C4.1.96). Of a pair the second's operands follow the first's. */
function memory(word: number, offset: number): Effect {
  const access = accessOf(word);
  const [t, t2, s] = [word & 31, (word >>> 10) & 31, (word >>> 16) & 31];
  if (!access) return { operation: "other", operands: [], writes: [...written(t), ...written(s)] };
  const isPair = (word & 0x3a000000) === 0x28000000 || ((word & 0xbfa00000) >>> 0 === 0x88200000);
  const isExclusive = (word & 0x3f000000) === 0x08000000;
  const isVector = ((word >>> 26) & 1) === 1;
  const one = isPair ? access.size / 2 : access.size;
  const { base, index } = access;
  const displacement = base === null ? offset + access.offset : access.offset;
  const parts = { size: one, displacement, relative: base === null, field: 0, ...(index === null ? {} : { index: index.register.replace("w", "x"), scale: 2 ** index.shift, indexAs: index.extend === "uxtw" ? "u32" : index.extend === "sxtw" ? "i32" : undefined } satisfies AddressParts) };
  const first = addressOf(base, parts);
  const moves = access.writeback === "none" || base === null ? null : { register: base, by: BigInt(writtenBack(word, one)) };
  const moved = moves === null ? [] : [moves.register];
  const wide = one === 8 || isVector ? 8 : 4;
  const value = (number: number): EffectOperand => (isVector ? { kind: "other" } : general(number, wide));
  const second = isPair ? addressOf(base, { ...parts, displacement: displacement + one }) : null;
  switch (access.kind) {
    case "load":
      return { operation: "move", operands: [value(t), first, ...(second ? [value(t2), second] : [])], writes: [...(isVector ? [] : [...written(t), ...(second ? written(t2) : [])]), ...moved], moves };
    case "store":
      // A store that may fail says in a register whether it did.
      return { operation: "move", operands: [first, value(t), ...(second ? [second, value(t2)] : [])], writes: [...moved, ...(isExclusive && ((word >>> 23) & 1) === 0 ? written(s) : [])], moves };
    case "update":
      return { operation: "other", operands: [first], writes: isExclusive ? [...written(s), ...written(s + 1)] : written(t), moves };
    case "prefetch":
      return nothing;
  }
}

/** What a load or store adds to its base register. */
function writtenBack(word: number, one: number): number {
  if ((word & 0x3a000000) === 0x28000000) return signed((word >>> 15) & 127, 7) * one;
  return (word & 0x3a000000) === 0x38000000 && ((word >>> 21) & 1) === 0 ? signed((word >>> 12) & 511, 9) : 0;
}
