import type { ImageSymbol } from "./types.ts";

/** How well the size that a log prints fits a symbol. `exact`: it is the distance to the next symbol or the ELF size; `possible`: padding may explain it. */
export type SizeFit = "exact" | "possible" | "no";

/** Functions are padded to 64 bytes at most by the compiler's options in use; entry code of assembly to a page. */
const mostPadding = 64;
const page = 4096;

/**
 * kallsyms prints the distance to the next symbol, so the ELF size plus padding; for the last symbol of a module's region that reaches to the region's
 * page-rounded end, across sections that hold no symbols (kernel/module/kallsyms.c, find_kallsyms_symbol).
 */
export function sizeFit(symbol: ImageSymbol, size: number, relocatable: boolean, extentOf: (symbol: ImageSymbol) => number | null): SizeFit {
  if (size === symbol.size) return "exact";
  // Most symbols are settled by their own size; only what is left needs the table in order.
  const padding = size - symbol.size;
  if (symbol.size > 0 && padding > 0 && padding < mostPadding) return "possible";
  const extent = extentOf(symbol);
  if (size === extent) return "exact";
  if (size < symbol.size) return "no";
  if (extent === null) return relocatable || padding < page ? "possible" : "no";
  if (symbol.size === 0) return size <= extent + mostPadding ? "possible" : "no";
  return "no";
}
