import { OopscopeError } from "../../base/index.ts";
import { identifier, isDigit, underscore } from "./textbytes.ts";

/** Steps to a name's place in the table, for each name: real ones take one or two. */
const stepsForEach = 64;

/** How often each name was given: a hash table over their bytes as they are written, without a string for any. */
export class Names {
  readonly #strings: Uint8Array;
  readonly #file: string;
  #names = 0;
  #steps = 1 << 16;
  /** By place in the table: the name's offset, its hash, and how often it was given, 0 for a place that is free. */
  #offsets = new Uint32Array(1 << 16);
  #hashes = new Int32Array(1 << 16);
  #counts = new Uint32Array(1 << 16);

  /** `strings`: where names come from; `file`: whose they are, for errors. */
  constructor(strings: Uint8Array, file: string) {
    this.#strings = strings;
    this.#file = file;
  }

  /** Gives the identifier at an offset once more: how often it was then, 1 for the first time. */
  give(offset: number): number {
    const place = this.#placeOf(offset);
    const count = this.#counts[place]! + 1;
    this.#counts[place] = count;
    if (count === 1 && 2 * ++this.#names > this.#counts.length) this.#grow();
    return count;
  }

  /** Gives it if nobody has it. */
  take(offset: number): void {
    if (this.#counts[this.#placeOf(offset)] === 0) this.give(offset);
  }

  /** Its place in the table, a free one if it has none. */
  #placeOf(offset: number): number {
    const strings = this.#strings;
    const letters = identifier;
    let hash = isDigit(strings[offset]!) ? Math.imul(0x811c9dc5 ^ underscore, 0x01000193) : 0x811c9dc5;
    for (let from = offset, letter = letters[strings[from]!]!; letter !== 0; letter = letters[strings[++from]!]!) hash = Math.imul(hash ^ letter, 0x01000193);
    hash ^= hash >>> 15;
    this.#steps += stepsForEach;
    const mask = this.#counts.length - 1;
    let place = hash & mask;
    while (this.#counts[place] !== 0 && (this.#hashes[place] !== hash || (this.#offsets[place] !== offset && !this.#isSame(this.#offsets[place]!, offset)))) {
      if (--this.#steps < 0) throw new OopscopeError("over-budget", `${this.#file}: too many names look alike to be told apart in time`, { file: this.#file });
      place = (place + 1) & mask;
    }
    this.#offsets[place] = offset;
    this.#hashes[place] = hash;
    return place;
  }

  #isSame(one: number, other: number): boolean {
    const strings = this.#strings;
    // A digit in front has a `_` before it, as `Text` writes it.
    let [at, to] = [isDigit(strings[one]!) ? -1 : 0, isDigit(strings[other]!) ? -1 : 0];
    for (; ; at++, to++) {
      const letter = at < 0 ? underscore : identifier[strings[one + at]!]!;
      if (letter !== (to < 0 ? underscore : identifier[strings[other + to]!]!)) return false;
      if (letter === 0) return true;
    }
  }

  /** A table of twice the size. */
  #grow(): void {
    const [offsets, hashes, counts] = [this.#offsets, this.#hashes, this.#counts];
    const length = 2 * counts.length;
    this.#offsets = new Uint32Array(length);
    this.#hashes = new Int32Array(length);
    this.#counts = new Uint32Array(length);
    for (let from = 0; from < counts.length; from++) {
      if (counts[from] === 0) continue;
      let to = hashes[from]! & (length - 1);
      while (this.#counts[to] !== 0) to = (to + 1) & (length - 1);
      this.#offsets[to] = offsets[from]!;
      this.#hashes[to] = hashes[from]!;
      this.#counts[to] = counts[from]!;
    }
  }
}
