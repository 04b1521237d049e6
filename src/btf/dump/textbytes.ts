import { OopscopeError } from "../../base/index.ts";

export const underscore = 0x5f;

/** What a name's bytes are written as, by byte; 0 ends it. */
export type Letters = Uint8Array;

const lettersOf = (allowed: RegExp): Letters => Uint8Array.from({ length: 256 }, (_, byte) => (byte === 0 ? 0 : allowed.test(String.fromCharCode(byte)) ? byte : underscore));
/** Names come from a file: what may not stand in one of C becomes `_`, so that nothing else can hide in it. */
export const identifier = lettersOf(/[\w$]/);
/** A type of one or several words, `long unsigned int`. */
export const words = lettersOf(/[\w$ ]/);
/** What stands in quotes. */
export const quoted = lettersOf(/[ !#-[\]-~]/);

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** What damaged or hostile types may make us write: those of a vmlinux make 3 MB. */
export const largestOutput = 1 << 26;

export const tooLong = (file: string): OopscopeError => new OopscopeError("over-budget", `${file}: the header would have more than ${largestOutput >> 20} MB`, { file, limit: largestOutput });

/** Text of one byte a character, as it grows: without the strings, and the trees of strings, that would be garbage. */
export class Text {
  length = 0;
  /** Where what is kept ends. */
  kept = 0;
  #keptBytes = new Uint8Array(1 << 18);
  #bytes = new Uint8Array(1 << 18);
  readonly #strings: Uint8Array;
  readonly #file: string;

  /** `strings`: where names come from; `file`: whose they are, for errors. */
  constructor(strings: Uint8Array, file: string) {
    this.#strings = strings;
    this.#file = file;
  }

  put(text: string): void {
    const { length } = text;
    const bytes = this.#room(length);
    let at = this.length;
    for (let k = 0; k < length; k++) bytes[at++] = text.charCodeAt(k);
    this.length = at;
  }

  putByte(byte: number): void {
    this.#room(1)[this.length++] = byte;
  }

  /** The string at an offset, up to its NUL. */
  putName(offset: number, letters: Letters): void {
    const strings = this.#strings;
    let bytes = this.#room(1);
    let at = this.length;
    // No identifier begins with a digit.
    if (letters === identifier && isDigit(strings[offset]!)) bytes[at++] = underscore;
    for (let from = offset, byte = letters[strings[from]!]; byte !== undefined && byte !== 0; byte = letters[strings[++from]!]) {
      if (at === bytes.length) {
        this.length = at;
        bytes = this.#room(1);
      }
      bytes[at++] = byte;
    }
    this.length = at;
  }

  /** Keeps a range of what there is for `putDeclaration`; gives where it ends among what is kept, which is where the next one begins (`kept`). */
  keep(from: number, to: number): number {
    const end = this.kept + to - from;
    if (end > this.#keptBytes.length) {
      const bytes = new Uint8Array(Math.max(2 * this.#keptBytes.length, end));
      bytes.set(this.#keptBytes);
      this.#keptBytes = bytes;
    }
    for (let at = this.kept, source = from; at < end; at++, source++) this.#keptBytes[at] = this.#bytes[source]!;
    return (this.kept = end);
  }

  /** A declaration whose text before the name, and from there on that behind it, is kept; with `tabs` as a line of a struct. One loop after another, without calls: most of a header is this. */
  putDeclaration(left: number, right: number, end: number, spaced: boolean, name: number, tabs: number): void {
    const strings = this.#strings;
    const kept = this.#keptBytes;
    let bytes = this.#room(end - left + tabs + 6);
    let at = this.length;
    if (tabs > 0) {
      bytes[at++] = 0x0a;
      for (let count = 0; count < tabs; count++) bytes[at++] = 0x09;
    }
    for (let from = left; from < right; from++) bytes[at++] = kept[from]!;
    if (spaced) bytes[at++] = 0x20;
    let byte = strings[name]!;
    if (isDigit(byte)) bytes[at++] = underscore;
    for (let from = name; byte !== 0; byte = strings[++from]!) {
      if (at + end - right + 2 >= bytes.length) {
        this.length = at;
        bytes = this.#room(end - right + 3);
      }
      bytes[at++] = identifier[byte]!;
    }
    for (let from = right; from < end; from++) bytes[at++] = kept[from]!;
    if (tabs > 0) bytes[at++] = 0x3b;
    this.length = at;
  }

  /** An integer, in decimal. */
  putNumber(value: number): void {
    const bytes = this.#room(20);
    let rest = value;
    if (rest < 0) {
      bytes[this.length++] = 0x2d;
      rest = -rest;
    }
    let digits = 1;
    for (let least = 10; least <= rest; least *= 10) digits++;
    for (let at = this.length + digits; digits > 0; digits--) {
      const tenth = Math.floor(rest / 10);
      bytes[--at] = 0x30 + rest - 10 * tenth;
      rest = tenth;
      this.length++;
    }
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

  /** The bytes, with room for more. */
  #room(more: number): Uint8Array {
    return this.length + more <= this.#bytes.length ? this.#bytes : this.#grow(more);
  }

  #grow(more: number): Uint8Array {
    if (this.length + more > largestOutput) throw tooLong(this.#file);
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + more));
    bytes.set(this.#bytes);
    return (this.#bytes = bytes);
  }
}
