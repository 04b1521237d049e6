import type * as Iced from "iced-x86";
import type { Instruction } from "../types.ts";
import { attText, partsOf } from "./att.ts";
import type { Decoded } from "./decoded.ts";
import { factsOf } from "./facts.ts";
import { withDecoders, type Engine } from "./iced.ts";
import { isSegment, prefixName, readPrefixes, type Prefixes } from "./prefixes.ts";

// Bytes that are no instruction. What objdump makes of them is part of its words: which prefixes it prints before `(bad)`, and how many bytes that
// costs: the opcode, not the ModRM byte, with exceptions. All of it is measured (test/disasm/objdump.oracle.ts compares it).

/** One-byte opcodes that 64-bit mode does not have (Intel SDM volume 2, table A-2, marked i64). */
const notWide = new Set([0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea]);

export function invalidOpcode(opcode: number, wide: boolean): boolean {
  return wide ? notWide.has(opcode) : opcode === 0xd6;
}

/**
 * What processors run and Intel does not document: x87 aliases, a prefetch of a register, prefixes that choose no form of WBINVD, BSF and BSR. iced names
 * it, binutils does not.
 */
export function undocumented(bytes: Uint8Array, place: number, prefixes: Prefixes): boolean {
  const opcode = bytes[place]!;
  if (opcode === 0x0f) {
    const second = bytes[place + 1];
    if (second === 0x0d) return (bytes[place + 2] ?? 0) >= 0xc0;
    const repeat = prefixes.bytes.findLast((byte) => byte === 0xf2 || byte === 0xf3);
    if (second === 0x09) return repeat === 0xf2 || (repeat === undefined && prefixes.bytes.includes(0x66));
    return (second === 0xbc || second === 0xbd) && repeat === 0xf2;
  }
  const row = (bytes[place + 1] ?? 0) & 0xf8;
  switch (opcode) {
    case 0xd9: return row === 0xd8;
    case 0xdc: return row === 0xd0 || row === 0xd8;
    case 0xdd: return row === 0xc8;
    case 0xde: return row === 0xd0;
    case 0xdf: return row === 0xc8 || row === 0xd0 || row === 0xd8;
    default: return false;
  }
}

/** Two-byte opcodes that have forms with other prefixes, chosen by prefix: the prefix that chose the empty form is not printed. */
const chosen: Readonly<Record<number, ReadonlySet<number>>> = {
  0x66: new Set([0x01, 0x09, 0x12, 0x16, 0x2b, 0x52, 0x53, 0xb8, 0xe7, 0xf0]),
  0xf3: new Set([0x01, 0x2b, 0x2e, 0x2f, 0x60, 0x61, 0x62, 0x78, 0x79, 0x7c, 0x7d, 0xd0, 0xe7, 0xf0, 0xf7]),
  0xf2: new Set([0x01, 0x09, 0x16, 0x2b, 0x2e, 0x2f, 0x52, 0x53, 0x5b, 0x60, 0x61, 0x62, 0x6f, 0x7e, 0x7f, 0xb8, 0xbc, 0xbd, 0xe7, 0xf0, 0xf7]),
};

/** Two-byte opcodes whose operand is of the wrong kind, which binutils finds when it prints it: register where memory is due, or the reverse. */
const wrongOperand = new Set([0x0d, 0xc7, 0xd6, 0xf7]);
/** The same only without a prefix that chooses another form. */
const wrongOperandUnprefixed = new Set([0xc5, 0xe7]);

