import { generalOperands } from "./operands.ts";
import { parseRows, textBy, type Row } from "./row.ts";
import { branchRows } from "./rows/branches.ts";
import { floatRows } from "./rows/float.ts";
import { integerRows } from "./rows/integer.ts";
import { loadRows } from "./rows/loads.ts";
import { scalarRows, vectorRows } from "./rows/vector.ts";
import { vectorOperands } from "./vectoroperands.ts";

/** Bits 28 to 24 divide the rows, so that a word is held against some dozens instead of a thousand. */
const keyShift = 24;
const keyMask = 0x1f;

let buckets: readonly (readonly Row[])[] | undefined;

function readBuckets(): readonly (readonly Row[])[] {
  const all = parseRows([integerRows, branchRows, loadRows, floatRows, vectorRows, scalarRows].join("\n"), { ...generalOperands, ...vectorOperands });
  return Array.from({ length: keyMask + 1 }, (_, key) =>
    all.filter(({ mask, value }) => (((value >>> keyShift) ^ key) & (mask >>> keyShift) & keyMask) === 0));
}

/** The text of a word at an address by the first row that it matches; mnemonic and operands are divided by one blank. Null if there is none. */
export function textByTable(word: number, address: number): string | null {
  buckets ??= readBuckets();
  for (const row of buckets[(word >>> keyShift) & keyMask]!) {
    const text = textBy(row, word, address);
    if (text !== null) return text;
  }
  return null;
}
