import { OopscopeError } from "../base/index.ts";

/** Bytes as they come: each part belongs to who takes it. */
export type Bytes = AsyncIterable<Uint8Array>;

/** The most that is read at once into memory. */
const largestRead = 1 << 20;

/** Reads a stream by sizes. In memory is the part that was read last. */
export class StreamReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #name: string;
  #part: Uint8Array = new Uint8Array();
  /** How many bytes were taken. */
  at = 0;

  /** `name` stands in errors. */
  constructor(name: string, source: Bytes) {
    this.#name = name;
    this.#source = source[Symbol.asyncIterator]();
  }

  /** An error about this place. */
  fail(what: string): OopscopeError {
    return new OopscopeError("malformed", `${this.#name}: at offset 0x${this.at.toString(16)}: ${what}`, { file: this.#name, offset: this.at });
  }

  /** Exactly `size` bytes; null if the stream ends before the first of them. */
  async read(size: number): Promise<Uint8Array | null> {
    if (size > largestRead) throw this.fail(`${size} bytes at once, the limit is ${largestRead}`);
    const bytes = new Uint8Array(size);
    let got = 0;
    while (got < size) {
      const part = await this.#some(size - got);
      if (!part) break;
      bytes.set(part, got);
      got += part.length;
    }
    if (got === 0 && size > 0) return null;
    if (got < size) throw this.fail(`it ends ${size - got} bytes too early`);
    return bytes;
  }

  /** The next `size` bytes in parts; throws `malformed` if there are fewer. */
  async *take(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      const part = await this.#some(left);
      if (!part) throw this.fail(`it ends ${left} bytes too early`);
      left -= part.length;
      yield part;
    }
  }

  async skip(size: number): Promise<void> {
    for await (const part of this.take(size)) void part;
  }

  /** Reads to the end and leaves nothing. */
  async drain(): Promise<void> {
    while ((await this.#some(largestRead)) !== null);
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #some(most: number): Promise<Uint8Array | null> {
    while (this.#part.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return null;
      this.#part = next.value;
    }
    const part = this.#part.subarray(0, most);
    this.#part = this.#part.subarray(part.length);
    this.at += part.length;
    return part;
  }
}