/** The `(bad)` at `at`; undefined where the bytes end before that is known. */
export function invalidAt(engine: Engine, bytes: Uint8Array, at: number, prefixes: Prefixes, wide: boolean): Instruction | undefined {
  const names = prefixes.bytes.map((byte) => prefixName(byte, wide)!);
  const place = at + prefixes.size;
  const bad = (size: number, shown: readonly string[] = names) =>
    place + size > bytes.length ? undefined : { offset: at, size: prefixes.size + size, text: [...shown, "(bad)"].join(" "), valid: false };
  const [first = 0, second, third] = bytes.subarray(place);
  if (!wide && (first === 0x62 || first === 0xc4 || first === 0xc5) && second !== undefined && second < 0xc0) return bad(1);
  switch (first) {
    case 0xc5:
      return place + 4 > bytes.length || vectorCutOff(engine, bytes, place, wide) ? undefined : bad(3, besideUnknown(names, second!));
    case 0xc4:
      if (place + 4 > bytes.length) return undefined;
      return [1, 2, 3].includes(second! & 31) ? (place + 5 > bytes.length || vectorCutOff(engine, bytes, place, wide) ? undefined : bad(4, besideUnknown(names, third!))) : bad(1, besideVector(prefixes, second! << 8, wide));
    case 0x62:
      return evexBad(bytes, place, prefixes, wide, bad);
    case 0x8f:
      if (second === undefined) return undefined;
      if ((second & 31) < 8 || (second & 31) > 15) return place + readBeforeBad(first, second) > bytes.length ? undefined : bad(1);
      if (place + 4 > bytes.length) return undefined;
      return (second & 31) <= 10 ? (place + 5 > bytes.length ? undefined : bad(4, besideUnknown(names, third!))) : bad(1, besideVector(prefixes, second << 8, wide));
    case 0x8c:
    case 0x8e:
      return second === undefined ? undefined : (substitute(engine, bytes, at, prefixes, wide, place + 1, second & 0xc7, { operand: "segment", text: "%?" }) ?? bad(1));
    case 0x0f:
      return second === undefined ? undefined : twoByteBad(engine, bytes, at, prefixes, wide, second, third, bad);
    default:
      if (first < 0xd8 || first > 0xdf) return place + readBeforeBad(first, second) > bytes.length ? undefined : bad(1);
      if (second === undefined) return undefined;
      if (first === 0xdb && second === 0xe5) return { ...bad(2)!, text: [...names, prefixes.wait < 0 ? "frstpm(287 only)" : "rstpm(287 only)"].join(" "), valid: true };
      return second >= 0xc0 ? bad(2) : x87Memory(engine, bytes, at, prefixes, wide, place);
  }
}

type Bad = (size: number, shown?: readonly string[]) => Instruction | undefined;

/** How many bytes from the opcode on must be there for it to be found wanting: with its ModRM and SIB bytes, if it has them. */
function readBeforeBad(opcode: number, modrm: number | undefined): number {
  if (![0x82, 0x8d, 0x8f, 0xc6, 0xc7, 0xfe, 0xff].includes(opcode)) return 1;
  return modrm !== undefined && modrm < 0xc0 && (modrm & 7) === 4 ? 3 : 2;
}

/**
 * The names of the prefixes before a VEX, XOP or EVEX prefix that is none. To binutils its inverted R, X and B (and W) have by then taken the place of
 * those of a REX before it, which is printed only if one is set. `fields` holds the first byte after the opcode and the second.
 */
function besideVector(prefixes: Prefixes, fields: number, wide: boolean): string[] {
  const set = ((~fields >> 13) & 7) !== 0 || (fields & 0x80) !== 0;
  const kept = prefixes.rex === 0 || set ? prefixes.bytes : prefixes.bytes.slice(0, -1);
  return kept.map((byte) => prefixName(byte, wide)!);
}

/** Whether the field of a further register (vvvv), in the byte that holds it, is at rest: all ones. */
function resting(field: number): boolean {
  return ((field >> 3) & 15) === 15;
}

/** The prefixes printed before an opcode that VEX or XOP do not have: none where the further register is set, which is the error found first. */
function besideUnknown(names: readonly string[], field: number): readonly string[] {
  return resting(field) ? names : [];
}

