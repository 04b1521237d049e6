import type { FlowInstruction } from "../types.ts";
import { decodeWord } from "./decode.ts";
import { signed } from "./numbers.ts";

/** Where each instruction of a function leads (C4.1.94). A tail of less than a word is no instruction. */
export function flowAll(bytes: Uint8Array): FlowInstruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const list: FlowInstruction[] = [];
  let offset = 0;
  for (; offset + 4 <= bytes.length; offset += 4) {
    const [flow, distance] = flowOf(view.getUint32(offset, true));
    list.push({ offset, size: 4, flow, target: distance === null ? null : offset + distance });
  }
  if (offset < bytes.length) list.push({ offset, size: bytes.length - offset, flow: "invalid", target: null });
  return list;
}

/** The kind of a word, and how far a direct branch goes. */
function flowOf(word: number): [FlowInstruction["flow"], number | null] {
  const distance = (low: number, width: number) => signed((word >>> low) & (2 ** width - 1), width) * 4;
  if (decodeWord(word, 0).valid) {
    if (word >>> 26 === 0b100101) return ["call", distance(0, 26)];
    if (word >>> 26 === 0b000101) return ["jump", distance(0, 26)];
    if (word >>> 25 === 0b0101010) return ["branch", distance(5, 19)]; // B.cond, BC.cond
    if (((word >>> 25) & 63) === 0b011010) return ["branch", distance(5, 19)]; // CBZ, CBNZ
    if (((word >>> 25) & 63) === 0b011011) return ["branch", distance(5, 14)]; // TBZ, TBNZ
    if (word >>> 25 === 0b1101011) return [registerFlow((word >>> 21) & 15), null];
    const exception = (word >>> 21) & 7;
    if (word >>> 24 === 0b11010100) return [exception === 1 || exception === 2 ? "trap" : "other", null]; // BRK, HLT
    return [word >>> 16 === 0 ? "trap" : "other", null]; // UDF
  }
  return ["invalid", null];
}

/** By the bits opc of unconditional branches to a register; the highest one marks BRAA, BLRAA and their kind with a modifier. */
function registerFlow(opc: number): FlowInstruction["flow"] {
  switch (opc & 7) {
    case 0:
      return "indirect-jump";
    case 1:
      return "indirect-call";
    default:
      return "return"; // RET, ERET, DRPS
  }
}
