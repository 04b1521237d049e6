import { ExpressionError, type Span } from "./error.ts";
import { tokensOf, type Token } from "./tokens.ts";

export type BinaryOperator = "*" | "/" | "%" | "+" | "-" | "<<" | ">>" | "<" | "<=" | ">" | ">=" | "==" | "!=" | "&" | "^" | "|" | "&&" | "||";
export type UnaryOperator = "-" | "+" | "~" | "!" | "*" | "&";

/** A type as a cast names it: the words of its base (`struct udphdr`, `unsigned long`, `u32`), and how many `*`. */
export type TypeName = { readonly words: readonly string[]; readonly stars: number; readonly span: Span };

/** An expression as it is written. */
export type Tree = { readonly span: Span } & (
  | { readonly kind: "number"; readonly value: bigint; readonly unsigned: boolean; readonly long: boolean; readonly decimal: boolean }
  | { readonly kind: "character"; readonly value: bigint }
  | { readonly kind: "text"; readonly bytes: Uint8Array }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "member"; readonly of: Tree; readonly name: string; readonly arrow: boolean; readonly nameSpan: Span }
  | { readonly kind: "index"; readonly of: Tree; readonly index: Tree }
  | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Tree }
  | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Tree; readonly right: Tree; readonly operatorSpan: Span }
  | { readonly kind: "cast"; readonly type: TypeName; readonly operand: Tree }
  | { readonly kind: "call"; readonly name: string; readonly nameSpan: Span; readonly argument: Tree }
  | { readonly kind: "sizeof"; readonly type: TypeName }
);

/** C's, from the weakest on (C11, 6.5). */
const levels: readonly (readonly BinaryOperator[])[] = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];
const unary: ReadonlySet<string> = new Set(["-", "+", "~", "!", "*", "&"]);
const tags: ReadonlySet<string> = new Set(["struct", "union", "enum"]);
const typeWords: ReadonlySet<string> = new Set(["void", "char", "short", "int", "long", "signed", "unsigned", "_Bool", "bool", "const", "volatile", "__int128"]);
const deepest = 64;

/** Parses an expression. `isType`: whether a name alone is a type (a typedef). Throws `ExpressionError`. */
export function parseExpression(text: string, isType: (name: string) => boolean): Tree {
  return new Parser(text, isType).whole();
}

