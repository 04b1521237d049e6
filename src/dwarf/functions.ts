import { OopscopeError } from "../base/index.ts";
import type { Abbreviation } from "./abbreviations.ts";
import * as dw from "./constants.ts";
import { newEntry, readEntry, skipChildren, skipEntry } from "./entry.ts";
import { covers, forEachRange, hasRange } from "./ranges.ts";
import { Skips, lowerBound } from "./sorted.ts";
import type { Unit } from "./unit.ts";

/**
 * Which functions own an address. Phase one walks the unit's entries once, stepping over types and function bodies, and notes the ranges of every
 * function. Phase two walks the body of the one function that covers an address, down through the inlined calls that cover it too.
 */
export type FunctionIndex = { readonly lows: number[]; readonly highs: number[]; /** Position of the function's entry within its unit. */ readonly entries: number[] };

/** Tags whose children may be functions: those of C are at the top only. */
function mayHoldFunctions(tag: number, isC: boolean): boolean {
  switch (tag) {
    case dw.DW_TAG_namespace:
    case dw.DW_TAG_module:
    case dw.DW_TAG_compile_unit:
    case dw.DW_TAG_partial_unit:
      return true;
    case dw.DW_TAG_structure_type:
    case dw.DW_TAG_class_type:
    case dw.DW_TAG_union_type:
    case dw.DW_TAG_interface_type:
    case dw.DW_TAG_enumeration_type:
      return !isC;
    default:
      return false;
  }
}

/** `nested` also looks for functions within functions and types, which C's compilers all but never make. */
export function indexFunctions(unit: Unit, nested: boolean): FunctionIndex {
  const lows: number[] = [];
  const highs: number[] = [];
  const entries: number[] = [];
  const { at, abbreviations, isC } = unit;
  const { bytes, view, little, end } = at;
  const entry = newEntry();
  const steps = new Int32Array(0x100);
  let position = unit.children;
  // Made once: a closure in the loop would cost each entry of the unit a context.
  const note = (low: number, high: number): boolean => {
    lows.push(low);
    highs.push(high);
    entries.push(position);
    return false;
  };
  for (let depth = 1; depth > 0; position = at.at) {
    // Nine of ten entries are stepped over here.
    while (position < end) {
      const step = steps[bytes[position]!]!;
      if (step > 0 && position + step <= end) position += step;
      else if (step < 0 && position - step + 4 <= end) {
        const next = view.getInt32(position - step, little);
        if (next <= position + 1 || next > end) break;
        position = next;
      } else break;
    }
    if (position >= end) break;
    at.at = position;
    const code = at.uleb();
    if (code === 0) {
      depth--;
      continue;
    }
    const abbreviation = abbreviations.get(code);
    if (code < 0x80) steps[code] = stepOf(abbreviation, nested, isC);
    const { tag } = abbreviation;
    if (tag === dw.DW_TAG_subprogram && abbreviation.hasCode) {
      readEntry(unit, abbreviation, entry, false);
      if (entry.ranges >= 0 || entry.high > entry.low) forEachRange(unit, entry, note);
      if (lows.length > mostRanges) throw tooManyRanges(unit);
      if (!entry.children) continue;
      if (nested) depth++;
      else if (entry.sibling > at.at && entry.sibling <= end) at.at = entry.sibling;
      else skipChildren(unit);
      continue;
    }
    if (!abbreviation.children) {
      skipEntry(unit, abbreviation);
      continue;
    }
    if (nested || mayHoldFunctions(tag, isC)) {
      readEntry(unit, abbreviation, entry, false);
      depth++;
      continue;
    }
    const next = skipEntry(unit, abbreviation);
    if (next >= 0) at.at = next;
    else skipChildren(unit);
  }
  return { lows, highs, entries };
}

/** How to step over an entry whose code is one byte: above 0 its size; below 0 less the distance to the place that tells its sibling, of four bytes; 0 if neither will do. */
function stepOf({ tag, children, hasCode, size, siblingAt }: Abbreviation, nested: boolean, isC: boolean): number {
  if (tag === dw.DW_TAG_subprogram && hasCode) return 0;
  if (!children) return size + 1;
  return nested || mayHoldFunctions(tag, isC) || siblingAt < 0 ? 0 : -1 - siblingAt;
}

/** A unit of a whole program has some 100,000 functions. */
const mostRanges = 1 << 20;

function tooManyRanges({ sections, header: { offset } }: Unit): OopscopeError {
  const { path } = sections.elf;
  return new OopscopeError("over-budget", `${path}: .debug_info at offset 0x${offset.toString(16)}: a unit whose functions have more than ${mostRanges} ranges`, { file: path, section: ".debug_info", offset });
}

/** Of each address (in order) the position of the smallest function that covers it, or -1. */
export function functionsAt({ lows, highs, entries }: FunctionIndex, addresses: Float64Array): Int32Array {
  const found = new Int32Array(addresses.length).fill(-1);
  if (lows.length * addresses.length > fewComparisons) {
    // Smallest first, each takes the addresses that no smaller one has; `next` leads past those that are taken.
    const order = Uint32Array.from(lows.keys()).sort((a, b) => highs[a]! - lows[a]! - (highs[b]! - lows[b]!) || a - b);
    const next = new Skips(addresses.length);
    for (const index of order) {
      for (let k = next.from(lowerBound(addresses, lows[index]!)); k < addresses.length && addresses[k]! < highs[index]!; k = next.from(k + 1)) {
        found[k] = entries[index]!;
        next.take(k);
      }
    }
    return found;
  }
  for (let k = 0; k < addresses.length; k++) {
    const address = addresses[k]!;
    let size = Number.POSITIVE_INFINITY;
    for (let index = 0; index < lows.length; index++) {
      const low = lows[index]!;
      if (address < low || address >= highs[index]!) continue;
      if (highs[index]! - low < size) {
        size = highs[index]! - low;
        found[k] = entries[index]!;
      }
    }
  }
  return found;
}

