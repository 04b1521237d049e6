import { sourceRootOf, sourceRootSymbol, withoutRoot } from "../symbolize/index.ts";
import type { KernelImage } from "./images.ts";

/** Cuts the root of the kernel's sources from recorded paths, so that they read as kernel developers write them: `net/core/skbuff.c`. */
export type PathCutter = { readonly base: string | null; cut(file: string, directory: string | null): string };

/** `base` is a path, `auto` (where start_kernel's file, init/main.c, lies) or `none`. */
export function pathCutter(base: string, paths: "short" | "recorded", vmlinux: KernelImage | null): PathCutter {
  if (base === "none") return { base: null, cut: (file) => file };
  const root = base === "auto" ? (vmlinux && sourceRootOf(vmlinux.image, vmlinux.symbols.get(sourceRootSymbol)?.[0])) : base.replace(/\/+$/, "");
  if (paths === "recorded") return { base: root, cut: (file) => file };
  return { base: root, cut: (file, directory) => withoutRoot(file, directory, root) };
}
