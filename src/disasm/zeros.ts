/** Bytes `from` to `to` (exclusive), all zero, in whose place objdump prints one row of `\t...`. */
export type ZeroRun = { readonly from: number; readonly to: number };

/**
 * Where `objdump -d` without `-z` prints `...` instead of instructions: from a row on that begins at least eight zeros (in the midst of the bytes whole
 * fours of them), or at most two that are the last bytes. Measured on binutils 2.40, whose manual names the option but not the numbers.
 *
 * `starts` are the offsets of the rows of a listing of `bytes`, in order. A run never cuts a row in two.
 */
export function zeroRuns(bytes: Uint8Array, starts: Iterable<number>): ZeroRun[] {
  const runs: ZeroRun[] = [];
  let done = 0;
  for (const from of starts) {
    if (from < done) continue;
    let end = from;
    while (end < bytes.length && bytes[end] === 0) end++;
    const zeros = end - from;
    const last = end === bytes.length;
    if (zeros === 0 || !(zeros >= 8 || (last && zeros <= 2))) continue;
    done = last ? end : from + (zeros & ~3);
    runs.push({ from, to: done });
  }
  return runs;
}
