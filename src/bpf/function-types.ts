import { fixedBytes, hostIsLittle, viewOf } from "./bytes.ts";

/** Kinds (include/uapi/linux/btf.h), and where a kind stands in a type's second word. */
const INT = 1, FUNC = 12, FUNC_PROTO = 13;
const kindAt = 24;
/** The id of the first function's type, behind those of `int` and of `int (void)`. */
const firstFunction = 3;

export type FunctionTypes = { readonly btf: Uint8Array<ArrayBuffer>; /** struct bpf_func_info, one a function. */ readonly info: Uint8Array<ArrayBuffer>; readonly count: number };

/**
 * Types for the functions of a program that begin at these instructions, in ascending order from 0 on: helpers that call back (bpf_loop) take only functions that have one. Each is
 * `int f(void)`, since nothing but the linkage is looked at: global for the program itself, static for the rest.
 */
export function functionTypes(starts: readonly number[]): FunctionTypes {
  const names = ["int", ...starts.map((_, index) => `f${index}`)];
  const strings = Buffer.from(`\0${names.join("\0")}\0`, "latin1");
  const nameAt = (index: number): number => 1 + names.slice(0, index).reduce((sum, name) => sum + name.length + 1, 0);
  const words = [nameAt(0), INT << kindAt, 4, (1 << 24) | 32, 0, FUNC_PROTO << kindAt, 1];
  for (const index of starts.keys()) words.push(nameAt(1 + index), (FUNC << kindAt) | (index === 0 ? 1 : 0), 2);
  const header = 24;
  const btf = fixedBytes(header + 4 * words.length + strings.length);
  const view = viewOf(btf);
  // struct btf_header: magic, version, flags, its own length, then places and lengths of types and of strings.
  view.setUint16(0, 0xeb9f, hostIsLittle);
  view.setUint8(2, 1);
  for (const [index, word] of [header, 0, 4 * words.length, 4 * words.length, strings.length].entries()) view.setUint32(4 + 4 * index, word, hostIsLittle);
  for (const [index, word] of words.entries()) view.setUint32(header + 4 * index, word, hostIsLittle);
  btf.set(strings, header + 4 * words.length);
  const info = fixedBytes(8 * starts.length);
  for (const [index, start] of starts.entries()) {
    viewOf(info).setUint32(8 * index, start, hostIsLittle);
    viewOf(info).setUint32(8 * index + 4, firstFunction + index, hostIsLittle);
  }
  return { btf, info, count: starts.length };
}
