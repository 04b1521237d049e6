import { ExpressionError, type Span } from "./error.ts";

export type Token = Span &
  (
    | { readonly kind: "number"; readonly value: bigint; readonly unsigned: boolean; readonly long: boolean; readonly decimal: boolean }
    | { readonly kind: "character"; readonly value: bigint }
    | { readonly kind: "text"; readonly bytes: Uint8Array }
    | { readonly kind: "name"; readonly text: string }
    | { readonly kind: "operator"; readonly text: string }
    | { readonly kind: "end" }
  );

const longest = 4096;
const operators = /->|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^~!<>().,[\]]/y;
const number = /0[xX][\da-fA-F]+|0[bB][01]+|\d+/y;
const name = /[A-Za-z_@][\w]*/y;
const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, 0: 0, "\\": 92, "'": 39, '"': 34, a: 7, b: 8, f: 12, v: 11, e: 27 };

/** Cuts an expression into C's tokens; the last one is `end`. */
export function tokensOf(text: string): Token[] {
  if (text.length > longest) throw new ExpressionError(text.slice(0, 60), { from: 0, to: 1 }, `it has ${text.length} letters; the longest expression has ${longest}`);
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  for (;;) {
    while (at < text.length && /\s/.test(text[at]!)) at++;
    const from = at;
    if (at === text.length) {
      tokens.push({ kind: "end", from, to: from });
      return tokens;
    }
    const letter = text[at]!;
    const digits = match(number);
    if (digits !== null) {
      at += digits.length;
      const suffix = match(/[uUlL]*/y)!;
      at += suffix.length;
      const rest = match(/\w+/y);
      const octal = /^0\d/.test(digits);
      if (rest !== null || !/^(?:[uU]?(?:l|L|ll|LL)?|(?:l|L|ll|LL)[uU])$/.test(suffix) || (octal && /[89]/.test(digits))) throw new ExpressionError(text, { from, to: at + (rest?.length ?? 0) }, "this is no number of C");
      const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
      if (value >= 1n << 64n) throw new ExpressionError(text, { from, to: at }, "the number has more than 64 bits");
      tokens.push({ kind: "number", value, unsigned: /u/i.test(suffix), long: /l/i.test(suffix), decimal: /^(?:0|[1-9]\d*)$/.test(digits), from, to: at });
      continue;
    }
    const word = match(name);
    if (word !== null) {
      at += word.length;
      tokens.push({ kind: "name", text: word, from, to: at });
      continue;
    }
    if (letter === "'" || letter === '"') {
      const bytes = quoted(text, at);
      at = bytes.end;
      if (letter === '"') tokens.push({ kind: "text", bytes: bytes.value, from, to: at });
      else {
        if (bytes.value.length !== 1) throw new ExpressionError(text, { from, to: at }, `a character is one byte, this has ${bytes.value.length}`);
        tokens.push({ kind: "character", value: BigInt(new Int8Array(bytes.value)[0]!), from, to: at });
      }
      continue;
    }
    const operator = match(operators);
    if (operator === null) throw new ExpressionError(text, { from, to: from + 1 }, letter === "=" ? "nothing is set here: equality is ==" : "expressions have no such letter");
    at += operator.length;
    tokens.push({ kind: "operator", text: operator, from, to: at });
  }
}

function quoted(text: string, from: number): { value: Uint8Array; end: number } {
  const quote = text[from]!;
  const bytes: number[] = [];
  for (let at = from + 1; at < text.length; ) {
    const letter = text[at]!;
    if (letter === quote) return { value: Uint8Array.from(bytes), end: at + 1 };
    if (letter === "\\") {
      const next = text[at + 1] ?? "";
      const hex = /^x[\da-fA-F]{1,2}/.exec(text.slice(at + 1, at + 4))?.[0];
      const known = escapes[next];
      if (hex !== undefined) bytes.push(Number.parseInt(hex.slice(1), 16));
      else if (known !== undefined) bytes.push(known);
      else throw new ExpressionError(text, { from: at, to: Math.min(text.length, at + 2) }, "this escape is not known");
      at += 1 + (hex?.length ?? 1);
      continue;
    }
    const character = String.fromCodePoint(text.codePointAt(at)!);
    bytes.push(...Buffer.from(character, "utf8"));
    at += character.length;
  }
  throw new ExpressionError(text, { from, to: text.length }, `the ${quote === '"' ? "text" : "character"} has no end`);
}
