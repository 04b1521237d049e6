import type { ImageOffset } from "../base/index.ts";

/** A function or label of the symbol table. */
export type ImageSymbol = {
  readonly name: string;
  readonly address: ImageOffset;
  /** As the symbol table has it; 0 for labels of assembly. */
  readonly size: number;
  readonly section: string;
};

/** One function at an address. */
export type ResolvedFunction = {
  /** Without the compiler's suffixes (`.isra.0`, `.cold`, …). */
  readonly function: string;
  /** As the compiler recorded it; null where the file has no line for it. */
  readonly file: string | null;
  /** 1-based, or null. */
  readonly line: number | null;
  readonly column: number | null;
  readonly discriminator: number | null;
  readonly inlined: boolean;
};

/** What a file says about an address. */
export type ResolvedPlace = {
  /** Innermost inlined function first, the one that owns the code last. Empty only if `failure` says why. */
  readonly functions: readonly ResolvedFunction[];
  /** The unit's compilation directory. */
  readonly directory: string | null;
  readonly failure: { readonly reason: "no-debug-info" | "no-symbol" | "broken"; readonly why: string } | null;
};
