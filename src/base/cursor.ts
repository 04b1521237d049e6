import { OopscopeError } from "./errors.ts";

/** Where the bytes of a cursor come from; named in errors. */
export type Origin = { readonly file: string; readonly section: string; /** Offset of the first byte within the section. */ readonly start: number };

/**
 * Reads numbers, LEB128 and strings from bytes, in order, never past the end: a read that would pass it throws `malformed` with file, section
 * and offset. `at` may be set freely; it is checked by the next read.
 *
 * 64-bit values come as numbers where the caller says that 2^53 is enough (`u64`, which throws above it), or relative to a base (`u64From`).
 */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly little: boolean;
  readonly origin: Origin;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, little: boolean, origin: Origin, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.little = little;
    this.origin = origin;
    this.at = lightened(at);
    this.end = Math.min(end, bytes.length);
  }

  /** An error about this place. */
  fail(what: string, at = this.at): OopscopeError {
    const offset = this.origin.start + at;
    return new OopscopeError("malformed", `${this.origin.file}: ${this.origin.section} at offset 0x${offset.toString(16)}: ${what}`, {
      file: this.origin.file,
      section: this.origin.section,
      offset,
    });
  }

  #short(size: number): OopscopeError {
    return this.fail(`${size} bytes wanted, ${Math.max(0, this.end - this.at)} left`);
  }

  u8(): number {
    const at = this.at;
    if (at >= this.end || at < 0) throw this.#short(1);
    this.at = at + 1;
    return this.bytes[at]!;
  }

  u16(): number {
    const at = this.at;
    if (at + 2 > this.end || at < 0) throw this.#short(2);
    this.at = at + 2;
    return this.view.getUint16(at, this.little);
  }

  u24(): number {
    const at = this.at;
    if (at + 3 > this.end || at < 0) throw this.#short(3);
    this.at = at + 3;
    const { bytes } = this;
    return this.little
      ? bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
      : (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  }

  u32(): number {
    const at = this.at;
    if (at + 4 > this.end || at < 0) throw this.#short(4);
    this.at = at + 4;
    return this.view.getUint32(at, this.little);
  }

  i32(): number {
    const at = this.at;
    if (at + 4 > this.end || at < 0) throw this.#short(4);
    this.at = at + 4;
    return this.view.getInt32(at, this.little);
  }

  /** A 64-bit value that must fit 2^53: an offset or a size. */
  u64(): number {
    const value = this.u64From(0, 0);
    if (value > Number.MAX_SAFE_INTEGER) throw this.fail("a 64-bit offset or size above 2^53", this.at - 8);
    return value;
  }

  /** A 64-bit value less a base that is given in two halves; exact if the difference is below 2^53. */
  u64From(baseHigh: number, baseLow: number): number {
    const at = this.at;
    if (at + 8 > this.end || at < 0) throw this.#short(8);
    this.at = at + 8;
    const { view, little } = this;
    return differenceOfHalves(view.getInt32(little ? at + 4 : at, little), view.getInt32(little ? at : at + 4, little), baseHigh | 0, baseLow | 0);
  }

  u64Big(): bigint {
    const at = this.at;
    if (at + 8 > this.end || at < 0) throw this.#short(8);
    this.at = at + 8;
    return this.view.getBigUint64(at, this.little);
  }

  /** Unsigned LEB128; values above 2^53 lose low bits, which no offset or size can survive the bounds check with. */
  uleb(): number {
    const { bytes, end } = this;
    let at = this.at;
    if (at >= end || at < 0) throw this.#short(1);
    let byte = bytes[at++]!;
    if (byte < 0x80) {
      this.at = at;
      return byte;
    }
    let value = byte & 0x7f;
    let scale = 0x80;
    do {
      if (at >= end) throw this.#short(at - this.at + 1);
      if (at - this.at >= 16) throw this.fail("a LEB128 number longer than 16 bytes");
      byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    this.at = at;
    return value;
  }

  /** Signed LEB128. */
  sleb(): number {
    const { bytes, end } = this;
    let at = this.at;
    let value = 0;
    let scale = 1;
    let byte: number;
    do {
      if (at >= end || at < 0) throw this.#short(at - this.at + 1);
      if (at - this.at >= 16) throw this.fail("a LEB128 number longer than 16 bytes");
      byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    if ((byte & 0x40) !== 0) value -= scale;
    this.at = at;
    return value;
  }

  skipLeb(): void {
    const { bytes, end } = this;
    let at = this.at;
    if (at < 0) throw this.#short(1);
    do {
      if (at >= end) throw this.#short(at - this.at + 1);
    } while (bytes[at++]! >= 0x80);
    this.at = at;
  }

  skip(size: number): void {
    const at = this.at + size;
    if (!(size >= 0 && at <= this.end)) throw this.#short(size);
    this.at = at;
  }

  /** Passes over a NUL-terminated string. */
  skipString(): void {
    const nul = this.bytes.indexOf(0, this.at);
    if (nul < 0 || nul >= this.end) throw this.fail("a string without its end");
    this.at = nul + 1;
  }

  /** A NUL-terminated string, UTF-8. */
  string(): string {
    const from = this.at;
    const most = Math.min(this.end, from + longestString);
    let at = from;
    while (at < most && this.bytes[at] !== 0) at++;
    if (!(at < most) || from < 0) throw this.fail(most < this.end ? `a string longer than ${longestString} bytes` : "a string without its end");
    this.at = at + 1;
    return textOf(this.bytes, from, at);
  }
}

/**
 * A 64-bit value less another, both in two signed halves; exact if the difference is below 2^53. In small integers where it can be: V8 keeps others on the
 * heap, and there are millions.
 */
export function differenceOfHalves(high: number, low: number, baseHigh: number, baseLow: number): number {
  if (high === baseHigh && (low ^ baseLow) >= 0) return low - baseLow;
  return ((high >>> 0) - (baseHigh >>> 0)) * 0x1_0000_0000 + ((low >>> 0) - (baseLow >>> 0));
}

/**
 * The same number, off the heap if it is a small integer. V8 does not look: what comes out of a Float64Array stays a number on the heap, and so does
 * everything that is computed from it.
 */
export function lightened(value: number): number {
  return (value | 0) === value ? value | 0 : value;
}

/** Paths end at 4096 bytes; names of C++ and Rust may be longer. */
const longestString = 1 << 14;
const utf8 = new TextDecoder();

/** Bytes as text (UTF-8, invalid bytes replaced). */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  if (to - from < 64) {
    let text = "";
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!;
      if (byte >= 0x80) return utf8.decode(bytes.subarray(from, to));
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return utf8.decode(bytes.subarray(from, to));
}
