import type { Type } from "./types.ts";

/** How many bytes a number has, and whether it has a sign. Numbers are kept in 64 bits, extended by their sign or by zeros. */
export type Width = { readonly size: 1 | 2 | 4 | 8; readonly signed: boolean };

export type Arithmetic = "+" | "-" | "*" | "/" | "%" | "<<" | ">>" | "&" | "|" | "^";
export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";

/** What a program knows of the moment, beside the function's arguments. */
export type Builtin = "pid" | "tid" | "cpu" | "ret" | "duration";

/**
 * An expression with its types: what is computed, step by step. Each node gives a number of its `width`. A read that fails and a division by zero give no number, and none to
 * what they stand in: `absent`.
 */
export type Node = { readonly width: Width } & (
  | { readonly op: "constant"; readonly value: bigint }
  /** An argument of the function, by its number in the prototype from 0 on: the low bytes of its register. */
  | { readonly op: "argument"; readonly index: number }
  | { readonly op: "builtin"; readonly name: Builtin }
  /**
   * A number in memory: `bytes` of them (1 to 8) at `address + offset`, little-endian. `bits`: of those the ones from `shift` on, `count` of them.
   */
  | { readonly op: "load"; readonly address: Node; readonly offset: number; readonly bytes: number; readonly bits: { readonly shift: number; readonly count: number } | null }
  /** `swap`: between network order and a little-endian machine's. */
  | { readonly op: "negate" | "complement" | "not" | "swap"; readonly operand: Node }
  /** Both sides have the node's own width, but the count of a shift. */
  | { readonly op: "arithmetic"; readonly operator: Arithmetic; readonly left: Node; readonly right: Node }
  /** Both sides have the same width; the result is 0 or 1. */
  | { readonly op: "compare"; readonly operator: Comparison; readonly left: Node; readonly right: Node }
  /** The right side is not looked at where the left one decides. */
  | { readonly op: "both" | "either"; readonly left: Node; readonly right: Node }
  | { readonly op: "convert"; readonly operand: Node }
  /** Whether the text of a place is just this one, up to its NUL. */
  | { readonly op: "same-text"; readonly place: TextPlace; readonly text: Uint8Array; readonly equal: boolean }
);

/** Where text stands: `comm` of the task, an array in memory of so many bytes, or up to a NUL behind a pointer. */
export type TextPlace =
  | { readonly kind: "comm" }
  | { readonly kind: "array"; readonly address: Node; readonly length: number }
  | { readonly kind: "pointer"; readonly address: Node };

/** What an expression stands for. */
export type Typed =
  | { readonly kind: "number"; readonly node: Node; readonly type: Type }
  /** Memory that is no number: an array, a struct. `address` is that of its first byte. */
  | { readonly kind: "place"; readonly address: Node; readonly type: Type }
  | { readonly kind: "text"; readonly place: TextPlace; readonly type: Type | null };
