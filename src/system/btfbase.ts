import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Btf } from "../btf/index.ts";
import { openElf, type ElfFile } from "../elf/index.ts";
import { closeFound, findVmlinux } from "../kernel/index.ts";
import { symbolsFolder } from "./cachefolder.ts";

/** Where the running kernel shows its BTF, a file for itself and one for each module. */
export const btfFolder = "/sys/kernel/btf";

export type FoundBase = { readonly btf: Btf; readonly path: string };

/** The release of the running kernel; null off Linux. */
export function runningRelease(root = "/"): string | null {
  try {
    return readFileSync(join(root, "proc/sys/kernel/osrelease"), "utf8").trim();
  } catch {
    return null;
  }
}

/** The release that a module was built for, as its vermagic says; null where it says nothing. */
export function releaseOfModule(elf: ElfFile): string | null {
  return elf.modinfo().get("vermagic")?.[0]?.split(" ")[0] ?? null;
}

/**
 * The BTF that the modules of a kernel continue: the running one's own, if it is that kernel (or `release` is null), else that of the vmlinux that the usual places
 * have of it. Null where there is none.
 */
export async function findBtfBase(release: string | null, root = "/"): Promise<FoundBase | null> {
  // Commands that only ask where the cache is load no reader of BTF.
  const { btfOfElf, openBtf } = await import("../btf/index.ts");
  if (release === null || release === runningRelease(root)) {
    const path = join(root, btfFolder, "vmlinux");
    if (existsSync(path)) return { btf: (await openBtf(path)).btf, path };
    if (release === null) return null;
  }
  const found = await findVmlinux({ release, version: null, banner: null, buildId: null, arch: null }, { root, fetched: symbolsFolder() });
  if (!found) return null;
  try {
    for (const elf of [found.code, found.elf]) {
      const section = elf.section(".BTF");
      if (section && elf.holds(section, 0, section.size)) return { btf: (await btfOfElf(elf)).btf, path: elf.path };
    }
    return null;
  } finally {
    closeFound(found);
  }
}

/** The release of a module's file, or null of one that is no module. */
export async function releaseOfFile(path: string): Promise<string | null> {
  const elf = await openElf(path);
  try {
    return releaseOfModule(elf);
  } finally {
    elf.close();
  }
}
