/** Counts how often each name has been given, by its text. */
export class NameCounts {
  readonly #strings: Uint8Array;
  /** Offset of a name, or −1; by hash. */
  #offsets = new Int32Array(1 << 15).fill(-1);
  #counts = new Uint32Array(1 << 15);
  #used = 0;

  constructor(strings: Uint8Array) {
    this.#strings = strings;
  }

  /** How often it has been given, this time included. */
  next(offset: number): number {
    if (2 * this.#used > this.#offsets.length) this.#grow();
    const place = this.#placeOf(offset);
    if (this.#offsets[place]! < 0) {
      this.#offsets[place] = offset;
      this.#used++;
    }
    return ++this.#counts[place]!;
  }

  #placeOf(offset: number): number {
    const strings = this.#strings;
    let hash = 0x811c9dc5;
    for (let at = offset; strings[at] !== 0 && at < strings.length; at++) hash = Math.imul(hash ^ strings[at]!, 0x01000193);
    const mask = this.#offsets.length - 1;
    for (let place = (hash ^ (hash >>> 15)) & mask; ; place = (place + 1) & mask) {
      const other = this.#offsets[place]!;
      if (other < 0 || other === offset || this.#same(other, offset)) return place;
    }
  }

  #same(one: number, other: number): boolean {
    const strings = this.#strings;
    for (let k = 0; ; k++) {
      const letter = strings[one + k];
      if (letter !== strings[other + k]) return false;
      if (letter === 0 || letter === undefined) return true;
    }
  }

  #grow(): void {
    const offsets = this.#offsets;
    const counts = this.#counts;
    this.#offsets = new Int32Array(2 * offsets.length).fill(-1);
    this.#counts = new Uint32Array(2 * counts.length);
    for (const [index, offset] of offsets.entries()) {
      if (offset < 0) continue;
      const place = this.#placeOf(offset);
      this.#offsets[place] = offset;
      this.#counts[place] = counts[index]!;
    }
  }
}