const fewComparisons = 1 << 16;

/** A function of the chain: where its name stands, and where it was called if it is inlined. */
export type ChainLink = { readonly entry: number; readonly callFile: number; readonly callLine: number; readonly callColumn: number; readonly discriminator: number };

export const deepestInlining = 256;

/** The function at `position` and the calls inlined into it that cover `address`, outermost first. `entry` are offsets in .debug_info. */
export function inlineChain(unit: Unit, position: number, address: number): ChainLink[] {
  const { at, abbreviations, header } = unit;
  const { budget } = unit.sections;
  const entry = newEntry();
  at.at = position;
  readEntry(unit, abbreviations.get(at.uleb()), entry, false);
  const chain: ChainLink[] = [{ entry: header.offset + position, callFile: -1, callLine: -1, callColumn: -1, discriminator: -1 }];
  if (!entry.children) return chain;
  if (header.version === 2) return chainOfPieces(unit, chain, address);
  // `open` counts the blocks without a range of their own that were entered since the last covering entry: behind their end the walk goes on.
  for (let open = 0; at.at < at.end; ) {
    budget.spend(1);
    const here = at.at;
    const code = at.uleb();
    if (code === 0) {
      if (open-- === 0) break;
      continue;
    }
    const abbreviation = abbreviations.get(code);
    const { tag } = abbreviation;
    if (tag !== dw.DW_TAG_inlined_subroutine && tag !== dw.DW_TAG_lexical_block && tag !== dw.DW_TAG_try_block && tag !== dw.DW_TAG_catch_block) {
      const next = skipEntry(unit, abbreviation);
      if (next >= 0) at.at = next;
      else stepOver(unit);
      continue;
    }
    readEntry(unit, abbreviation, entry, false);
    const isBlock = tag !== dw.DW_TAG_inlined_subroutine;
    if (isBlock && !hasRange(entry)) {
      if (entry.children) open++;
      continue;
    }
    if (!covers(unit, entry, address)) {
      if (!entry.children) continue;
      if (entry.sibling > at.at && entry.sibling <= at.end) at.at = entry.sibling;
      else stepOver(unit);
      continue;
    }
    if (!isBlock) {
      if (chain.length >= deepestInlining) throw at.fail(`more than ${deepestInlining} calls inlined into one another`);
      chain.push({ entry: header.offset + here, callFile: entry.callFile, callLine: entry.callLine, callColumn: entry.callColumn, discriminator: entry.discriminator });
    }
    if (!entry.children) {
      if (!isBlock) break;
      continue;
    }
    open = 0;
  }
  return chain;
}

/**
 * The same for version 2, which has no range lists: of code in pieces an entry names the first alone, and what is inlined into it may lie in another. So
 * the whole body is walked, and the deepest call that covers the address brings all those that it stands in.
 */
function chainOfPieces(unit: Unit, chain: ChainLink[], address: number): ChainLink[] {
  const { at, abbreviations, header } = unit;
  const entry = newEntry();
  let best = chain;
  // The chain at each level of nesting.
  const levels = [chain];
  while (levels.length > 0 && at.at < at.end) {
    unit.sections.budget.spend(1);
    const here = at.at;
    const code = at.uleb();
    if (code === 0) {
      levels.pop();
      continue;
    }
    const abbreviation = abbreviations.get(code);
    const { tag } = abbreviation;
    const isCall = tag === dw.DW_TAG_inlined_subroutine;
    if (!isCall && tag !== dw.DW_TAG_lexical_block && tag !== dw.DW_TAG_try_block && tag !== dw.DW_TAG_catch_block) {
      const next = skipEntry(unit, abbreviation);
      if (next >= 0) at.at = next;
      else stepOver(unit);
      continue;
    }
    readEntry(unit, abbreviation, entry, false);
    let level = levels[levels.length - 1]!;
    if (isCall) {
      if (level.length >= deepestInlining) throw at.fail(`more than ${deepestInlining} calls inlined into one another`);
      level = [...level, { entry: header.offset + here, callFile: entry.callFile, callLine: entry.callLine, callColumn: entry.callColumn, discriminator: entry.discriminator }];
      if (level.length > best.length && covers(unit, entry, address)) best = level;
    }
    if (!entry.children) continue;
    if (levels.length >= deepestNesting) throw at.fail(`more than ${deepestNesting} levels of blocks and calls`);
    levels.push(level);
  }
  return best;
}

export const deepestNesting = 4096;

/** Passes over the children of what was just read; as many steps as their bytes are worth, since each address may take them again. */
export function stepOver(unit: Unit): void {
  const from = unit.at.at;
  skipChildren(unit);
  unit.sections.budget.spend((unit.at.at - from) / 16);
}
