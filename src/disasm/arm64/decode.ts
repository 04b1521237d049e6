import type { Instruction } from "../types.ts";
import { systemText } from "./system.ts";
import { textByTable } from "./table.ts";

/** All words in order, as `objdump -d` lists them; bytes behind the last whole word are data. */
export function decodeAll(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const list: Instruction[] = [];
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) list.push(decodeWord(view.getUint32(at, true), at));
  if (at < bytes.length) list.push({ offset: at, size: bytes.length - at, text: tailText(bytes.subarray(at)), valid: false });
  return list;
}

export function decodeWord(word: number, offset: number): Instruction {
  const text = systemText(word) ?? textByTable(word, offset);
  if (text !== null) return { offset, size: 4, text: columns(text), valid: true };
  const why = reservedForOthers(word) ? "NYI" : isScalable(word) ? "not decoded" : "undefined";
  return { offset, size: 4, text: columns(`.inst 0x${word.toString(16).padStart(8, "0")} ; ${why}`), valid: false };
}

/** Operands begin in the ninth column, where objdump has a tab. */
function columns(text: string): string {
  const blank = text.indexOf(" ");
  return blank < 0 ? text : `${text.slice(0, blank).padEnd(7)} ${text.slice(blank + 1)}`;
}

/** A corner of the reserved encodings for which objdump has a word of its own. */
function reservedForOthers(word: number): boolean {
  return ((word >>> 21) & 0x3ff) === 1;
}

/** The encodings of SVE and SME (C4.1), which but for a few are left to better disassemblers. */
function isScalable(word: number): boolean {
  const group = (word >>> 25) & 15;
  return group === 2 || (group === 0 && word >>> 31 === 1);
}

function tailText(bytes: Uint8Array): string {
  return columns(`.byte ${Array.from(bytes, (byte) => `0x${byte.toString(16).padStart(2, "0")}`).join(", ")}`);
}
