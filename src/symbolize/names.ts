import { rustName } from "./rust.ts";

/**
 * Compilers rename the copies and parts of a function that they make: `.isra.0` (arguments taken apart), `.constprop.0` (arguments constant), `.part.0`,
 * `.cold` (unlikely code), `.lto_priv.0`, `.llvm.123`. The source knows the function without them. Rust's names are written as Rust writes them.
 */
export function sourceName(symbol: string): string {
  const rust = rustName(symbol);
  if (rust !== null) return rust;
  const dot = symbol.indexOf(".", 1);
  if (dot < 0) return symbol;
  return symbol.replace(/(?:\.(?:isra|constprop|part|cold|lto_priv|llvm|localalias|warm|unlikely|specialized|clone|__uniq|\d+)(?:\.\d+)*)+$/, "");
}