/** Whether the opcode is a VEX, XOP or EVEX prefix whose fixed bits are wrong, which is known before the rest is there. */
export function vectorPrefix(bytes: Uint8Array, place: number): boolean {
  if (!vectorRead(bytes, place)) return bytes[place] === 0x8f && place + 1 < bytes.length && (bytes[place + 1]! & 31) > 15;
  const second = bytes[place + 1]!;
  switch (bytes[place]!) {
    case 0xc4: return ![1, 2, 3].includes(second & 31);
    case 0x8f: return (second & 31) > 10;
    case 0x62: return (second & 8) !== 0 || [0, 4, 7].includes(second & 7) || (bytes[place + 2]! & 4) === 0;
    default: return false;
  }
}

/** Whether the bytes reach past the prefix that VEX, XOP and EVEX are, to the opcode: then a REX before it is forgotten even where the bytes end soon after. */
export function vectorRead(bytes: Uint8Array, place: number): boolean {
  const second = (bytes[place + 1] ?? 0) & 31;
  const header = { 0xc5: 3, 0xc4: 4, 0x8f: second >= 8 && second < 16 ? 4 : Infinity, 0x62: 5 }[bytes[place]!] ?? Infinity;
  return place + header <= bytes.length;
}

/** Whether the bytes end within a VEX instruction whose only fault is a field of its prefix, which binutils looks at last. */
function vectorCutOff(engine: Engine, bytes: Uint8Array, place: number, wide: boolean): boolean {
  if (place + 16 <= bytes.length) return false;
  const field = bytes[place] === 0xc5 ? 1 : 2;
  for (const kind of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const copy = Uint8Array.from(bytes.subarray(place));
    // pp and L as `kind` says, vvvv at rest.
    copy[field] = (copy[field]! & 0x80) | 0x78 | kind;
    if (errorOf(engine, copy, wide) === engine.iced.DecoderError.NoMoreBytes) return true;
  }
  return false;
}

/** EVEX (Intel SDM volume 2, 2.7.1): fields that must be 0 or 1 are checked one byte after the other. */
function evexBad(bytes: Uint8Array, place: number, prefixes: Prefixes, wide: boolean, bad: Bad): Instruction | undefined {
  const [, second, third] = bytes.subarray(place, place + 3);
  const names = prefixes.bytes.map((byte) => prefixName(byte, wide)!);
  if (second === undefined || third === undefined || place + 5 > bytes.length) return undefined;
  if ((second & 8) !== 0 || [0, 4, 7].includes(second & 7)) return bad(1, besideVector(prefixes, second << 8, wide));
  if ((third & 4) === 0) return bad(2, besideVector(prefixes, (second << 8) | third, wide));
  if (place + 6 > bytes.length) return undefined;
  // With the field of a further register at rest, an unknown opcode still shows what the prefix says of masking and rounding.
  if (!resting(third)) return bad(5, []);
  const fourth = bytes[place + 3]!;
  const mask = (fourth & 7) === 0 ? "" : `{%k${fourth & 7}}${fourth & 0x80 ? "{z}" : ""}`;
  const rounding = (fourth & 0x10) !== 0 && bytes[place + 5]! >= 0xc0 ? `{${["rn", "rd", "ru", "rz"][(fourth >> 5) & 3]!}-bad}` : "";
  const shown = [rounding, mask].filter((one) => one !== "").join(",");
  if (shown === "") return bad(5);
  const head = [...names, "(bad)"].join(" ");
  return { offset: place - prefixes.size, size: prefixes.size + 5, text: `${head.padEnd(6)} ${shown}`, valid: false };
}

/** Whether no prefix makes the opcode after 0F (with 38 or 3A) an instruction, which is known before a ModRM byte is there. */
export function unknownTwoByte(engine: Engine, bytes: Uint8Array, place: number, wide: boolean): boolean {
  const length = bytes[place + 1] === 0x38 || bytes[place + 1] === 0x3a ? 3 : 2;
  if (bytes[place] !== 0x0f || bytes[place + 1] === 0x0f || place + length > bytes.length) return false;
  return [[], [0x66], [0xf3], [0xf2]].every((prefix) =>
    everyModrm.every((modrm) => {
      const padded = Uint8Array.of(...prefix, ...bytes.subarray(place, place + length), modrm, ...zeros);
      return errorOf(engine, padded, wide) === engine.iced.DecoderError.InvalidInstruction;
    }));
}

