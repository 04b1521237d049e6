import { floatText } from "./numbers.ts";
import { register } from "./operands.ts";
import { field, type Fields, type Operand } from "./row.ts";

/** `8b` to `2d`, by element size (log2 of bytes) and whether the whole register is meant. */
function arrangement(size: number, full: number): string {
  return `${(full ? 16 : 8) >> size}${"bhsdq"[size]!}`;
}

/** Element size (log2 of bytes) by the lowest bit that is set in imm5 or immh; -1 for none. */
function lowestBit(value: number): number {
  return value === 0 ? -1 : 31 - Math.clz32(value & -value);
}

const highestBit = (value: number) => (value === 0 ? -1 : 31 - Math.clz32(value));

/** Fields z or the floating-point fields p: which letter a scalar register has. */
const floatLetter = (type: number): string | null => ["s", "d", null, "h"][type]!;

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

/** What stands between `<` and `>` in the rows: registers, elements and immediates of vectors and of floating point. */
export const vectorOperands: Readonly<Record<string, Operand>> = {
  // Vectors. T: arrangement by fields z (element size) and Q (full); others are a size up or down.
  T: (value, fields) => (value === 3 && !field(fields, "Q") ? null : arrangement(value, field(fields, "Q"))),
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
};

/** `{v0.b-v2.b}[7]`: one lane of each register. Its number is Q:S:size, less the bits that elements of more than a byte take from it. */
function laneList(first: number, fields: Fields, count: number, size: number): string {
  const [full, half, low] = [field(fields, "Q"), field(fields, "S"), field(fields, "z")];
  const number = [8 * full + 4 * half + low, 4 * full + 2 * half + low, 2 * full + half, full][size]!;
  return `${registerList(first, count, "bhsd"[size]!)}[${number}]`;
}
