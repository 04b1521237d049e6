/** Index of the first value of a sorted array that is at least `least`. */
export function lowerBound(values: Float64Array | Int32Array, least: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which of so many places are taken: leads from any place to the next that is free, however many lie between (a forest with shortened paths). */
export class Skips {
  readonly #next: Uint32Array;

  constructor(count: number) {
    this.#next = Uint32Array.from({ length: count + 1 }, (_, index) => index);
  }

  /** The first free place at or behind `place`; `count` if there is none. */
  from(place: number): number {
    const next = this.#next;
    let free = place;
    while (next[free]! !== free) free = next[free]!;
    for (let at = place; next[at]! !== free; ) {
      const following = next[at]!;
      next[at] = free;
      at = following;
    }
    return free;
  }

  take(place: number): void {
    this.#next[place] = place + 1;
  }
}
