import type { ImageOffset } from "../base/index.ts";
import type { ParsedFrame } from "../oops/index.ts";
import type { ImageSymbol } from "../symbolize/index.ts";
import { callBefore, type CallSite } from "./callsite.ts";
import type { KernelImage } from "./images.ts";

/** The functions of an image that a frame may mean, best first, or why there are none. */
export type Candidates = { readonly symbols: readonly ImageSymbol[]; readonly failure: { readonly reason: "no-symbol" | "size-mismatch" | "outside"; readonly why: string } | null };

/** By name, then by the size that the log prints: functions of exactly that size, or failing these of one that padding explains. */
export function candidatesOf(frame: ParsedFrame, image: KernelImage): Candidates {
  const name = frame.symbol!;
  const named = image.symbols.get(name) ?? [];
  const file = image.image.path;
  if (named.length === 0) return { symbols: [], failure: { reason: "no-symbol", why: image.image.elf.symbols() ? `${file} has no symbol ${name}` : `${file} is stripped of its symbols` } };
  const { size, offset } = frame;
  if (size === null) return { symbols: named, failure: null };
  const fitting = named.filter((symbol) => image.image.fits(symbol, size));
  if (fitting.length === 0) {
    const sizes = named.map((symbol) => `0x${(image.image.extentOf(symbol) ?? symbol.size).toString(16)}`).join(", ");
    return { symbols: [], failure: { reason: "size-mismatch", why: `${name} has 0x${size.toString(16)} bytes in the log and ${sizes} in ${file}: another build` } };
  }
  if (offset !== null && offset > size) return { symbols: [], failure: { reason: "outside", why: `offset 0x${offset.toString(16)} lies past the function's 0x${size.toString(16)} bytes` } };
  // The last function of a section has a size in the log that says little: what lies behind the section's end is not its own.
  const holding = offset === null ? fitting : fitting.filter((symbol) => offset <= roomOf(image, symbol));
  if (holding.length === 0) {
    const room = Math.max(...fitting.map((symbol) => roomOf(image, symbol)));
    return { symbols: [], failure: { reason: "outside", why: `offset 0x${offset!.toString(16)} of ${name} lies past the end of its section in ${file}, 0x${room.toString(16)} bytes on: another build` } };
  }
  return { symbols: holding, failure: null };
}

/** Bytes from a symbol to the end of its section. */
function roomOf({ image: { elf } }: KernelImage, { address }: ImageSymbol): number {
  const section = elf.sectionAt(address);
  return section === null ? Infinity : elf.placeOf(section) + section.size - address;
}

/** Where the code of a callee may begin: what a call that led to it must have targeted. */
export type Callee = { readonly image: KernelImage; readonly symbols: readonly ImageSymbol[] };

/**
 * Tells functions of one name apart by the calls between frames. `frame` returns to its candidates at `offset`: there must be a call before that place,
 * and if one of them calls `callee`, the frame above, that is it. A direct call to another function proves nothing: that one may have jumped on.
 */
export function byOwnCall(candidates: readonly ImageSymbol[], offset: number, image: KernelImage, callee: Callee | null): readonly ImageSymbol[] {
  const graded = candidates.map((symbol) => ({ symbol, grade: gradeCall(callBefore(image.code, (symbol.address + offset) as ImageOffset), image, callee) }));
  const best = Math.max(...graded.map(({ grade }) => grade));
  return graded.filter(({ grade }) => grade === best).map(({ symbol }) => symbol);
}

/** 2: calls the callee; 1: may call it, or calls something else, which may have jumped on to it; 0: no call ends there. */
function gradeCall(call: CallSite | null | "unknown", image: KernelImage, callee: Callee | null): number {
  if (call === null) return 0;
  if (call === "unknown" || call.kind === "indirect" || !callee) return 1;
  const { target, name } = call;
  const callsIt = name === null ? callee.image === image && callee.symbols.some(({ address }) => address === target) : callee.image !== image && callee.symbols.some((symbol) => symbol.name === name);
  return callsIt ? 2 : 1;
}

/** The candidates that the caller's call leads to, where it is a direct one that names its target; otherwise all of them. */
export function byCallersCall(candidates: readonly ImageSymbol[], image: KernelImage, caller: { readonly image: KernelImage; readonly address: ImageOffset }): readonly ImageSymbol[] {
  const call = callBefore(caller.image.code, caller.address);
  if (call === null || call === "unknown" || call.kind === "indirect") return candidates;
  if (call.target === null || caller.image !== image) return candidates;
  const called = candidates.filter(({ address }) => address === call.target);
  return called.length > 0 ? called : candidates;
}
