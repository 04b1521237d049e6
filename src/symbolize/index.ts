import type { ElfFile } from "../elf/index.ts";
import type { GsymImage } from "./gsymimage.ts";
import type { Packed, PackOptions } from "./pack.ts";

export { imageOf, openImage } from "./dwarfimage.ts";
export type { GsymImage } from "./gsymimage.ts";
export { Image, type Lines } from "./image.ts";
export { sourceName } from "./names.ts";
export { skeletonOf } from "./note.ts";
export type { Packed, PackOptions, Stretch } from "./pack.ts";
export { sourceRootOf, sourceRootSymbol, withoutRoot } from "./sourceroot.ts";
export type { ImageSymbol, ResolvedFunction, ResolvedPlace } from "./types.ts";

/**
 * Opens a GSYM with what stands beside it. Without that names and sizes are those of the GSYM, and there are no bytes of code. Throws `malformed` where the
 * two do not belong together. Close the image when done.
 */
export async function openGsymImage(path: string): Promise<GsymImage> {
  return (await import("./gsymimage.ts")).openGsymImage(path);
}

/**
 * Packs a file that has debug information. In memory are the results (of a vmlinux of 633 MB some 40 MB) and what all units share of the debug information
 * (texts, ranges). Throws `missing-section` where there is none.
 */
export async function packImage(elf: ElfFile, options: PackOptions = {}): Promise<Packed> {
  return (await import("./pack.ts")).packImage(elf, options);
}

/** Opens a file for symbolization by what it begins with: an ELF file, or a GSYM. Close the image when done. */
export async function openAnyImage(path: string): Promise<GsymImage> {
  return (await import("./gsymimage.ts")).openAnyImage(path);
}
