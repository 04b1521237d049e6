import { OopscopeError } from "../base/index.ts";

/** The Rust name that a symbol stands for, or null: it is no Rust symbol, or a damaged one. `_R…` is the v0 form (RFC 2603), `_ZN…17h<hash>E` the older one. */
export function rustName(symbol: string): string | null {
  if (symbol.startsWith("_R")) return v0Name(symbol);
  if (symbol.startsWith("_ZN")) return oldName(symbol);
  return null;
}

const longestName = 1 << 14;
const deepest = 256;

function v0Name(symbol: string): string | null {
  try {
    return new Demangler(symbol).name();
  } catch (error) {
    if (error instanceof OopscopeError) return null;
    throw error;
  }
}

const basicTypes: Readonly<Record<string, string>> = {
  a: "i8", b: "bool", c: "char", d: "f64", e: "str", f: "f32", h: "u8", i: "isize", j: "usize", l: "i32", m: "u32", n: "i128", o: "u128", s: "i16", t: "u16",
  u: "()", v: "...", x: "i64", y: "u64", z: "!", p: "_",
};

/** Reads one v0 symbol from its start, writing as it goes; a backward reference is read at its place again. */
class Demangler {
  readonly #text: string;
  #at = 2;
  #out = "";
  /** False while something is read that is not written: the crate of an instance, the path of an implementation. */
  #writes = true;
  #depth = 0;
  /** Lifetimes bound by enclosing `for<…>`. */
  #bound = 0;

  constructor(symbol: string) {
    // What a vendor appended (.llvm.123, .cold) is no part of the name.
    this.#text = symbol.replace(/[.$].*$/s, "");
  }

  name(): string {
    // A version would be a decimal number: none is known.
    if (/[0-9]/.test(this.#peek())) throw this.#wrong("a version");
    this.#path(true);
    if (this.#at < this.#text.length) this.#silently(() => this.#path(false));
    if (this.#at < this.#text.length) throw this.#wrong("what follows");
    return this.#out;
  }

  #wrong(what: string): OopscopeError {
    return new OopscopeError("malformed", `${this.#text}: ${what} at ${this.#at}`, {});
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #take(): string {
    if (this.#at >= this.#text.length) throw this.#wrong("its end");
    return this.#text[this.#at++]!;
  }

  #takes(letter: string): boolean {
    if (this.#peek() !== letter) return false;
    this.#at++;
    return true;
  }

  #write(text: string): void {
    if (!this.#writes) return;
    this.#out += text;
    if (this.#out.length > longestName) throw this.#wrong("a name too long");
  }

  #silently(read: () => void): void {
    const before = this.#writes;
    this.#writes = false;
    read();
    this.#writes = before;
  }

  /** Runs one step of the grammar, no deeper than is sane. */
  #nested(read: () => void): void {
    if (++this.#depth > deepest) throw this.#wrong("too deep a nesting");
    read();
    this.#depth--;
  }

  /** `value` where a path names a value: its generic arguments are then written after `::`. Gives whether a list of generics was left open on request. */
  #path(value: boolean, leaveOpen = false): boolean {
    let open = false;
    this.#nested(() => {
      const kind = this.#take();
      switch (kind) {
        case "C":
          this.#disambiguator();
          this.#write(this.#identifier());
          return;
        case "M":
          this.#implementation();
          this.#write("<");
          this.#type();
          this.#write(">");
          return;
        case "X":
          this.#implementation();
          this.#qualified();
          return;
        case "Y":
          this.#qualified();
          return;
        case "N":
          this.#nestedPath(value);
          return;
        case "I":
          this.#path(value);
          this.#write(value ? "::<" : "<");
          this.#list(", ", () => this.#genericArgument());
          if (leaveOpen) open = true;
          else this.#write(">");
          return;
        case "B":
          this.#backward(() => void (open = this.#path(value, leaveOpen)));
          return;
        default:
          throw this.#wrong(`a path of kind ${kind}`);
      }
    });
    return open;
  }

  #implementation(): void {
    this.#disambiguator();
    this.#silently(() => this.#path(false));
  }