class Parser {
  readonly #text: string;
  readonly #isType: (name: string) => boolean;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string, isType: (name: string) => boolean) {
    this.#text = text;
    this.#isType = isType;
    this.#tokens = tokensOf(text);
  }

  whole(): Tree {
    const tree = this.#binary(0);
    const next = this.#next;
    if (next.kind !== "end") throw this.#wrong(next, "an operator or the end is expected here");
    return tree;
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #is(text: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token !== undefined && (token.kind === "operator" || token.kind === "name") && token.text === text;
  }

  #take(text: string, why: string): Token {
    if (!this.#is(text)) throw this.#wrong(this.#next, `\`${text}\` is expected here${why}`);
    return this.#tokens[this.#at++]!;
  }

  #wrong(span: Span, what: string): ExpressionError {
    return new ExpressionError(this.#text, span, what);
  }

  #binary(level: number): Tree {
    const operators = levels[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    let chain = 0;
    for (;;) {
      const token = this.#next;
      if (token.kind !== "operator" || !(operators as readonly string[]).includes(token.text)) return left;
      if (++chain > 256) throw this.#wrong(token, "more than 256 operators in a row");
      this.#at++;
      const right = this.#binary(level + 1);
      left = { kind: "binary", operator: token.text as BinaryOperator, left, right, operatorSpan: token, span: { from: left.span.from, to: right.span.to } };
    }
  }

  #unary(): Tree {
    if (++this.#depth > deepest) throw this.#wrong(this.#next, `more than ${deepest} expressions within one another`);
    try {
      const token = this.#next;
      if (token.kind === "operator" && unary.has(token.text)) {
        this.#at++;
        const operand = this.#unary();
        return { kind: "unary", operator: token.text as UnaryOperator, operand, span: { from: token.from, to: operand.span.to } };
      }
      if (this.#is("sizeof") && this.#is("(", 1)) {
        this.#at += 2;
        const type = this.#typeName();
        const { to } = this.#take(")", " behind the type");
        return { kind: "sizeof", type, span: { from: token.from, to } };
      }
      if (this.#is("(") && this.#typeAt(this.#at + 1)) {
        this.#at++;
        const type = this.#typeName();
        this.#take(")", " behind the type of the cast");
        const operand = this.#unary();
        return { kind: "cast", type, operand, span: { from: token.from, to: operand.span.to } };
      }
      return this.#postfix();
    } finally {
      this.#depth--;
    }
  }

  /** Whether a type begins at a token. */
  #typeAt(at: number): boolean {
    const token = this.#tokens[at];
    if (token?.kind !== "name") return false;
    return tags.has(token.text) || typeWords.has(token.text) || this.#isType(token.text);
  }

  #typeName(): TypeName {
    const first = this.#next;
    const words: string[] = [];
    let { to } = first;
    for (;;) {
      const token = this.#next;
      if (token.kind !== "name") break;
      const before = words.at(-1);
      // A typedef's name stands alone.
      if (before !== undefined && !tags.has(before) && !typeWords.has(token.text)) break;
      this.#at++;
      to = token.to;
      if (token.text !== "const" && token.text !== "volatile") words.push(token.text);
    }
    if (words.length === 0 || tags.has(words.at(-1)!)) throw this.#wrong(this.#next, "the name of a type is expected here");
    let stars = 0;
    while (this.#is("*") || this.#is("const") || this.#is("volatile")) {
      if (this.#is("*")) stars++;
      ({ to } = this.#tokens[this.#at++]!);
    }
    return { words, stars, span: { from: first.from, to } };
  }

  #postfix(): Tree {
    let tree = this.#primary();
    let chain = 0;
    for (;;) {
      if (++chain > 256) throw this.#wrong(this.#next, "more than 256 members in a row");
      if (this.#is("[")) {
        this.#at++;
        const index = this.#binary(0);
        const { to } = this.#take("]", " behind the index");
        tree = { kind: "index", of: tree, index, span: { from: tree.span.from, to } };
      } else if (this.#is(".") || this.#is("->")) {
        const arrow = this.#is("->");
        this.#at++;
        const token = this.#next;
        if (token.kind !== "name") throw this.#wrong(token, "the name of a member is expected here");
        this.#at++;
        tree = { kind: "member", of: tree, name: token.text, arrow, nameSpan: token, span: { from: tree.span.from, to: token.to } };
      } else if (this.#is("(")) {
        if (tree.kind !== "name") throw this.#wrong(this.#next, "what is called is a name");
        this.#at++;
        const argument = this.#binary(0);
        const { to } = this.#take(")", " behind the argument");
        tree = { kind: "call", name: tree.name, nameSpan: tree.span, argument, span: { from: tree.span.from, to } };
      }
      else return tree;
    }
  }

  #primary(): Tree {
    const token = this.#next;
    if (token.kind === "operator" && token.text === "(") {
      this.#at++;
      const inner = this.#binary(0);
      const { to } = this.#take(")", ` for the one at letter ${token.from + 1}`);
      return { ...inner, span: { from: token.from, to } };
    }
    if (token.kind === "end" || token.kind === "operator") throw this.#wrong(token, token.kind === "end" ? "it ends where a value is expected" : "a value is expected here");
    this.#at++;
    switch (token.kind) {
      case "number": {
        const { value, unsigned, long, decimal } = token;
        return { kind: "number", value, unsigned, long, decimal, span: token };
      }
      case "character":
        return { kind: "character", value: token.value, span: token };
      case "text":
        return { kind: "text", bytes: token.bytes, span: token };
      case "name":
        return { kind: "name", name: token.text, span: token };
    }
  }
}