/** Memory and register operands with each opcode extension. */
const everyModrm = Array.from({ length: 16 }, (_, k) => ((k & 7) << 3) | (k < 8 ? 0 : 0xc0));

const zeros = new Uint8Array(8);
const none = new Uint8Array(0);

/** An opcode after 0F, 0F 38 or 0F 3A. */
function twoByteBad(
  engine: Engine, bytes: Uint8Array, at: number, prefixes: Prefixes, wide: boolean, second: number, third: number | undefined, bad: Bad,
): Instruction | undefined {
  const { bytes: all } = prefixes;
  const place = at + prefixes.size;
  const far = second === 0x38 || second === 0x3a;
  const length = far ? 3 : 2;
  if (far && third === undefined) return undefined;
  const repeat = all.findLast((byte) => byte === 0xf2 || byte === 0xf3);
  const mandatory = repeat ?? (all.includes(0x66) ? 0x66 : undefined);
  const others = all.filter((byte) => byte !== 0xf2 && byte !== 0xf3 && byte !== 0x66);
  const error = (prefix: readonly number[], after: Uint8Array) => errorOf(engine, Uint8Array.of(...prefix, ...others, ...bytes.subarray(place), ...after), wide);
  const decodes = (prefix: readonly number[]) => error(prefix, zeros) !== engine.iced.DecoderError.InvalidInstruction;
  const unknown = !decodes([]) && !decodes([0x66]) && !decodes([0xf3]) && !decodes([0xf2]);
  if (!far && (wrongOperand.has(second) || (mandatory === undefined && wrongOperandUnprefixed.has(second)))) {
    if (third === undefined) return undefined;
    // Of the group of CMPXCHG8B only that one.
    const single = second !== 0xc7 || ((third >> 3) & 7) === 1;
    const flipped = third >= 0xc0 ? third & 0x38 : (third & 0x38) | 0xc0;
    const text = !single ? undefined : substitute(engine, bytes, at, prefixes, wide, place + 2, flipped, { operand: third >= 0xc0 ? "memory" : "rm", text: "(bad)" });
    // PEXTRW takes its own opcode for the number that follows the operand which is none.
    if (text !== undefined && second === 0xc5) return { ...text, text: text.text.replace(/\$0x[0-9a-f]+/, "$0xc5"), size: prefixes.size + 2, valid: false };
    if (text !== undefined) return { ...text, size: prefixes.size + 1, valid: false };
  }
  // An opcode that exists has its ModRM byte read before it is found wanting.
  if (!unknown && place + length >= bytes.length) return undefined;
  if (second === 0x0f) return place + 3 >= bytes.length ? undefined : bad(1, unknown ? undefined : []);
  // Where only the prefix is wrong, binutils reads all of the instruction before it looks at that.
  const variant = decodes([]) ? [] : mandatory !== 0x66 && decodes([0x66]) ? [0x66] : undefined;
  if (mandatory === undefined) {
    const insists = variant !== undefined && variant.length > 0 && sizePrefixOnly(far, far ? third! : second);
    if (insists && error(variant, none) === engine.iced.DecoderError.NoMoreBytes) return undefined;
    return bad(length, insists ? [] : undefined);
  }
  if (!far && chosen[mandatory]!.has(second)) {
    const last = all.lastIndexOf(mandatory);
    return bad(length, all.filter((_, k) => k !== last).map((byte) => prefixName(byte, wide)!));
  }
  if (variant !== undefined && error(variant, none) === engine.iced.DecoderError.NoMoreBytes) return undefined;
  return bad(length, variant !== undefined ? [] : undefined);
}

