import type { Cursor } from "../base/index.ts";
import type { ByteWriter } from "./bytes.ts";
import { lineOp } from "./format.ts";

/** Rows of a function, in the order of their addresses, as three columns. A row holds until the next one. */
export type Rows = { readonly addresses: number[]; readonly files: number[]; readonly lines: number[] };

/** At a function's address: number of the file (0: none) and 1-based line (0: none). */
export type Row = { readonly file: number; readonly line: number };

/** The row that holds `offset`, which counts from the function's start, or null. One pass that ends there. (LineTable.cpp: parse, lookup.) */
export function rowAt(at: Cursor, offset: number): Row | null {
  const least = at.sleb();
  const most = at.sleb();
  const range = most - least + 1;
  let line = at.uleb();
  let file = 1;
  let address = 0;
  let found: Row | null = null;
  for (;;) {
    const op = at.u8();
    switch (op) {
      case lineOp.end:
        return found;
      case lineOp.setFile:
        file = at.uleb();
        continue;
      case lineOp.advanceLine:
        line += at.sleb();
        continue;
      case lineOp.advanceAddress:
        address += at.uleb();
        break;
      default: {
        if (!(range > 0)) throw at.fail(`line steps from ${least} to ${most}`);
        const special = op - lineOp.firstSpecial;
        line += least + (special % range);
        address += Math.floor(special / range);
      }
    }
    if (address > offset) return found;
    found = { file, line: line >= 0 && line <= 0xffff_ffff ? line : 0 };
  }
}

/** The widest span of line steps that one-byte operations are given: they have 252 values for a step of the line and one of the address. */
const widestSpan = 15;

/** (LineTable.cpp: encode.) The steps of the line that get one-byte operations are those of the span that has most. */
export function writeRows(out: ByteWriter, { addresses, files, lines }: Rows, start: number): void {
  const { least, most } = commonSteps(lines);
  const range = most - least + 1;
  out.sleb(least);
  out.sleb(most);
  out.uleb(lines[0]!);
  let address = start;
  let line = lines[0]!;
  let file = 1;
  for (let index = 0; index < addresses.length; index++) {
    const lineStep = lines[index]! - line;
    const step = addresses[index]! - address;
    if (files[index] !== file) {
      out.u8(lineOp.setFile);
      out.uleb(files[index]!);
    }
    const special = lineStep >= least && lineStep <= most ? lineStep - least + step * range + lineOp.firstSpecial : 256;
    if (special <= 255) out.u8(special);
    else {
      if (lineStep !== 0) {
        out.u8(lineOp.advanceLine);
        out.sleb(lineStep);
      }
      out.u8(lineOp.advanceAddress);
      out.uleb(step);
    }
    address = addresses[index]!;
    line = lines[index]!;
    file = files[index]!;
  }
  out.u8(lineOp.end);
}

const farthest = 64;
const counts = new Uint32Array(2 * farthest + 1);

function commonSteps(lines: readonly number[]): { least: number; most: number } {
  if (lines.length < 2) return { least: 0, most: 0 };
  counts.fill(0);
  for (let index = 1; index < lines.length; index++) {
    const step = lines[index]! - lines[index - 1]!;
    if (step >= -farthest && step <= farthest) counts[step + farthest]!++;
  }
  let within = 0;
  for (let step = 0; step < widestSpan; step++) within += counts[step]!;
  let best = within;
  let first = 0;
  for (let step = widestSpan; step < counts.length; step++) {
    within += counts[step]! - counts[step - widestSpan]!;
    if (within > best) {
      best = within;
      first = step - widestSpan + 1;
    }
  }
  let last = first + widestSpan - 1;
  while (last > first && counts[last] === 0) last--;
  while (first < last && counts[first] === 0) first++;
  return { least: first - farthest, most: last - farthest };
}
