import type { Case, CaseLine } from "../case/index.ts";

/** The lines of a case's log from one to another, both inclusive, which are in order. A log may have thousands of reports: they are not sought one by one. */
export function linesBetween({ log: { lines } }: Case, [first, last]: readonly [number, number]): readonly CaseLine[] {
  const from = firstNotBelow(lines, first);
  return lines.slice(from, Math.max(from, firstNotBelow(lines, last + 1)));
}

function firstNotBelow(lines: readonly CaseLine[], wanted: number): number {
  let low = 0;
  for (let high = lines.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (lines[middle]!.line < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
