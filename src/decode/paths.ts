import { posix } from "node:path";
import type { KernelImage } from "./images.ts";
import { sourceRootSymbol } from "./images.ts";

/** Cuts the root of the kernel's sources from recorded paths, so that they read as kernel developers write them: `net/core/skbuff.c`. */
export type PathCutter = { readonly base: string | null; cut(file: string, directory: string | null): string };

/** `base` is a path, `auto` (where start_kernel's file, init/main.c, lies) or `none`. */
export function pathCutter(base: string, paths: "short" | "recorded", vmlinux: KernelImage | null): PathCutter {
  if (base === "none") return { base: null, cut: (file) => file };
  const root = base === "auto" ? sourceRoot(vmlinux) : base.replace(/\/+$/, "");
  if (paths === "recorded") return { base: root, cut: (file) => file };
  const cut = (file: string, directory: string | null): string => {
    const short = root === null ? file : cutRoot(file, directory, root);
    return /(?:^|\/)\.{1,2}\//.test(short) ? posix.normalize(short) : short;
  };
  return { base: root, cut };
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

function sourceRoot(vmlinux: KernelImage | null): string | null {
  const symbol = vmlinux?.symbols.get(sourceRootSymbol)?.[0];
  const unit = symbol && vmlinux.image.unitAt(symbol.address);
  if (!unit?.name) return null;
  const path = unit.name.startsWith("/") || !unit.directory ? unit.name : `${unit.directory}/${unit.name}`;
  return path.endsWith("/init/main.c") ? path.slice(0, -"/init/main.c".length) : null;
}
