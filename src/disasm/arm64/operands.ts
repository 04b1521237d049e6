import { branchNote, conditionNames, conditionNote, invertible } from "./conditions.ts";
import { logicalImmediate } from "./immediates.ts";
import { addressText, signed } from "./numbers.ts";
import { field, type Fields, type Operand } from "./row.ts";

/** W or X by the width, with number 31 as the zero register. */
export function register(number: number, wide: boolean): string {
  return (wide ? "x" : "w") + (number === 31 ? "zr" : String(number));
}

/** W or X by the width, with number 31 as the stack pointer. */
export function registerOrSp(number: number, wide: boolean): string {
  return number === 31 ? (wide ? "sp" : "wsp") : register(number, wide);
}

const hexText = (value: number) => `#0x${value.toString(16)}`;
const scaled = (value: number, scale: number) => value * (scale || 1);
const unlessZero = (value: number) => (value === 0 ? "" : `, #${value}`);

const shiftNames = ["lsl", "lsr", "asr", "ror"];
const extendNames = ["uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"];

/** `lsl` of zero is not printed. */
function shifted(type: number, amount: number): string {
  return type === 0 && amount === 0 ? "" : `, ${shiftNames[type]} #${amount}`;
}

/** The third operand of ADD (extended register): where a stack pointer is involved, `lsl` stands for the extension of the full width. */
function extended({ of }: Fields, stackPointer: boolean): string | null {
  const amount = of["i"]!;
  if (amount > 4) return null;
  const option = of["o"]!;
  const name = register(of["m"]!, (option & 3) === 3 && of["s"] === 1);
  if (stackPointer && option === (of["s"] ? 3 : 2)) return `${name}${amount === 0 ? "" : `, lsl #${amount}`}`;
  return `${name}, ${extendNames[option]}${amount === 0 ? "" : ` #${amount}`}`;
}

/** Index register of a load or store with its extension (fields m, o, S); `shift` is log2 of the access. */
function indexed({ of }: Fields, shift: number): string | null {
  const option = of["o"]!;
  if ((option & 2) === 0) return null;
  const amount = of["S"] ? ` #${shift}` : "";
  const name = register(of["m"]!, (option & 1) === 1);
  if (option === 3) return amount === "" ? name : `${name}, lsl${amount}`;
  return `${name}, ${extendNames[option]}${amount}`;
}

function prefetch(value: number): string {
  const [type, level, way] = [value >> 3, (value >> 1) & 3, value & 1];
  return type === 3 || level === 3 ? `#0x${value.toString(16).padStart(2, "0")}` : `${["pld", "pli", "pst"][type]}l${level + 1}${way ? "strm" : "keep"}`;
}

