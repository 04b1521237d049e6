import { moduleKey, type KernelClues, type ModuleClues } from "../kernel/index.ts";
import type { KernelImages } from "./images.ts";

/** A file whose debug information would resolve more of a log, for those who can fetch it. */
export type LackingFile = {
  /** Null for vmlinux. */
  readonly module: string | null;
  /** From the log, or from a file that was found and has no debug information; null where neither tells. */
  readonly buildId: string | null;
};

/** Of the images that frames name (modules by key, vmlinux as "") those without debug information. */
export function lackingFiles(images: KernelImages, named: ReadonlySet<string>, clues: KernelClues, modules: readonly ModuleClues[]): LackingFile[] {
  const lacking: LackingFile[] = [];
  if (named.has("") && images.vmlinux?.image.hasDebugInformation !== true) lacking.push({ module: null, buildId: clues.buildId ?? images.vmlinux?.code.buildId() ?? null });
  for (const { name, buildId } of modules) {
    const image = images.modules.get(moduleKey(name));
    if (named.has(moduleKey(name)) && image?.image.hasDebugInformation !== true && name !== "bpf") lacking.push({ module: name, buildId: buildId ?? image?.code.buildId() ?? null });
  }
  return lacking;
}
