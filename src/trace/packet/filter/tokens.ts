import { ExpressionError, type Span } from "../../expression/error.ts";
import { constants } from "./names.ts";

export type Token = Span &
  (
    | { readonly kind: "number"; readonly value: number }
    /** One to four numbers with points between them, as they stand. */
    | { readonly kind: "ipv4"; readonly bytes: readonly number[] }
    | { readonly kind: "ipv6"; readonly words: readonly number[] }
    | { readonly kind: "mac"; readonly bytes: readonly number[] }
    | { readonly kind: "word"; readonly text: string }
    /** A word behind a backslash, which is no keyword. */
    | { readonly kind: "name"; readonly text: string }
    | { readonly kind: "sign"; readonly text: string }
    | { readonly kind: "end" }
  );

const longest = 4096;
const signs = /<<|>>|<=|>=|==|!=|&&|\|\||[()[\]:!<>=+\-*/%&|^]/y;
/** Of the kinds of words the longest counts, and of equal ones the first. */
const number = /0[xX][\da-fA-F]+|\d+/y;
const ipv4 = /\d+(?:\.\d+){1,3}/y;
const mac = /[\da-fA-F]{1,2}(?::[\da-fA-F]{1,2}){5}|[\da-fA-F]{1,2}(?:-[\da-fA-F]{1,2}){5}|[\da-fA-F]{1,2}(?:\.[\da-fA-F]{1,2}){5}|[\da-fA-F]{4}\.[\da-fA-F]{4}\.[\da-fA-F]{4}|[\da-fA-F]{12}/y;
const ipv6 = /[\da-fA-F]{0,4}(?::[\da-fA-F]{0,4}){2,8}(?:\.\d+){0,3}/y;
const word = /[A-Za-z\d](?:[-_.A-Za-z\d]*[.A-Za-z\d])?/y;

/** Cuts an expression as pcap's scanner does; the last token is `end`. Throws `ExpressionError`. */
export function tokensOf(text: string): Token[] {
  if (text.length > longest) throw new ExpressionError(text.slice(0, 60), { from: 0, to: 1 }, `it has ${text.length} letters; the longest packet filter has ${longest}`);
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? "";
  };
  for (;;) {
    while (at < text.length && /\s/.test(text[at]!)) at++;
    const from = at;
    if (at === text.length) {
      tokens.push({ kind: "end", from, to: from });
      return tokens;
    }
    const escaped = text[at] === "\\";
    if (escaped) at++;
    const found = [number, ipv4, mac, ipv6, word].map(match);
    const length = Math.max(...found.map((each) => each.length));
    if (length > 0) {
      const kind = found.findIndex((each) => each.length === length);
      const span = { from, to: at + length };
      const fail = (what: string): ExpressionError => new ExpressionError(text, span, what);
      tokens.push(escaped ? { kind: "name", text: found[kind]!, ...span } : { ...span, ...tokenOf(kind, found[kind]!, fail) });
      at += length;
      continue;
    }
    const sign = match(signs);
    if (sign === "" || escaped) throw new ExpressionError(text, { from, to: from + 1 }, escaped ? "a backslash stands in front of a protocol's name" : "packet filters have no such letter");
    at += sign.length;
    tokens.push({ kind: "sign", text: sign, from, to: at });
  }
}

type Content<T> = T extends unknown ? Omit<T, keyof Span> : never;

function tokenOf(kind: number, text: string, fail: (what: string) => ExpressionError): Content<Token> {
  switch (kind) {
    case 0: {
      if (/^0\d*[89]/.test(text)) throw fail("this is no octal number");
      const value = Number(/^0\d/.test(text) ? `0o${text.slice(1)}` : text);
      if (value > 0xffff_ffff) throw fail("the number has more than 32 bits");
      return { kind: "number", value };
    }
    case 1: {
      const bytes = text.split(".").map(Number);
      if (bytes.some((byte) => byte > 255)) throw fail("a part of an address is greater than 255");
      return { kind: "ipv4", bytes };
    }
    case 2: {
      const parts = /[:.-]/.test(text) ? text.split(/[:.-]/) : [text];
      const bytes = parts.length === 6 ? parts : (parts.join("").match(/../g) ?? []);
      return { kind: "mac", bytes: bytes.map((byte) => parseInt(byte, 16)) };
    }
    case 3: {
      const words = ipv6Words(text);
      if (words === null) throw fail("this is no IPv6 address");
      return { kind: "ipv6", words };
    }
    default: {
      const value = Object.hasOwn(constants, text) ? constants[text] : undefined;
      return value === undefined ? { kind: "word", text } : { kind: "number", value };
    }
  }
}

/** The four words of an IPv6 address (RFC 4291, section 2.2); null if it is none. */
function ipv6Words(text: string): number[] | null {
  const sides = text.split("::");
  if (sides.length > 2) return null;
  const groups: number[][] = [];
  for (const side of sides) {
    const numbers: number[] = [];
    const parts = side === "" ? [] : side.split(":");
    for (const [index, part] of parts.entries()) {
      const four = part.split(".").map(Number);
      if (/^[\da-fA-F]{1,4}$/.test(part)) numbers.push(parseInt(part, 16));
      else if (side === sides.at(-1) && index === parts.length - 1 && four.length === 4 && four.every((byte) => byte <= 255)) numbers.push((four[0]! << 8) | four[1]!, (four[2]! << 8) | four[3]!);
      else return null;
    }
    groups.push(numbers);
  }
  const [left, right] = groups;
  const missing = 8 - left!.length - (right?.length ?? 0);
  if (right === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...left!, ...new Array<number>(missing).fill(0), ...(right ?? [])];
  return [0, 2, 4, 6].map((index) => ((all[index]! << 16) | all[index + 1]!) >>> 0);
}
