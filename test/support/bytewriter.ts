/** Writes numbers of either byte order, LEB128 and texts, one after the other. */
export class ByteWriter {
  readonly little: boolean;
  readonly #bytes: number[] = [];

  constructor(little = true) {
    this.little = little;
  }

  get length(): number {
    return this.#bytes.length;
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** An unsigned or negative number of so many bytes. */
  number(value: number | bigint, size: number): this {
    let rest = BigInt.asUintN(size * 8, BigInt(value));
    const bytes: number[] = [];
    for (let k = 0; k < size; k++, rest >>= 8n) bytes.push(Number(rest & 0xffn));
    if (!this.little) bytes.reverse();
    this.#bytes.push(...bytes);
    return this;
  }

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.number(value, 2);
  }

  u32(value: number | bigint): this {
    return this.number(value, 4);
  }

  u64(value: number | bigint): this {
    return this.number(value, 8);
  }

  /** ULEB128; with `size`, padded to so many bytes. */
  uleb(value: number | bigint, size = 1): this {
    let rest = BigInt(value);
    for (let k = 1; ; k++) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      const more = rest > 0n || k < size;
      this.#bytes.push(more ? byte | 0x80 : byte);
      if (!more) return this;
    }
  }

  sleb(value: number | bigint): this {
    let rest = BigInt(value);
    for (;;) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      const done = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0);
      this.#bytes.push(done ? byte : byte | 0x80);
      if (done) return this;
    }
  }

  text(value: string): this {
    return this.raw(Buffer.from(`${value}\0`, "utf8"));
  }

  raw(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  align(step: number): this {
    while (this.#bytes.length % step !== 0) this.#bytes.push(0);
    return this;
  }

  /** Overwrites a number written before. */
  patch(at: number, value: number | bigint, size: number): void {
    const bytes = new ByteWriter(this.little).number(value, size).bytes;
    for (const [k, byte] of bytes.entries()) this.#bytes[at + k] = byte;
  }

  /** The same as ULEB128 over the bytes that are there. */
  patchUleb(at: number, value: number, size: number): void {
    for (const [k, byte] of new ByteWriter().uleb(value, size).bytes.entries()) this.#bytes[at + k] = byte;
  }
}
