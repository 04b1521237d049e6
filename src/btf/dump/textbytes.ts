/** Text of one byte a character, as it grows: without the tree of strings that `+=` makes, which lives until it is flattened. */
export class Text {
  length = 0;
  #bytes = new Uint8Array(1 << 18);
  readonly #strings: Uint8Array;

  /** `strings`: where names come from. */
  constructor(strings: Uint8Array) {
    this.#strings = strings;
  }

  put(text: string): void {
    const { length } = text;
    if (this.length + length > this.#bytes.length) this.#grow(length);
    const bytes = this.#bytes;
    let at = this.length;
    for (let k = 0; k < length; k++) bytes[at++] = text.charCodeAt(k);
    this.length = at;
  }

  /** The string at an offset, up to its NUL. */
  putName(offset: number): void {
    const strings = this.#strings;
    let bytes = this.#bytes;
    let at = this.length;
    for (let from = offset, byte = strings[from]; byte !== undefined && byte !== 0; byte = strings[++from]) {
      if (at === bytes.length) bytes = this.#grow(at - this.length + 1);
      bytes[at++] = byte;
    }
    this.length = at;
  }

  /** What there is, which is then there no more. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.length);
    this.length = 0;
    return bytes;
  }

  /** What came after a place, which is then there no more. */
  takeFrom(place: number): string {
    const text = Buffer.from(this.#bytes.buffer, place, this.length - place).toString("latin1");
    this.length = place;
    return text;
  }

  #grow(more: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + more));
    bytes.set(this.#bytes);
    return (this.#bytes = bytes);
  }
}
