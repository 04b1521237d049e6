import type { Cursor } from "../base/index.ts";
import type { ByteWriter } from "./bytes.ts";

/** A call that was inlined. The function itself is the root of its calls, without a place of a call. */
export type InlinedCall = {
  /** Offset of the name in the string table. */
  readonly name: number;
  readonly callFile: number;
  readonly callLine: number;
  /** From and to, from and to, …: ascending, apart from one another, each within one of the caller's. */
  readonly ranges: readonly number[];
  readonly calls: readonly InlinedCall[];
};

/** A call of a chain, without what it holds. */
export type ChainLink = { readonly name: number; readonly callFile: number; readonly callLine: number };

const deepest = 256;

/**
 * The calls that cover `offset` (from the function's start), outermost first, the function itself included. Siblings do not overlap: the first that covers it
 * leads on. (InlineInfo.cpp: lookup.)
 */
export function chainAt(at: Cursor, offset: number): ChainLink[] {
  const chain: ChainLink[] = [];
  // Base of the ranges at this level: the caller's first address.
  let base = 0;
  for (;;) {
    const ranges = readRanges(at, base, offset);
    if (ranges === null) return chain;
    const hasCalls = at.u8() !== 0;
    const name = at.u32();
    const callFile = at.uleb();
    const callLine = at.uleb();
    if (!ranges.covers) {
      // The root alone has no siblings.
      if (chain.length === 0) return chain;
      if (hasCalls) skipCalls(at);
      continue;
    }
    if (chain.length >= deepest) throw at.fail(`more than ${deepest} calls inlined into one another`);
    chain.push({ name, callFile, callLine });
    if (!hasCalls) return chain;
    base = ranges.first;
  }
}

/** Null for the empty list that ends the siblings. */
function readRanges(at: Cursor, base: number, offset: number): { readonly first: number; readonly covers: boolean } | null {
  const count = at.uleb();
  if (count === 0) return null;
  let first = 0;
  let covers = false;
  for (let index = 0; index < count; index++) {
    const from = base + at.uleb();
    const to = from + at.uleb();
    if (index === 0) first = from;
    covers ||= offset >= from && offset < to;
  }
  return { first, covers };
}

function skipCalls(at: Cursor): void {
  for (let depth = 1; depth > 0; ) {
    const count = at.uleb();
    if (count === 0) {
      depth--;
      continue;
    }
    for (let index = 0; index < count; index++) {
      at.skipLeb();
      at.skipLeb();
    }
    const hasCalls = at.u8() !== 0;
    at.skip(4);
    at.skipLeb();
    at.skipLeb();
    if (hasCalls) depth++;
  }
}

/** (InlineInfo.cpp: encode.) */
export function writeCall(out: ByteWriter, call: InlinedCall, base: number): void {
  const { ranges, calls } = call;
  out.uleb(ranges.length / 2);
  for (let index = 0; index < ranges.length; index += 2) {
    out.uleb(ranges[index]! - base);
    out.uleb(ranges[index + 1]! - ranges[index]!);
  }
  out.u8(calls.length > 0 ? 1 : 0);
  out.u32(call.name);
  out.uleb(call.callFile);
  out.uleb(call.callLine);
  if (calls.length === 0) return;
  for (const inner of calls) writeCall(out, inner, ranges[0]!);
  out.uleb(0);
}
