/** Stretches of addresses that were given away: who comes first owns an address. */
export class Claims {
  readonly #lows: number[] = [];
  readonly #highs: number[] = [];

  /** What of `[low, high)` was free, from and to, from and to, …; now it is taken. */
  take(low: number, high: number): number[] {
    const lows = this.#lows;
    const highs = this.#highs;
    const count = lows.length;
    // Most come in order.
    if (count === 0 || low >= highs[count - 1]!) {
      if (count > 0 && low === highs[count - 1]!) highs[count - 1] = high;
      else {
        lows.push(low);
        highs.push(high);
      }
      return [low, high];
    }
    const free = this.free(low, high);
    if (free.length === 0) return free;
    // All that [low, high) touches becomes one.
    const first = this.#firstEndingAt(low);
    let last = first;
    while (last < count && lows[last]! <= high) last++;
    const from = first < last ? Math.min(low, lows[first]!) : low;
    const to = first < last ? Math.max(high, highs[last - 1]!) : high;
    lows.splice(first, last - first, from);
    highs.splice(first, last - first, to);
    return free;
  }

  /** What of `[low, high)` nobody has. */
  free(low: number, high: number): number[] {
    const free: number[] = [];
    let at = low;
    for (let index = this.#firstEndingAt(low); index < this.#lows.length && this.#lows[index]! < high; index++) {
      if (this.#lows[index]! > at) free.push(at, this.#lows[index]!);
      at = Math.max(at, this.#highs[index]!);
    }
    if (at < high) free.push(at, high);
    return free;
  }

  /** Index of the first stretch that ends at `address` or behind it. */
  #firstEndingAt(address: number): number {
    let low = 0;
    let high = this.#highs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#highs[middle]! < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Sorts pairs of from and to in place, and joins those that touch. */
export function ascending(ranges: number[]): number[] {
  let sorted = true;
  for (let k = 2; k < ranges.length; k += 2) sorted &&= ranges[k]! > ranges[k - 1]!;
  if (sorted) return ranges;
  const pairs: [number, number][] = [];
  for (let k = 0; k < ranges.length; k += 2) pairs.push([ranges[k]!, ranges[k + 1]!]);
  pairs.sort((a, b) => a[0] - b[0]);
  ranges.length = 0;
  for (const [low, high] of pairs) {
    if (ranges.length > 0 && low <= ranges[ranges.length - 1]!) ranges[ranges.length - 1] = Math.max(high, ranges[ranges.length - 1]!);
    else ranges.push(low, high);
  }
  return ranges;
}