  #qualified(): void {
    this.#write("<");
    this.#type();
    this.#write(" as ");
    this.#path(false);
    this.#write(">");
  }

  #nestedPath(value: boolean): void {
    const space = this.#take();
    if (!/[A-Za-z]/.test(space)) throw this.#wrong("a namespace");
    this.#path(value);
    const number = this.#disambiguator();
    const name = this.#identifier();
    if (space >= "A" && space <= "Z") {
      // Closures and shims, which have no name of their own.
      const kind = space === "C" ? "closure" : space === "S" ? "shim" : space;
      this.#write(`::{${kind}${name === "" ? "" : `:${name}`}#${number}}`);
    } else if (name !== "") this.#write(`::${name}`);
  }

  #genericArgument(): void {
    if (this.#takes("L")) this.#lifetime(this.#base62());
    else if (this.#takes("K")) this.#constant();
    else this.#type();
  }

  #type(): void {
    this.#nested(() => {
      const from = this.#at;
      const kind = this.#take();
      const basic = basicTypes[kind];
      if (basic !== undefined) return this.#write(basic);
      switch (kind) {
        case "A":
          this.#write("[");
          this.#type();
          this.#write("; ");
          this.#constant();
          return this.#write("]");
        case "S":
          this.#write("[");
          this.#type();
          return this.#write("]");
        case "T": {
          this.#write("(");
          const count = this.#list(", ", () => this.#type());
          return this.#write(count === 1 ? ",)" : ")");
        }
        case "R":
        case "Q":
          this.#write("&");
          if (this.#takes("L")) {
            const lifetime = this.#base62();
            if (lifetime !== 0) {
              this.#lifetime(lifetime);
              this.#write(" ");
            }
          }
          if (kind === "Q") this.#write("mut ");
          return this.#type();
        case "P":
          this.#write("*const ");
          return this.#type();
        case "O":
          this.#write("*mut ");
          return this.#type();
        case "F":
          return this.#bounds(() => this.#signature());
        case "D":
          this.#write("dyn ");
          this.#bounds(() => void this.#list(" + ", () => this.#trait()));
          if (!this.#takes("L")) throw this.#wrong("a trait object without a lifetime");
          return this.#lastLifetime(this.#base62());
        case "B":
          return this.#backward(() => this.#type());
        default:
          this.#at = from;
          this.#path(false);
      }
    });
  }

  #lastLifetime(lifetime: number): void {
    if (lifetime === 0) return;
    this.#write(" + ");
    this.#lifetime(lifetime);
  }

  /** `for<'a, 'b>`, around what may use them. */
  #bounds(read: () => void): void {
    const before = this.#bound;
    if (this.#takes("G")) {
      const count = this.#base62() + 1;
      if (count > this.#text.length) throw this.#wrong("too many lifetimes");
      this.#write("for<");
      for (let k = 0; k < count; k++) {
        this.#bound++;
        this.#write(k === 0 ? "" : ", ");
        this.#lifetime(1);
      }
      this.#write("> ");
    }
    read();
    this.#bound = before;
  }

  #signature(): void {
    if (this.#takes("U")) this.#write("unsafe ");
    if (this.#takes("K")) {
      const abi = this.#takes("C") ? "C" : this.#identifier().replaceAll("_", "-");
      this.#write(`extern "${abi}" `);
    }
    this.#write("fn(");
    this.#list(", ", () => this.#type());
    this.#write(")");
    if (this.#takes("u")) return;
    this.#write(" -> ");
    this.#type();
  }

  #trait(): void {
    let open = this.#path(false, true);
    while (this.#takes("p")) {
      this.#write(open ? ", " : "<");
      open = true;
      this.#write(`${this.#identifier()} = `);
      this.#type();
    }
    if (open) this.#write(">");
  }

  #constant(): void {
    this.#nested(() => {
      if (this.#takes("B")) return this.#backward(() => this.#constant());
      if (this.#takes("p")) return this.#write("_");
      const type = this.#take();
      const negative = this.#takes("n");
      const digits = /^[0-9a-f]*_/.exec(this.#text.slice(this.#at, this.#at + 64))?.[0];
      if (digits === undefined) throw this.#wrong("a constant");
      this.#at += digits.length;
      const value = BigInt(`0x0${digits.slice(0, -1)}`);
      if ("abhijlmnostxy".includes(type) && type !== "b") return this.#write(`${negative ? "-" : ""}${value}`);
      if (type === "b" && !negative && value <= 1n) return this.#write(value === 1n ? "true" : "false");
      if (type === "c" && !negative && value <= 0x10ffffn) return this.#write(quoted(Number(value)));
      throw this.#wrong(`a constant of type ${type}`);
    });
  }

  /** `'a` for the innermost bound lifetime and so on; 0 is one that is not named. */
  #lifetime(index: number): void {
    if (index === 0) return this.#write("'_");
    if (index > this.#bound) throw this.#wrong("a lifetime that is not bound");
    const depth = this.#bound - index;
    this.#write(depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'z${depth - 25}`);
  }

  /** Items up to an `E`; how many. */
  #list(between: string, read: () => void): number {
    let count = 0;
    for (; !this.#takes("E"); count++) {
      if (count > 0) this.#write(between);
      read();
    }
    return count;
  }

  #backward(read: () => void): void {
    const place = this.#at - 1;
    const target = this.#base62() + 2;
    if (target >= place) throw this.#wrong("a reference that leads forward");
    // Not written, it need not be read.
    if (!this.#writes) return;
    const after = this.#at;
    this.#at = target;
    this.#nested(read);
    this.#at = after;
  }

  #disambiguator(): number {
    return this.#takes("s") ? this.#base62() + 1 : 0;
  }

  /** `_` is 0, `0_` is 1. */
  #base62(): number {
    const digits = /^[0-9a-zA-Z]{0,12}_/.exec(this.#text.slice(this.#at, this.#at + 14))?.[0];
    if (digits === undefined) throw this.#wrong("a number");
    this.#at += digits.length;
    if (digits === "_") return 0;
    let value = 0;
    for (const digit of digits.slice(0, -1)) value = value * 62 + base62Digits.indexOf(digit);
    return value + 1;
  }

  #identifier(): string {
    const isPuny = this.#takes("u");
    const length = /^(?:0|[1-9][0-9]{0,5})/.exec(this.#text.slice(this.#at, this.#at + 6))?.[0];
    if (length === undefined) throw this.#wrong("an identifier");
    this.#at += length.length;
    this.#takes("_");
    const end = this.#at + Number(length);
    if (end > this.#text.length) throw this.#wrong("an identifier that is longer than the symbol");
    const text = this.#text.slice(this.#at, end);
    this.#at = end;
    if (!isPuny) return text;
    const plain = fromPunycode(text);
    if (plain === null) throw this.#wrong("an identifier in Punycode");
    return plain;
  }
}

