import { Claims, ascending } from "./claims.ts";
import * as dw from "./constants.ts";
import { newEntry, readEntry, skipEntry, type Entry } from "./entry.ts";
import { deepestInlining, deepestNesting, indexFunctions, inlineChain, stepOver, type FunctionIndex } from "./functions.ts";
import { LineProgram, LineRows } from "./lines.ts";
import { forEachRange, hasRange } from "./ranges.ts";
import type { Unit } from "./unit.ts";

// All of a unit at once, for those who write it down in another format. The rules are those of looking up one address (file.ts, functions.ts): the smallest
// function that covers it, in it the first call that does, the first row that does. Here they give each address away once.

/** A function, or what of it no smaller one takes. Ranges are from and to, from and to, …: ascending image offsets. */
export type FunctionContents = { readonly name: string | null; readonly ranges: readonly number[]; readonly calls: readonly InlineContents[] };

/** A call that was inlined, with those inlined into it. Its ranges lie within the caller's, and no two calls of one caller overlap. */
export type InlineContents = {
  readonly name: string | null;
  /** A number of the unit's line program, -1 where there is none; 1-based line, 0 where there is none. */
  readonly callFile: number;
  readonly callLine: number;
  readonly ranges: readonly number[];
  readonly calls: readonly InlineContents[];
};

export type UnitContents = {
  readonly name: string | null;
  readonly directory: string | null;
  /** What the unit says is its own, from and to, …; null where it does not say. Rows may lie beyond it: those of padding, or of what the linker left out. */
  readonly ranges: readonly number[] | null;
  readonly functions: readonly FunctionContents[];
  /** Rows by ascending addresses, without overlap. */
  readonly rows: LineRows;
  /** The path of a file of rows and calls, as the compiler recorded it, or null. */
  path(file: number): string | null;
};

/** What reading a unit needs. */
type Reading = { readonly unit: Unit; readonly nameOf: (entry: number) => string | null; readonly entry: Entry; /** A function was seen within another. */ nested: boolean };

export function contentsOf(unit: Unit, nameOf: (entry: number) => string | null): UnitContents {
  const { sections, root } = unit;
  const lines = root.lines >= 0 && sections.size("line") > 0 ? new LineProgram(sections, root.lines, unit.directory, unit.header.sizes.address) : null;
  const rows = lines ? inOrder(lines.everyRow(unit.baseHigh, unit.baseLow)) : new LineRows();
  const claims = new Claims();
  const functions: FunctionContents[] = [];
  const reading: Reading = { unit, nameOf, entry: newEntry(), nested: !unit.isC };
  readFunctions(reading, indexFunctions(unit, false), claims, functions);
  // Functions within functions and types own what is left.
  if (reading.nested) readFunctions(reading, indexFunctions(unit, true), claims, functions);
  const ranges: number[] = [];
  forEachRange(unit, root, (low, high) => {
    ranges.push(low, high);
    return false;
  });
  return { name: unit.name, directory: unit.directory, ranges: ranges.length > 0 ? ranges : null, functions, rows, path: (file) => (file < 0 ? null : (lines?.path(file) ?? null)) };
}

function readFunctions(reading: Reading, { lows, highs, entries }: FunctionIndex, claims: Claims, functions: FunctionContents[]): void {
  const order = Uint32Array.from(lows.keys());
  // The smallest first, where any two overlap; in a linked file as compilers make it none do.
  order.sort((a, b) => lows[a]! - lows[b]! || a - b);
  let overlap = false;
  for (let k = 1; k < order.length; k++) overlap ||= lows[order[k]!]! < highs[order[k - 1]!]!;
  if (overlap) order.sort((a, b) => highs[a]! - lows[a]! - (highs[b]! - lows[b]!) || a - b);
  const owned = new Map<number, number[]>();
  for (const index of order) {
    const free = claims.take(lows[index]!, highs[index]!);
    const own = owned.get(entries[index]!);
    if (own) own.push(...free);
    else if (free.length > 0) owned.set(entries[index]!, free);
  }
  for (const [entry, ranges] of owned) {
    functions.push({ name: reading.nameOf(reading.unit.header.offset + entry), ranges: ascending(ranges), calls: callsIn(reading, entry, ranges) });
  }
}

function callsIn(reading: Reading, position: number, ranges: readonly number[]): InlineContents[] {
  const { unit, entry } = reading;
  const { at, abbreviations, header } = unit;
  at.at = position;
  readEntry(unit, abbreviations.get(at.uleb()), entry, false);
  if (!entry.children) return [];
  return header.version === 2 ? callsOfPieces(reading, position, ranges) : readCalls(reading, ranges, 0);
}

