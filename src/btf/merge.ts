import { elementName, elementType, elementWords, fixedWords, KIND, thirdIsType } from "./format.ts";

/** What of flat BTF this needs. */
type Types = { readonly words: Uint32Array; readonly starts: Uint32Array; readonly strings: Uint8Array };

/** Types within one another on the way of a comparison; what is deeper counts as different. */
const deepest = 200;
/** Words and letters that all comparisons may look at, for each type: real ones look at a few dozen. What is not compared any more stays apart. */
const stepsForEach = 1000;
/** Hostile names share their tails, and each is hashed: so many of their letters. */
const hashedLetters = 256;

/**
 * Finds the types that several modules have alike, or a module and its kernel: each module has the types of the headers that it includes, but for those of its kernel that its encoder found. Only types that a
 * header of C writes by themselves count: those with names, and enums. Two are alike if they are in name, size and every member, and so are the types that they are made of, also through pointers.
 */
export class Merge {
  readonly #flat: Types;
  /** The last type of a bucket, and the one before each; 0 for none. */
  readonly #heads: Uint32Array;
  readonly #before: Uint32Array;
  /** What a type is the same as; by id, 0 for itself. */
  readonly same: Uint32Array;
  /** Pairs that the comparison under way takes for alike, in the order in which it came to them: structs lead back to themselves. */
  readonly #taken = new Map<number, number>();
  #steps: number;

  constructor(flat: Types) {
    const { length } = flat.starts;
    this.#flat = flat;
    this.#heads = new Uint32Array(1 << Math.max(4, 32 - Math.clz32(length >> 2)));
    this.#before = new Uint32Array(length);
    this.same = new Uint32Array(length);
    this.#steps = stepsForEach * length;
  }

  /** Looks for each of these types among those of earlier calls; `isFirst`: there are none. */
  add(firstId: number, endId: number, isFirst: boolean): void {
    const { starts } = this.#flat;
    for (let id = firstId; id < endId; id++) {
      if (this.same[id] !== 0 || !this.#isWritten(id)) continue;
      const bucket = this.#hash(starts[id]!) & (this.#heads.length - 1);
      if (!isFirst) for (let other = this.#heads[bucket]!; other !== 0 && this.same[id] === 0; other = this.#before[other]!) if (other < firstId) this.#compareWith(id, other, firstId);
      if (this.same[id] !== 0) continue;
      this.#before[id] = this.#heads[bucket]!;
      this.#heads[bucket] = id;
    }
  }

  /** Whether a header has it as a thing of its own. */
  #isWritten(id: number): boolean {
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const kind = (words[start + 1]! >>> 24) & 0x1f;
    return kind === KIND.enum || kind === KIND.enum64 || (words[start] !== 0 && (kind === KIND.struct || kind === KIND.union || kind === KIND.typedef || kind === KIND.fwd));
  }

  /** Of the kind and the name; of an enum without one, of its first value's. */
  #hash(start: number): number {
    const { words, strings } = this.#flat;
    let hash = words[start + 1]! >>> 24;
    const isPlain = words[start] !== 0 || (words[start + 1]! & 0xffff) === 0;
    const first = words[isPlain ? start : start + 3]!;
    for (let at = first, byte = strings[at]!; byte !== 0 && at < first + hashedLetters; byte = strings[++at]!) hash = Math.imul(hash ^ byte, 0x01000193);
    return hash ^ (hash >>> 15);
  }

  /** If they are alike, so is all that was compared on the way. */
  #compareWith(one: number, other: number, firstId: number): void {
    this.#taken.clear();
    if (!this.#compare(one, other, 0)) return;
    for (const [own, earlier] of this.#taken) if (own >= firstId && earlier < firstId && this.#isWritten(own)) this.same[own] = earlier;
  }

  #compare(one: number, other: number, depth: number): boolean {
    const { words, starts } = this.#flat;
    const a = this.same[one] || one;
    const b = this.same[other] || other;
    if (a === b) return true;
    const taken = this.#taken.get(a);
    if (taken !== undefined) return taken === b;
    if (depth > deepest || --this.#steps < 0) return false;
    const [from, to] = [starts[a]!, starts[b]!];
    const info = words[from + 1]!;
    const kind = (info >>> 24) & 0x1f;
    if (kind === 0 || info !== words[to + 1] || !this.#isName(words[from]!, words[to]!)) return false;
    this.#taken.set(a, b);
    if (thirdIsType[kind] === 1 ? !this.#compare(words[from + 2]!, words[to + 2]!, depth + 1) : words[from + 2] !== words[to + 2]) return false;
    const isArray = kind === KIND.array;
    const step = isArray ? 1 : elementWords[kind]!;
    const count = isArray ? 2 : info & 0xffff;
    const fixed = isArray ? 0 : fixedWords[kind]!;
    for (let word = 3; word < 3 + fixed; word++) if (words[from + word] !== words[to + word]) return false;
    if (isArray && words[from + 5] !== words[to + 5]) return false;
    if (step === 0) return true;
    this.#steps -= count;
    for (let index = 0, at = 3 + fixed; index < count; index++, at += step) {
      for (let word = 0; word < step; word++) {
        const [mine, its] = [words[from + at + word]!, words[to + at + word]!];
        if (word === elementName[kind]) {
          if (!this.#isName(mine, its)) return false;
        } else if (word === elementType[kind]) {
          if (!this.#compare(mine, its, depth + 1)) return false;
        } else if (mine !== its) return false;
      }
    }
    return true;
  }

  #isName(one: number, other: number): boolean {
    const { strings } = this.#flat;
    for (let at = one, to = other; at !== to; at++, to++) {
      if (strings[at] !== strings[to] || --this.#steps < 0) return false;
      if (strings[at] === 0) return true;
    }
    return true;
  }
}
