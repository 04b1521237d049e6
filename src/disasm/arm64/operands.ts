import { branchNote, conditionNames, conditionNote, invertible } from "./conditions.ts";
import { logicalImmediate } from "./immediates.ts";
import { addressText, floatText, signed } from "./numbers.ts";
import type { Fields, Operand } from "./row.ts";

/** W or X by the width, with number 31 as the zero register. */
export function register(number: number, wide: boolean): string {
  return (wide ? "x" : "w") + (number === 31 ? "zr" : String(number));
}

/** W or X by the width, with number 31 as the stack pointer. */
export function registerOrSp(number: number, wide: boolean): string {
  return number === 31 ? (wide ? "sp" : "wsp") : register(number, wide);
}

/** `8b` to `2d`, by element size (log2 of bytes) and whether the whole register is meant. */
function arrangement(size: number, full: number): string {
  return `${(full ? 16 : 8) >> size}${"bhsdq"[size]!}`;
}

const field = (fields: Fields, name: string) => fields.of[name] ?? 0;
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

/** Element size (log2 of bytes) by the lowest bit that is set in imm5 or immh; -1 for none. */
function lowestBit(value: number): number {
  return value === 0 ? -1 : 31 - Math.clz32(value & -value);
}

const highestBit = (value: number) => (value === 0 ? -1 : 31 - Math.clz32(value));

/** Fields z or the floating-point fields p: which letter a scalar register has. */
const floatLetter = (type: number): string | null => ["s", "d", null, "h"][type]!;

function prefetch(value: number): string {
  const [type, level, way] = [value >> 3, (value >> 1) & 3, value & 1];
  return type === 3 || level === 3 ? `#0x${value.toString(16).padStart(2, "0")}` : `${["pld", "pli", "pst"][type]}l${level + 1}${way ? "strm" : "keep"}`;
}

/** A number of consecutive vector registers, wrapping at 31: `v0.8b-v3.8b` from three on, `v0.8b, v1.8b`. */
function registerList(first: number, count: number, kind: string): string {
  const one = (index: number) => `v${(first + index) % 32}.${kind}`;
  if (count === 1) return `{${one(0)}}`;
  return count > 2 && first + count <= 32 ? `{${one(0)}-${one(count - 1)}}` : `{${Array.from({ length: count }, (_, index) => one(index)).join(", ")}}`;
}

/** The eight bits of a floating-point immediate (VFPExpandImm). */
export function expandFloat(value: number): number {
  const exponent = (value & 0x40 ? -3 : 1) + ((value >> 4) & 3);
  return (value & 0x80 ? -1 : 1) * (1 + (value & 15) / 16) * 2 ** exponent;
}