const base62Digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

function quoted(code: number): string {
  const named: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 39: "\\'", 92: "\\\\" };
  const text = named[code] ?? (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : `\\u{${code.toString(16)}}`);
  return `'${text}'`;
}

/** Punycode (RFC 3492) with `_` for its delimiter. */
function fromPunycode(text: string): string | null {
  const split = text.lastIndexOf("_");
  const points = [...text.slice(0, Math.max(0, split))].map((letter) => letter.codePointAt(0)!);
  let code = 128;
  let place = 0;
  let bias = 72;
  for (let at = split + 1; at < text.length; ) {
    const before = place;
    let weight = 1;
    for (let k = 36; ; k += 36) {
      const letter = text[at++];
      const digit = letter === undefined ? -1 : "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(letter);
      if (digit < 0) return null;
      place += digit * weight;
      const threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (digit < threshold) break;
      weight *= 36 - threshold;
      if (!Number.isSafeInteger(weight)) return null;
    }
    const count = points.length + 1;
    let delta = Math.floor((place - before) / (before === 0 ? 700 : 2));
    delta += Math.floor(delta / count);
    let k = 0;
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
    bias = k + Math.floor((36 * delta) / (delta + 38));
    code += Math.floor(place / count);
    place %= count;
    if (code > 0x10ffff || points.length > 1024) return null;
    points.splice(place++, 0, code);
  }
  return String.fromCodePoint(...points);
}

const escapes: Readonly<Record<string, string>> = { SP: "@", BP: "*", RF: "&", LT: "<", GT: ">", LP: "(", RP: ")", C: "," };

/** `_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE`: identifiers with their lengths, the last one a hash. */
function oldName(symbol: string): string | null {
  const parts: string[] = [];
  let at = 3;
  while (symbol[at] !== "E") {
    const length = /^[1-9][0-9]{0,5}/.exec(symbol.slice(at, at + 6))?.[0];
    if (length === undefined) return null;
    at += length.length;
    const part = symbol.slice(at, at + Number(length));
    if (part.length < Number(length)) return null;
    parts.push(part);
    at += part.length;
  }
  if (!/^(?:$|\.)/.test(symbol.slice(at + 1))) return null;
  const hash = parts.pop();
  // Without the hash it is a name of C++.
  if (hash === undefined || parts.length === 0 || !/^h[0-9a-f]{16}$/.test(hash)) return null;
  return parts.map(plainPart).join("::");
}

function plainPart(part: string): string {
  return part
    .replace(/^_(?=\$)/, "")
    .replace(/\$(?:u([0-9a-f]{1,6})|([A-Z]{1,2}))\$/g, (whole, code: string | undefined, name: string | undefined) => {
      if (code === undefined) return escapes[name!] ?? whole;
      const point = Number.parseInt(code, 16);
      return point < 0x20 || point > 0x10ffff || (point >= 0x7f && point < 0xa0) ? whole : String.fromCodePoint(point);
    })
    .replaceAll("..", "::");
}
