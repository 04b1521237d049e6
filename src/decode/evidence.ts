import type { ImageOffset } from "../base/index.ts";
import type { Evidence } from "../kernel/index.ts";
import type { KernelImage } from "./images.ts";
import type { Plan } from "./resolve.ts";

/** How many of the functions that the log names with their size have that size in the file. */
export function sizeEvidence(image: KernelImage, plans: readonly Plan[]): Evidence["sizes"] {
  const seen = new Set<string>();
  let compared = 0;
  let equal = 0;
  for (const { frame, image: of } of plans) {
    if (of !== image || frame.symbol === null || frame.size === null) continue;
    const key = `${frame.symbol}/${frame.size}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const named = image.symbols.get(frame.symbol);
    if (!named) continue;
    compared++;
    if (named.some((symbol) => image.image.fit(symbol, frame.size!) !== "no")) equal++;
  }
  return { compared, equal };
}

/** How far KASLR moved the kernel, by frames that the log gives both ways: one answer of all, or null. */
export function inferKaslr(plans: readonly Plan[], vmlinux: KernelImage | null): bigint | null {
  if (!vmlinux) return null;
  let moved: bigint | null = null;
  for (const { frame, image, symbols } of plans) {
    if (image !== vmlinux || frame.address === null || frame.offset === null || symbols.length !== 1) continue;
    const link = vmlinux.image.elf.addressOf((symbols[0]!.address + frame.offset) as ImageOffset);
    const distance = BigInt(frame.address) - link;
    if (moved !== null && moved !== distance) return null;
    moved = distance;
  }
  return moved;
}
