import { OopscopeError } from "../../base/index.ts";

/** What a file of damaged or hostile BTF may make us write: a vmlinux makes 3 MB of C, 30 MB of JSON. */
const largestOutput = 1 << 28;
const chunkSize = 1 << 20;

/** Text of ASCII as bytes, written once. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** For each byte the one that is written instead: whatever may not stand in a name of C becomes `_`. A name is no place to hide other C in. */
export const inNames = Uint8Array.from({ length: 256 }, (_, byte) => (/[\w$]/.test(String.fromCharCode(byte)) ? byte : 0x5f));
/** The same for what may be of several words, `long unsigned int`. */
export const inWords = Uint8Array.from(inNames, (to, byte) => (byte === 0x20 ? byte : to));
/** And for what stands in quotes. */
export const inQuotes = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? byte : 0x5f));

/** Bytes that grow at their end. */
export class Sink {
  bytes = new Uint8Array(2 * chunkSize);
  at = 0;
  #before = 0;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** What was written since the last call if it is a good piece, or with `all` whatever there is; null for none. The bytes belong to the caller. */
  take(all = false): Uint8Array | null {
    if (this.at === 0 || (!all && this.at < chunkSize)) return null;
    const chunk = this.bytes.slice(0, this.at);
    this.#before += this.at;
    this.at = 0;
    return chunk;
  }

  put(text: Uint8Array): void {
    const { length } = text;
    if (this.at + length > this.bytes.length) this.#grow(length);
    const { bytes } = this;
    let at = this.at;
    for (let k = 0; k < length; k++) bytes[at++] = text[k]!;
    this.at = at;
  }

  /** The string at an offset, each byte by the table. */
  string(strings: Uint8Array, offset: number, table: Uint8Array): void {
    let at = this.at;
    let { bytes } = this;
    for (let from = offset; ; from++) {
      const byte = strings[from]!;
      if (byte === 0 || from >= strings.length) break;
      if (at === bytes.length) {
        this.at = at;
        this.#grow(1);
        bytes = this.bytes;
      }
      bytes[at++] = table[byte]!;
    }
    this.at = at;
  }

  /** A whole number, in decimal. */
  number(value: number | bigint): void {
    if (typeof value === "number" && value >= 0 && value < 10) {
      if (this.at === this.bytes.length) this.#grow(1);
      this.bytes[this.at++] = 0x30 + value;
    } else this.put(ascii(String(value)));
  }

  #grow(room: number): void {
    if (this.#before + this.at + room > largestOutput) throw new OopscopeError("over-budget", `${this.#file}: its text has more than ${largestOutput >> 20} MB`, { file: this.#file, limit: largestOutput });
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.at + room));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }
}
