import { generalOperands } from "./operands.ts";
import { parseRow, rowLines, textBy, type Row } from "./row.ts";
import { branchRows } from "./rows/branches.ts";
import { floatRows } from "./rows/float.ts";
import { integerRows } from "./rows/integer.ts";
import { loadRows } from "./rows/loads.ts";
import { scalableRows } from "./rows/scalable.ts";
import { scalarRows, vectorRows } from "./rows/vector.ts";
import { vectorOperands } from "./vectoroperands.ts";

/**
 * Bits 28 to 24 divide the rows: a word is held against some dozens instead of a thousand, and of the text of the rows only those of the words that occur
 * are read.
 */
const buckets = new Map<number, readonly Row[]>();
const operands = { ...generalOperands, ...vectorOperands };
let lines: readonly (readonly [pattern: string, line: string])[] | undefined;

function bucketOf(word: number): readonly Row[] {
  const key = (word >>> 24) & 31;
  let rows = buckets.get(key);
  if (!rows) {
    lines ??= [integerRows, branchRows, loadRows, floatRows, vectorRows, scalarRows, scalableRows].flatMap(rowLines);
    const bits = key.toString(2).padStart(5, "0");
    rows = lines.filter(([pattern]) => [...bits].every((bit, at) => pattern[3 + at] === bit || /[a-z]/i.test(pattern[3 + at]!))).map(([pattern, line]) => parseRow(pattern, line, operands));
    buckets.set(key, rows);
  }
  return rows;
}

/** The text of a word at an address by the first row that it matches; mnemonic and operands are divided by one blank. Null if there is none. */
export function textByTable(word: number, address: number): string | null {
  for (const row of bucketOf(word)) {
    const text = textBy(row, word, address);
    if (text !== null) return text;
  }
  return null;
}
