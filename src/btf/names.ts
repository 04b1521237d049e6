/** What of a `Btf` this needs. */
export type Named = { readonly base: Named | null; readonly words: Uint32Array; readonly starts: Uint32Array; readonly firstId: number; readonly strings: Uint8Array; readonly firstString: number; readonly endString: number };

/** The own types of one BTF by name: a hash table over the bytes of names, without a string or an object for any. */
export class NameIndex {
  readonly #btf: Named;
  /** The last own type of a bucket, and the one before each; −1 at the end. Positions, not ids. */
  readonly #heads: Int32Array;
  readonly #before: Int32Array;

  constructor(btf: Named) {
    this.#btf = btf;
    const count = btf.starts.length;
    this.#heads = new Int32Array(1 << Math.max(4, 33 - Math.clz32(count))).fill(-1);
    this.#before = new Int32Array(count);
    const mask = this.#heads.length - 1;
    for (let index = 0; index < count; index++) {
      const offset = btf.words[btf.starts[index]!]!;
      if (offset === 0) continue;
      const place = placeOf(btf, offset);
      if (!place) continue;
      const bucket = hashAt(place.strings, place.from) & mask;
      this.#before[index] = this.#heads[bucket]!;
      this.#heads[bucket] = index;
    }
  }

  /** Ids in ascending order. */
  idsOf(name: Uint8Array): number[] {
    const ids: number[] = [];
    const wanted = Buffer.concat([name, Buffer.of(0)]);
    for (let index = this.#heads[hashAt(wanted, 0) & (this.#heads.length - 1)]!; index >= 0; index = this.#before[index]!) {
      const { strings, from } = placeOf(this.#btf, this.#btf.words[this.#btf.starts[index]!]!)!;
      let same = 0;
      while (same < wanted.length && strings[from + same] === wanted[same]) same++;
      if (same === wanted.length) ids.push(this.#btf.firstId + index);
    }
    return ids.reverse();
  }
}

/** The bytes that a string's offset leads to; null past the end: a type with such a name has none. */
function placeOf(btf: Named, offset: number): { strings: Uint8Array; from: number } | null {
  let layer = btf;
  while (offset < layer.firstString) layer = layer.base!;
  if (offset >= layer.endString) return null;
  return { strings: layer.strings, from: offset - layer.firstString };
}

/** Names longer than this are told apart by their first bytes only: hostile strings share their tails, and each is hashed. */
const hashedBytes = 256;

/** FNV-1a of the bytes up to a NUL. */
function hashAt(bytes: Uint8Array, from: number): number {
  let hash = 0x811c9dc5;
  const end = Math.min(bytes.length, from + hashedBytes);
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 0) break;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash ^ (hash >>> 15);
}
