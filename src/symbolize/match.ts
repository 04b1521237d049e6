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
export function sizeFit(symbol: ImageSymbol, size: number, relocatable: boolean): SizeFit {
  if (size === symbol.extent || (symbol.size > 0 && size === symbol.size)) return "exact";
  if (size < symbol.size) return "no";
  if (symbol.extent === null) return relocatable || size < symbol.size + page ? "possible" : "no";
  if (symbol.size === 0) return size <= symbol.extent + mostPadding ? "possible" : "no";
  return size - symbol.size < mostPadding ? "possible" : "no";
}
