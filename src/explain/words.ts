import type { Guilty } from "./blame.ts";

/** `gtp5g_dev_xmit` (dev.c:134), or with its module where the line is not known. */
export function placeInWords({ function: name, file, line, module }: Pick<Guilty, "function" | "file" | "line"> & { readonly module?: string | null }): string {
  if (file !== null) return `\`${name}\` (${file}${line === null ? "" : `:${line}`})`;
  return module === null || module === undefined ? `\`${name}\`` : `\`${name}\` of module ${module}`;
}

/** With the first letter as it is: summaries are lower case. */
export function someone(who: string | null, otherwise = "the kernel"): string {
  return who ?? otherwise;
}