/** What stands between `<` and `>` in the rows. */
export const operands: Readonly<Record<string, Operand>> = {
  // General registers. R is W or X by field s.
  R: (value, fields) => register(value, field(fields, "s") === 1),
  RS: (value, fields) => registerOrSp(value, field(fields, "s") === 1),
  SP: (value) => registerOrSp(31, value === 1),
  W: (value) => register(value, false),
  WS: (value) => registerOrSp(value, false),
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
  simm: (value, _, width, scale) => `#${scaled(signed(value, width), scale)}`,
  /** Nine bits of LDRAA with bit 22 (field j) above them, in eights. */
  authOffset: (value, fields) => unlessZero(8 * signed(field(fields, "j") * 512 + value, 10)),
  lsl12: (value) => (value ? ", lsl #12" : ""),
  /** An amount below the width of the register. */
  amount: (value, fields) => (field(fields, "s") === 0 && value > 31 ? null : `#${value}`),
  /** The position of a bit, of whose number the highest bit tells the width. */
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

  // Vectors. T: arrangement by fields z (element size) and Q (full); T1 allows 1d; others are a size up or down.
  T: (value, fields) => (value === 3 && !field(fields, "Q") ? null : arrangement(value, field(fields, "Q"))),
  T1: (value, fields) => arrangement(value, field(fields, "Q")),
  /** The double width of a long result: always full. */
  Twide: (value) => arrangement(value + 1, 1),
  /** Pairs of elements: twice the size, half as many. */
  Tpair: (value, fields) => arrangement(value + 1, field(fields, "Q")),
  /** Single or double by a bit. */
  F: (value, fields) => (value === 1 && !field(fields, "Q") ? null : arrangement(value + 2, field(fields, "Q"))),
  /** Half or single, or single or double, wide: for FCVTL and FCVTN. */
  Fwide: (value) => arrangement(value + 2, 1),
  Fnarrow: (value, fields) => arrangement(value + 1, field(fields, "Q")),
  /** Bytes and half-words by Q. */
  B: (value) => arrangement(0, value),
  H: (value) => arrangement(1, value),
  /** Arrangements of at least four elements. */
  across: (value, fields) => (value === 3 || (value === 2 && !field(fields, "Q")) ? null : arrangement(value, field(fields, "Q"))),
  /** Letter of a scalar of size z, and one up. */
  L: (value) => "bhsd"[value]!,
  Lwide: (value) => "hsdq"[value]!,
  p: (value) => floatLetter(value),

  // DUP, INS, SMOV, UMOV: element size and number by imm5 and imm4.
  elementLetter: (value) => (value & 15 ? "bhsd"[lowestBit(value)]! : null),
  elementArrangement: (value, fields) => {
    const size = lowestBit(value);
    return size < 0 || size > 3 || (size === 3 && !field(fields, "Q")) ? null : arrangement(size, field(fields, "Q"));
  },
  element: (value) => {
    const size = lowestBit(value);
    return size < 0 || size > 3 ? null : `${"bhsd"[size]!}[${value >> (size + 1)}]`;
  },
  /** Elements that are narrower than the register they are extended to. */
  elementSigned: (value, fields) => {
    const size = lowestBit(value);
    return size < 0 || size > (field(fields, "s") ? 2 : 1) ? null : `${"bhsd"[size]!}[${value >> (size + 1)}]`;
  },
  /** UMOV, which is called a move where nothing is extended. */
  elementMove: (value, fields) => {
    const size = lowestBit(value);
    if (field(fields, "s")) return size === 3 ? "mov" : null;
    return size < 0 || size > 2 ? null : size === 2 ? "mov" : "umov";
  },
  /** The source element of INS, whose size is that of field i. */
  elementFrom: (value, fields) => {
    const size = lowestBit(field(fields, "i"));
    return size < 0 || size > 3 ? null : `${"bhsd"[size]!}[${value >> size}]`;
  },
  /** W for elements up to words, X for doublewords. */
  elementRegister: (value, fields) => register(value, (field(fields, "i") & 15) === 8),

  // Shifts of vectors: immh (h) and immb (b) give element size and amount.
  shiftT: (value, fields) => {
    const size = highestBit(value);
    return size < 0 || (size === 3 && !field(fields, "Q")) ? null : arrangement(size, field(fields, "Q"));
  },
  shiftTwide: (value) => {
    const size = highestBit(value);
    return size < 0 || size > 2 ? null : arrangement(size + 1, 1);
  },
  shiftTnarrow: (value, fields) => {
    const size = highestBit(value);
    return size < 0 || size > 2 ? null : arrangement(size, field(fields, "Q"));
  },
  shiftL: (value) => (value === 0 ? null : "bhsd"[highestBit(value)]!),
  shiftLwide: (value) => (value === 0 || value > 7 ? null : "hsd"[highestBit(value)]!),
  right: (value, fields) => `#${(16 << highestBit(value)) - (value * 8 + field(fields, "b"))}`,
  left: (value, fields) => `#${value * 8 + field(fields, "b") - (8 << highestBit(value))}`,
  /** The same for doublewords, of whose immh the highest bit is part of the row: h is the rest. */
  rightDouble: (value, fields) => `#${64 - (value * 8 + field(fields, "b"))}`,
  leftDouble: (value, fields) => `#${value * 8 + field(fields, "b")}`,
  /** Of floating-point numbers only half, single and double have fixed-point forms. */
  fixedT: (value, fields) => {
    const size = highestBit(value);
    return size < 1 || (size === 3 && !field(fields, "Q")) ? null : arrangement(size, field(fields, "Q"));
  },
  fixedL: (value) => (value < 2 ? null : "bhsd"[highestBit(value)]!),

  // By element: number by H, L and M; the register of half-words has only four bits.
  byHalf: (value, fields) => `v${value}.h[${field(fields, "H") * 4 + field(fields, "L") * 2 + field(fields, "M")}]`,
  byWord: (value, fields) => `v${value + field(fields, "M") * 16}.s[${field(fields, "H") * 2 + field(fields, "L")}]`,
  byDouble: (value, fields) => (field(fields, "L") ? null : `v${value + field(fields, "M") * 16}.d[${field(fields, "H")}]`),
  by: (value, fields) => {
    const size = field(fields, "z");
    if (size === 1) return `v${value}.h[${field(fields, "H") * 4 + field(fields, "L") * 2 + field(fields, "M")}]`;
    return size === 2 ? `v${value + field(fields, "M") * 16}.s[${field(fields, "H") * 2 + field(fields, "L")}]` : null;
  },
  byFour: (value, fields) => `v${value + field(fields, "M") * 16}.4b[${field(fields, "H") * 2 + field(fields, "L")}]`,
  byTwoHalves: (value, fields) => `v${value + field(fields, "M") * 16}.2h[${field(fields, "H") * 2 + field(fields, "L")}]`,
  /** Pairs of a complex number: only half as many elements. */
  complexBy: (value, fields) => {
    const size = field(fields, "z");
    const full = field(fields, "Q") === 1;
    if (size === 1) return field(fields, "H") && !full ? null : `v${value + field(fields, "M") * 16}.h[${field(fields, "H") * 2 + field(fields, "L")}]`;
    return field(fields, "L") || !full ? null : `v${value + field(fields, "M") * 16}.s[${field(fields, "H")}]`;
  },
  rotate: (value) => `#${value * 90}`,

  // Lists of registers in memory and tables.
  list: (value, fields, _, count) => registerList(value, count, arrangement(field(fields, "z"), field(fields, "Q"))),
  listNo1d: (value, fields, _, count) => (field(fields, "z") === 3 && !field(fields, "Q") ? null : registerList(value, count, arrangement(field(fields, "z"), field(fields, "Q")))),
  tableList: (value, fields) => registerList(value, field(fields, "l") + 1, "16b"),
  /** Bytes of a list, for the immediate form of post-indexing. */
  listBytes: (value, _, __, count) => `#${(value ? 16 : 8) * count}`,
  laneB: (value, fields, _, count) => laneList(value, fields, count, 0),
  laneH: (value, fields, _, count) => laneList(value, fields, count, 1),
  laneS: (value, fields, _, count) => laneList(value, fields, count, 2),
  laneD: (value, fields, _, count) => laneList(value, fields, count, 3),
  laneBytes: (value, _, __, count) => `#${count << value}`,

  // Immediates of vectors.
  lslBytes: (value) => (value === 0 ? "" : `, lsl #${value * 8}`),
  float8: (value) => `#${floatText(expandFloat(value))}`,
  byteMask: (value) => `#0x${Array.from({ length: 8 }, (_, bit) => ((value >> (7 - bit)) & 1 ? "ff" : "00")).join("").replace(/^0+(?=.)/, "")}`,
  fbits: (value, fields) => (field(fields, "s") === 0 && value < 32 ? null : `#${64 - value}`),
};

/** `{v0.b-v2.b}[7]`: one lane of each register. Its number is Q:S:size, less the bits that elements of more than a byte take from it. */
function laneList(first: number, fields: Fields, count: number, size: number): string {
  const [full, half, low] = [field(fields, "Q"), field(fields, "S"), field(fields, "z")];
  const number = [8 * full + 4 * half + low, 4 * full + 2 * half + low, 2 * full + half, full][size]!;
  return `${registerList(first, count, "bhsd"[size]!)}[${number}]`;
}

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