/** What stands between `<` and `>` in the rows: registers, numbers and addresses. Those of vectors are in vectoroperands.ts. */
export const generalOperands: Readonly<Record<string, Operand>> = {
  // General registers. R is W or X by field s.
  R: (value, fields) => register(value, field(fields, "s") === 1),
  RS: (value, fields) => registerOrSp(value, field(fields, "s") === 1),
  SP: (value) => registerOrSp(31, value === 1),
  W: (value) => register(value, false),
  X: (value) => register(value, true),
  XS: (value) => registerOrSp(value, true),
  /** The second of a pair of consecutive registers. */
  Rnext: (value, fields) => (value % 2 === 1 ? null : register(value + 1, field(fields, "s") === 1)),
  Reven: (value, fields) => (value % 2 === 1 ? null : register(value, field(fields, "s") === 1)),

  // Numbers.
  hex: (value, _, __, scale) => hexText(scaled(value, scale)),
  decSigned: (value, _, width) => `#${signed(value, width)}`,
  offset: (value, _, __, scale) => unlessZero(scaled(value, scale)),
  signedOffset: (value, _, width, scale) => unlessZero(scaled(signed(value, width), scale)),
  /** In lengths of a scalable register. */
  mulVl: (value, _, width) => (value === 0 ? "" : `, #${signed(value, width)}, mul vl`),
  simm: (value, _, width, scale) => `#${scaled(signed(value, width), scale)}`,
  /** Nine bits of LDRAA with bit 22 (field j) above them, in eights. */
  authOffset: (value, fields) => unlessZero(8 * signed(field(fields, "j") * 512 + value, 10)),
  lsl12: (value) => (value ? ", lsl #12" : ""),
  /** An amount below the width of the register. */
  amount: (value, fields) => (field(fields, "s") === 0 && value > 31 ? null : `#${value}`),
  /** The number of a bit, whose highest bit tells the width of the register. */
  bit: (value, fields) => `#${value + 32 * field(fields, "s")}`,
  movWide: (value, fields) => moveWide(value, fields, false),
  movNot: (value, fields) => moveWide(value, fields, true),
  hw: (value, fields) => (field(fields, "s") === 0 && value > 1 ? null : value === 0 ? "" : `, lsl #${value * 16}`),
  logical: (_, fields) => {
    const value = logicalImmediate(field(fields, "N"), field(fields, "j"), field(fields, "i"), field(fields, "s") === 1);
    return value === null ? null : `#0x${value.toString(16)}`;
  },
  /** ORR from the zero register is a move, unless MOVZ or MOVN could do it; they cannot for the stack pointer. */
  logicalMove: (_, fields) => {
    const wide = field(fields, "s") === 1;
    const value = logicalImmediate(field(fields, "N"), field(fields, "j"), field(fields, "i"), wide);
    return value === null || (movable(value, wide) && field(fields, "d") !== 31) ? null : moved(value, wide);
  },

  // Addresses in code.
  branch: (value, fields, width) => addressText(fields.address + signed(value, width) * 4),
  adr: (value, fields, width) => addressText(fields.address + signed(value, width) * 4 + field(fields, "i")),
  adrp: (value, fields, width) => addressText(Math.floor(fields.address / 4096) * 4096 + (signed(value, width) * 4 + field(fields, "i")) * 4096),

  // Shifts and extensions.
  shift: (value, fields) => (field(fields, "s") === 0 && value > 31 ? null : shifted(field(fields, "h"), value)),
  extend: (_, fields) => extended(fields, false),
  extendSp: (_, fields) => extended(fields, true),
  index: (_, fields, __, shift) => indexed(fields, shift),

  // Bit fields: r is immr, i is imms.
  lslAmount: (value, fields) => {
    const size = field(fields, "s") ? 64 : 32;
    const last = field(fields, "i");
    return last < size && last !== size - 1 && last + 1 === value ? `#${size - 1 - last}` : null;
  },
  shiftAll: (value, fields) => (field(fields, "i") === (field(fields, "s") ? 63 : 31) && value <= field(fields, "i") ? `#${value}` : null),
  insertAt: (value, fields) => {
    const size = field(fields, "s") ? 64 : 32;
    return value < size && field(fields, "i") < value ? `#${size - value}, #${field(fields, "i") + 1}` : null;
  },
  extractAt: (value, fields) => {
    const size = field(fields, "s") ? 64 : 32;
    return field(fields, "i") < size && field(fields, "i") >= value ? `#${value}, #${field(fields, "i") - value + 1}` : null;
  },

  // Conditions.
  cond: (value) => conditionNames[value]!,
  condNot: (value) => (invertible(value) ? conditionNames[value ^ 1]! : null),
  condNote: (value) => conditionNote(value),
  condNotNote: (value) => conditionNote(value ^ 1),
  branchNote: (value) => branchNote(value, "b"),
  consistentBranchNote: (value) => branchNote(value, "bc"),

  prefetch: (value) => prefetch(value),

  // Fixed point: the scale is 64 less the bits of the fraction.
  fbits: (value, fields) => (field(fields, "s") === 0 && value < 32 ? null : `#${64 - value}`),
};

/** MOVZ and MOVN as a move of the value, unless the immediate is zero but shifted (or, of W registers and MOVN, all ones). */
function moveWide(value: number, fields: Fields, not: boolean): string | null {
  const wide = field(fields, "s") === 1;
  const shift = field(fields, "h");
  if (!wide && shift > 1) return null;
  if (value === 0 && shift !== 0) return null;
  if (not && !wide && value === 0xffff) return null;
  const plain = BigInt(value) << BigInt(16 * shift);
  return moved(BigInt.asUintN(wide ? 64 : 32, not ? ~plain : plain), wide);
}

/** objdump writes the value in both bases. */
function moved(value: bigint, wide: boolean): string {
  return `#0x${value.toString(16)}  // #${BigInt.asIntN(wide ? 64 : 32, value)}`;
}

/** Whether one MOVZ or MOVN makes this value (MoveWidePreferred). */
function movable(value: bigint, wide: boolean): boolean {
  const size = wide ? 64 : 32;
  for (const candidate of [value, BigInt.asUintN(size, ~value)]) {
    for (let shift = 0n; shift < size; shift += 16n) if ((candidate & ~(0xffffn << shift)) === 0n) return true;
  }
  return false;
}
