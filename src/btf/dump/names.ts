/**
 * Names of types, for text that a compiler reads. They come from a file: what may not stand in a name of C becomes `_`, so that nothing else can hide in one.
 */
export class Names {
  readonly #text: string;
  /** 1 for the bytes of strings that hold more than letters, digits, `_` and `$`. */
  readonly #odd: Uint8Array;

  constructor(strings: Uint8Array) {
    // One character a byte: names of C are ASCII.
    this.#text = Buffer.from(strings.buffer, strings.byteOffset, strings.byteLength).toString("latin1");
    this.#odd = new Uint8Array(strings.length);
    for (const { index, 0: odd } of this.#text.matchAll(/[^\0\w$]+/g)) {
      const from = this.#text.lastIndexOf("\0", index) + 1;
      this.#odd.fill(1, from, index + odd.length);
    }
  }

  /** An identifier. */
  name(offset: number): string {
    const name = this.#at(offset);
    if (this.#odd[offset] === 1) return name.replace(/[^\w$]/g, "_").replace(/^(?=\d)/, "_");
    const first = name.charCodeAt(0);
    return first >= 0x30 && first <= 0x39 ? `_${name}` : name;
  }

  /** Whether the name stands in the text as it is. */
  isPlain(offset: number): boolean {
    const first = this.#text.charCodeAt(offset);
    return this.#odd[offset] !== 1 && (first < 0x30 || first > 0x39);
  }

  /** A type of one or several words, `long unsigned int`. */
  word(offset: number): string {
    return this.#at(offset).replace(/[^\w$ ]/g, "_");
  }

  /** What stands in quotes. */
  quoted(offset: number): string {
    return this.#at(offset).replace(/[^ -~]|["\\]/g, "_");
  }

  #at(offset: number): string {
    const end = this.#text.indexOf("\0", offset);
    return this.#text.slice(offset, end < 0 ? undefined : end);
  }
}
