import type { Instruction } from "../types.ts";
import { prefixName, type Prefixes } from "./prefixes.ts";

/** One-byte opcodes that 64-bit mode does not have (Intel SDM volume 2, table A-2, marked i64). */
const notWide = new Set([0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea]);

export function invalidOpcode(opcode: number, wide: boolean): boolean {
  return wide ? notWide.has(opcode) : opcode === 0xd6;
}

/**
 * Bytes that are no instruction: the prefixes and `(bad)` for the opcode. How many bytes that costs is part of the form: binutils gives up after
 * the opcode, before a ModRM byte; x87 opcodes include theirs. Undefined where the bytes end before that is known.
 */
export function invalidAt(bytes: Uint8Array, at: number, prefixes: Prefixes, wide: boolean): Instruction | undefined {
  const names = prefixes.bytes.map((byte) => prefixName(byte, wide)!);
  const opcode = at + prefixes.size;
  const bad = (size: number, shown: readonly string[] = names) =>
    opcode + size > bytes.length ? undefined : { offset: at, size: opcode - at + size, text: [...shown, "(bad)"].join(" "), valid: false };
  const [first, second = 0, third = 0] = bytes.subarray(opcode);
  const extended = wide || second >= 0xc0;
  if (first === 0xc5 && extended) return bad(3, []);
  if (first === 0xc4 && extended) return [1, 2, 3].includes(second & 31) ? bad(4, []) : bad(1);
  if (first === 0x8f && (second & 31) >= 8) return (second & 31) <= 10 ? bad(4, []) : bad(1);
  if (first === 0x62 && extended) {
    if ((second & 8) !== 0 || [0, 4, 7].includes(second & 7)) return bad(1);
    return (third & 4) === 0 ? bad(2) : bad(5, []);
  }
  if (first !== undefined && first >= 0xd8 && first <= 0xdf) return bad(2);
  if (first === 0x0f) return bad(second === 0x38 || second === 0x3a ? 3 : 2);
  return bad(1);
}