/** Whether the form without a prefix is missing because the opcode insists on 66, rather than being chosen by prefix (AES with its wide forms). */
function sizePrefixOnly(far: boolean, opcode: number): boolean {
  return far ? ![0xd8, 0xdc, 0xdd, 0xde, 0xdf, 0xf6].includes(opcode) : opcode === 0x6c || opcode === 0x6d || opcode === 0x73;
}

function errorOf(engine: Engine, bytes: Uint8Array, wide: boolean): Iced.DecoderError {
  return withDecoders(engine, bytes, wide, ({ usual }) => {
    usual.decodeOut(engine.instruction);
    return usual.lastError;
  });
}

/**
 * VEX and EVEX after prefixes that may not stand there (REX, 66, F2, F3, LOCK): an invalid instruction, but binutils prints it with those prefixes before it.
 */
export function vectorBesidePrefixes(engine: Engine, bytes: Uint8Array, at: number, prefixes: Prefixes, wide: boolean): Instruction | undefined {
  const place = at + prefixes.size;
  const kept = prefixes.bytes.filter((byte) => byte === 0x67 || isSegment(byte));
  if (kept.length === prefixes.bytes.length || prefixes.size !== prefixes.bytes.length) return undefined;
  const copy = Uint8Array.of(...kept, ...bytes.subarray(place, place + 16));
  return withDecoders(engine, copy, wide, ({ strict }) => {
    strict.ip = BigInt(place - kept.length);
    strict.decodeOut(engine.instruction);
    if (strict.lastError !== engine.iced.DecoderError.None) return undefined;
    const size = prefixes.size + engine.instruction.length - kept.length;
    return { offset: at, size, text: attText({ engine, bytes, at, size, prefixes, wide, facts: factsOf(engine) }), valid: true };
  });
}

/** The same bytes with one of them replaced so that they do decode, for the text of the rest. */
function substitute(
  engine: Engine, bytes: Uint8Array, at: number, prefixes: Prefixes, wide: boolean, where: number, byte: number, instead: Decoded["instead"],
): Instruction | undefined {
  const copy = Uint8Array.from(bytes.subarray(at, at + 24));
  copy[where - at] = byte;
  return withDecoders(engine, copy, wide, ({ usual }) => {
    usual.ip = BigInt(at);
    usual.decodeOut(engine.instruction);
    if (usual.lastError !== engine.iced.DecoderError.None) return undefined;
    const size = engine.instruction.length;
    const decoded: Decoded = { engine, bytes: copy, at: 0, size, prefixes, wide, facts: factsOf(engine), ...(instead && { instead }) };
    return { offset: at, size, text: attText(decoded), valid: true };
  });
}

/** An x87 opcode that does not exist, with a memory operand, which objdump prints nevertheless. */
function x87Memory(engine: Engine, bytes: Uint8Array, at: number, prefixes: Prefixes, wide: boolean, place: number): Instruction | undefined {
  // FADD m32 with the same operand.
  const copy = Uint8Array.from(bytes.subarray(place - prefixes.bytes.length, place + 16));
  copy.set(prefixes.bytes);
  copy[prefixes.bytes.length] = 0xd8;
  copy[prefixes.bytes.length + 1]! &= 0xc7;
  return withDecoders(engine, copy, wide, ({ usual }) => {
    usual.ip = BigInt(place - prefixes.bytes.length);
    usual.decodeOut(engine.instruction);
    if (usual.lastError !== engine.iced.DecoderError.None) return undefined;
    const length = engine.instruction.length;
    const decoded: Decoded = { engine, bytes: copy, at: 0, size: length, prefixes: readPrefixes(copy, 0, wide), wide, facts: factsOf(engine) };
    return { offset: at, size: prefixes.size - prefixes.bytes.length + length, text: partsOf(decoded, "(bad)"), valid: false };
  });
}
