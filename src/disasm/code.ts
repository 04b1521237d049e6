import { OopscopeError, hex } from "../base/index.ts";
import { disassemblerFor, type DisasmArch } from "./arch.ts";
import type { Instruction } from "./types.ts";

/** A row of a listing of a `Code:` line; the `CaseInstruction` of the case. */
export type CodeRow = {
  /** Distance from the first byte of the listing, `0x…`; branch targets in `text` count from there too. */
  readonly address: string;
  /** Two hexadecimal digits a byte, separated by blanks. */
  readonly bytes: string;
  readonly text: string;
  readonly trap: boolean;
};

export type CodeListing = {
  /** All bytes, decoded from the first, which may be the middle of an instruction. */
  readonly list: readonly CodeRow[];
  /** The bytes from the trapping one on, decoded from there; empty where no byte is marked. */
  readonly fromTrap: readonly CodeRow[];
};

/**
 * The two listings of a `Code:` line: `trap` is the index of the byte that the log marks with `<>` or `()`, null if none is.
 *
 * The first listing cannot know where instructions begin. As in the kernel's scripts/decodecode (get_faultlinenum), its row that holds the trapping byte is
 * marked, also where that byte is not the first of the row; then only `fromTrap` shows the instruction that trapped.
 */
export async function listCode(bytes: Uint8Array, trap: number | null, arch: DisasmArch): Promise<CodeListing> {
  if (trap !== null && !(Number.isInteger(trap) && trap >= 0 && trap < bytes.length)) {
    throw new OopscopeError("bad-argument", `byte ${trap} cannot be marked in a line of ${bytes.length} bytes`, { trap, size: bytes.length });
  }
  const disassembler = await disassemblerFor(arch);
  const list = rows(bytes, disassembler.decode(bytes), trap);
  if (trap === null) return { list, fromTrap: [] };
  const rest = bytes.subarray(trap);
  return { list, fromTrap: rows(rest, disassembler.decode(rest), 0) };
}

function rows(bytes: Uint8Array, instructions: readonly Instruction[], trap: number | null): CodeRow[] {
  return instructions.map(({ offset, size, text }) => ({
    address: hex(offset),
    bytes: hexBytes(bytes.subarray(offset, offset + size)),
    text,
    trap: trap !== null && trap >= offset && trap < offset + size,
  }));
}

function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
