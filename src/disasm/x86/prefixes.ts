/**
 * The prefixes of an instruction (Intel SDM volume 2, 2.1.1 and 2.2.1), as a disassembler has to account for them: a prefix that the instruction
 * has no use for is printed in front of it, so that no byte goes unnamed.
 */
export type Prefixes = {
  /** The prefix bytes in order, without FWAIT; a REX that is in force is the last. */
  readonly bytes: readonly number[];
  /** How many bytes the prefixes take, FWAIT included. */
  readonly size: number;
  /** The REX byte in force, 0 without one. */
  readonly rex: number;
  /** The bytes before the opcode cannot belong to it: a REX that another prefix follows, or too many. They stand on their own. */
  readonly detached: boolean;
  /** How many other prefixes stand before the last FWAIT (0x9b), -1 without FWAIT. It is an instruction of its own but for x87. */
  readonly wait: number;
};

const names: Readonly<Record<number, string>> = {
  0x26: "es", 0x2e: "cs", 0x36: "ss", 0x3e: "ds", 0x64: "fs", 0x65: "gs",
  0x66: "data16", 0x67: "addr32", 0xf0: "lock", 0xf2: "repnz", 0xf3: "repz", 0x9b: "fwait",
};

const most = 14;

export function isSegment(byte: number): boolean {
  return byte === 0x26 || byte === 0x2e || byte === 0x36 || byte === 0x3e || byte === 0x64 || byte === 0x65;
}

function isRex(byte: number, wide: boolean): boolean {
  return wide && (byte & 0xf0) === 0x40;
}

/** `data16`, `rex.WB`, …; undefined for a byte that is no prefix. */
export function prefixName(byte: number, wide: boolean): string | undefined {
  if (isRex(byte, wide)) {
    const bits = byte & 15;
    return bits === 0 ? "rex" : `rex.${(bits & 8 ? "W" : "") + (bits & 4 ? "R" : "") + (bits & 2 ? "X" : "") + (bits & 1 ? "B" : "")}`;
  }
  if (!wide && byte === 0x67) return "addr16";
  return names[byte];
}

/** Reads the prefixes from `at` on. */
export function readPrefixes(bytes: Uint8Array, at: number, wide: boolean): Prefixes {
  const found: number[] = [];
  let size = 0;
  let rex = 0;
  let wait = -1;
  for (; at + size < bytes.length; size++) {
    const byte = bytes[at + size]!;
    if (prefixName(byte, wide) === undefined) break;
    if (rex !== 0 || size >= most) return { bytes: found, size, rex, detached: true, wait };
    if (byte === 0x9b) {
      const further = size > 0;
      wait = found.length;
      if (further) {
        size++;
        break;
      }
      continue;
    }
    if (isRex(byte, wide)) rex = byte;
    found.push(byte);
  }
  return { bytes: found, size, rex, detached: false, wait };
}
