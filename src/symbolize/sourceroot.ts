import { posix } from "node:path";
import type { Image } from "./image.ts";
import type { ImageSymbol } from "./types.ts";

/** A function whose file is init/main.c: where that lies is the root of the kernel's sources. */
export const sourceRootSymbol = "start_kernel";

/** The root of a kernel's sources at build time, by the place of `sourceRootSymbol`; null where that is not told. */
export function sourceRootOf(image: Image, symbol: ImageSymbol | undefined): string | null {
  const unit = symbol && image.unitAt(symbol.address);
  if (!unit?.name) return null;
  const path = unit.name.startsWith("/") || !unit.directory ? unit.name : `${unit.directory}/${unit.name}`;
  return path.endsWith("/init/main.c") ? path.slice(0, -"/init/main.c".length) : null;
}

/** A recorded path as kernel developers write it: `net/core/skbuff.c`. `directory`: the unit's. */
export function withoutRoot(file: string, directory: string | null, root: string | null): string {
  const short = root === null ? file : cutRoot(file, directory, root);
  return /(?:^|\/)\.{1,2}\//.test(short) ? posix.normalize(short) : short;
}

function cutRoot(file: string, directory: string | null, root: string): string {
  if (file.startsWith(`${root}/`)) return file.slice(root.length + 1);
  // Compilers are told to shorten paths (-ffile-prefix-map), assemblers are not: their units lie in the same directory under its full name.
  if (directory && file.startsWith("/") && !root.startsWith("/") && directory.endsWith(`/${root}`)) {
    const full = directory.slice(0, directory.length - root.length);
    if (file.startsWith(`${directory}/`)) return file.slice(directory.length + 1);
    if (file.startsWith(full)) return file.slice(full.length);
  }
  return file;
}
