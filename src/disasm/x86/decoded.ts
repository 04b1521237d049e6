import type { Engine } from "./iced.ts";
import type { Facts } from "./facts.ts";
import { isSegment, prefixName, type Prefixes } from "./prefixes.ts";

/** An instruction in the engine's hands, with the bytes that it came from. */
export type Decoded = {
  readonly engine: Engine;
  readonly bytes: Uint8Array;
  /** Offset of the first byte, prefixes included. */
  readonly at: number;
  readonly size: number;
  readonly prefixes: Prefixes;
  readonly wide: boolean;
  readonly facts: Facts;
  /** An operand that is none: printed as this text instead. */
  readonly instead?: { readonly operand: "memory" | "rm" | "segment"; readonly text: string };
};

/** Width of addresses in bits, after an address size prefix. */
export function addressSize({ wide, prefixes }: Decoded): 16 | 32 | 64 {
  const changed = prefixes.bytes.includes(0x67);
  return wide ? (changed ? 32 : 64) : changed ? 16 : 32;
}

/** The segment that memory operands are relative to by a prefix, "" without one; in 64-bit mode only fs and gs count. */
export function activeSegment({ prefixes, wide }: Decoded): string {
  const inForce = prefixes.bytes.findLast((byte) => isSegment(byte) && (!wide || byte >= 0x64));
  return inForce === undefined ? "" : prefixName(inForce, wide)!;
}

/** `,pt` or `,pn`: the hint on a conditional branch that a segment prefix stands for. */
export function branchHint({ prefixes, engine: { iced }, facts }: Decoded): string {
  if (facts.flow !== iced.FlowControl.ConditionalBranch) return "";
  const taken = prefixes.bytes.includes(0x3e);
  const not = prefixes.bytes.includes(0x2e);
  return taken === not ? "" : taken ? ",pt" : ",pn";
}

/** Where the ModRM byte is, -1 if the instruction has none. */
export function modrmAt({ engine: { iced: { EncodingKind, OpCodeOperandKind, OpCodeTableKind } }, facts, at, prefixes, bytes }: Decoded): number {
  if (facts.operands.includes(OpCodeOperandKind.mem_offs) || facts.operands.includes(OpCodeOperandKind.seg_rBX_al)) return -1;
  const opcode = at + prefixes.size;
  switch (facts.encoding) {
    case EncodingKind.Legacy:
      return opcode + (facts.table === OpCodeTableKind.Normal ? 1 : facts.table === OpCodeTableKind.T0F ? 2 : 3);
    case EncodingKind.D3NOW:
      return opcode + 2;
    case EncodingKind.VEX:
      return opcode + (bytes[opcode] === 0xc5 ? 3 : 4);
    case EncodingKind.XOP:
      return opcode + 4;
    case EncodingKind.EVEX:
    case EncodingKind.MVEX:
      return opcode + 5;
  }
}

/** Opcode 90 with a REX prefix that leaves both registers the same: a `nop`, and only with an operand size prefix an exchange to binutils. */
export function plainExchange({ facts, prefixes, bytes, at }: Decoded): boolean {
  return bytes[at + prefixes.size] === 0x90 && (prefixes.rex & 1) === 0 && facts.mnemonic !== "pause";
}
