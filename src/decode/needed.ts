import type { ImageOffset } from "../base/index.ts";
import type { ElfFile } from "../elf/index.ts";
import { parseLog } from "../oops/index.ts";
import { sourceRootSymbol, type Stretch } from "../symbolize/index.ts";
import { frames } from "./advice.ts";
import { cluesOf, decode, moduleClues, namesByImage } from "./decode.ts";
import { bannerSymbol, openImages, type KernelImage } from "./images.ts";
import type { DecodeOptions } from "./options.ts";

/** A file that a log needs, and which addresses of it: all that decoding the log asks of the file lies there. */
export type Needed = {
  /** Null: vmlinux. */
  readonly module: string | null;
  readonly elf: ElfFile;
  /** The file with the code; mostly the same. */
  readonly code: ElfFile;
  /** Image offsets, ascending and apart. */
  readonly only: readonly Stretch[];
};

/** What a pack of vmlinux keeps beside its code and symbols. */
export const vmlinuxTexts = [bannerSymbol];
export const vmlinuxSourceRoot = sourceRootSymbol;

/** So much code before and behind a function is kept: a `Code:` line may begin before it, and calls end right before it. */
const margin = 192;

/** Gives every file that decoding the log uses to `visit`, in turn; they are closed in the end. Files are looked for as the options say. */
export async function visitNeeded(bytes: Uint8Array, options: DecodeOptions, visit: (needed: Needed) => Promise<void>): Promise<void> {
  const log = parseLog(bytes);
  const every = [...log.reports.flatMap(({ stacks }) => stacks.flatMap((stack) => stack.frames)), ...log.loose];
  if (every.length === 0) return;
  const { case: found } = await decode(bytes, { ...options, code: "none", basePath: "none" });
  const images = await openImages(cluesOf(log, options), moduleClues(log), namesByImage(every), options);
  try {
    // Addresses without a name, which KASLR's offset has placed.
    const bare = frames(found).flatMap(({ symbol, module, address, unresolved }) => (symbol === null && module === null && address !== null && unresolved?.reason !== "no-address" && unresolved?.reason !== "outside" ? [BigInt(address)] : []));
    for (const image of [...(images.vmlinux ? [images.vmlinux] : []), ...images.modules.values()]) {
      const { elf } = image.image;
      const addresses = image.module === null ? bare.map((address) => Number(address - elf.base)).filter((offset) => Number.isSafeInteger(offset) && elf.sectionAt(offset) !== null) : [];
      await visit({ module: image.module, elf, code: image.code, only: stretchesOf(image, addresses) });
    }
  } finally {
    images.close();
  }
}

/** The functions that the log names, each with the end of what stands before it and the beginning of what follows. */
function stretchesOf({ image, symbols }: KernelImage, addresses: readonly number[]): Stretch[] {
  const owners = addresses.flatMap((address) => image.symbolAt(address as ImageOffset) ?? []);
  const stretches = [...[...symbols.values()].flat(), ...owners].map((symbol): [number, number] => {
    const end = symbol.address + Math.max(1, symbol.size, image.extentOf(symbol) ?? 0);
    const before = image.symbolAt((symbol.address - 1) as ImageOffset);
    return [Math.max(before?.address ?? symbol.address, symbol.address - margin), end + margin];
  });
  stretches.sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of stretches) {
    const last = joined[joined.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}