/** The calls among the children at the cursor, which ends behind them; `within` is what of their parent counts. Blocks pass theirs on. */
function readCalls(reading: Reading, within: readonly number[], depth: number): InlineContents[] {
  const { unit, entry } = reading;
  const { at, abbreviations, header } = unit;
  const { budget } = unit.sections;
  if (depth > deepestNesting) throw at.fail(`more than ${deepestNesting} levels of blocks and calls`);
  const calls: InlineContents[] = [];
  const claims = new Claims();
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
      if (tag === dw.DW_TAG_subprogram) reading.nested = true;
      const next = skipEntry(unit, abbreviation);
      if (next >= 0) at.at = next;
      else stepOver(unit);
      continue;
    }
    readEntry(unit, abbreviation, entry, false);
    const isBlock = tag !== dw.DW_TAG_inlined_subroutine;
    const { children, sibling, origin, callFile, callLine } = entry;
    if (isBlock && !hasRange(entry)) {
      if (children) open++;
      continue;
    }
    const ranges: number[] = [];
    forEachRange(unit, entry, (low, high) => {
      for (let k = 0; k < within.length; k += 2) {
        const from = Math.max(low, within[k]!);
        const to = Math.min(high, within[k + 1]!);
        if (from < to) ranges.push(...claims.take(from, to));
      }
      budget.spend(within.length);
      return false;
    });
    if (ranges.length === 0) {
      if (!children) continue;
      if (sibling > at.at && sibling <= at.end) at.at = sibling;
      else stepOver(unit);
      continue;
    }
    ascending(ranges);
    const inner = children ? readCalls(reading, ranges, depth + 1) : [];
    if (isBlock) calls.push(...inner);
    else {
      const next = at.at;
      calls.push({ name: reading.nameOf(origin >= 0 ? origin : header.offset + here), callFile, callLine: Math.max(0, callLine), ranges, calls: inner });
      at.at = next; // names are read through the same cursor
    }
  }
  return calls;
}

type Node = { name: string | null; callFile: number; callLine: number; ranges: number[]; calls: Node[]; entry: number };

/** Version 2 tells of code in pieces only one: which calls cover an address is asked for each stretch between two bounds, and put together again. */
function callsOfPieces({ unit, nameOf }: Reading, position: number, ranges: readonly number[]): InlineContents[] {
  const bounds = new Set<number>(ranges);
  collectBounds(unit, position, bounds);
  const sorted = [...bounds].sort((a, b) => a - b);
  const root: Node = { name: null, callFile: -1, callLine: 0, ranges: [], calls: [], entry: -1 };
  for (let k = 0; k + 1 < sorted.length; k++) {
    const [low, high] = [sorted[k]!, sorted[k + 1]!];
    if (!ranges.some((from, index) => index % 2 === 0 && low >= from && high <= ranges[index + 1]!)) continue;
    let node = root;
    const chain = inlineChain(unit, position, low);
    if (chain.length > deepestInlining) throw unit.at.fail(`more than ${deepestInlining} calls inlined into one another`);
    for (const link of chain.slice(1)) {
      let inner = node.calls.find(({ entry }) => entry === link.entry);
      if (!inner) node.calls.push((inner = { name: nameOf(link.entry), callFile: link.callFile, callLine: Math.max(0, link.callLine), ranges: [], calls: [], entry: link.entry }));
      if (inner.ranges.at(-1) === low) inner.ranges[inner.ranges.length - 1] = high;
      else inner.ranges.push(low, high);
      node = inner;
    }
  }
  return root.calls;
}

function collectBounds(unit: Unit, position: number, bounds: Set<number>): void {
  const { at, abbreviations } = unit;
  const entry = newEntry();
  at.at = position;
  for (let depth = 0; at.at < at.end; ) {
    unit.sections.budget.spend(1);
    const code = at.uleb();
    if (code === 0) {
      if (--depth <= 0) break;
      continue;
    }
    readEntry(unit, abbreviations.get(code), entry, false);
    forEachRange(unit, entry, (low, high) => {
      bounds.add(low);
      bounds.add(high);
      return false;
    });
    if (entry.children) depth++;
    else if (depth === 0) break;
  }
}

/** The rows by address; of those that overlap the first counts. */
function inOrder(rows: LineRows): LineRows {
  let sorted = true;
  for (let index = 1; index < rows.count; index++) sorted &&= rows.lows[index]! >= rows.highs[index - 1]!;
  if (sorted) return rows;
  const claims = new Claims();
  const pieces: { low: number; high: number; index: number }[] = [];
  for (let index = 0; index < rows.count; index++) {
    const free = claims.take(rows.lows[index]!, rows.highs[index]!);
    for (let k = 0; k < free.length; k += 2) pieces.push({ low: free[k]!, high: free[k + 1]!, index });
  }
  pieces.sort((a, b) => a.low - b.low);
  const ordered = new LineRows();
  for (const { low, high, index } of pieces) ordered.push(low, high, rows.files[index]!, rows.lines[index]!);
  return ordered;
}
