import { OopscopeError } from "../base/index.ts";
import { checkModuleBtf, openBtf, type Btf, type BtfVerdict } from "../btf/index.ts";
import { openElf, type ElfFile } from "../elf/index.ts";
import { btfFolder, findBtfBase, releaseOfModule } from "../system/index.ts";
import { btfPath } from "./btf-files.ts";

/** A module beside the BTF of the kernel that is to take it. */
export type JudgedModule = { readonly path: string; readonly release: string | null; readonly base: { readonly path: string; readonly btf: Btf }; readonly verdict: BtfVerdict };

/** Judges a module's BTF against what `--base` names, else the kernel that it was built for. */
export async function judgeModule(path: string, baseFile: string | undefined): Promise<JudgedModule> {
  const elf = await openElf(path);
  try {
    if (elf.modinfo().size === 0) throw new OopscopeError("bad-argument", `${path} is no kernel module: it has no .modinfo`, { file: path });
    const release = releaseOfModule(elf);
    const base = await baseFor(elf, release, baseFile);
    return { path, release, base, verdict: await checkModuleBtf(elf, base.btf) };
  } finally {
    elf.close();
  }
}

async function baseFor(elf: ElfFile, release: string | null, baseFile: string | undefined): Promise<{ path: string; btf: Btf }> {
  if (baseFile !== undefined) {
    const path = btfPath(baseFile);
    const { btf } = await openBtf(path);
    if (btf.base) throw new OopscopeError("bad-argument", `${path} is no base: it continues one itself`, { file: path });
    return { path, btf };
  }
  const found = await findBtfBase(release);
  if (found) return found;
  throw new OopscopeError("not-found", `${elf.path} is built for kernel ${release ?? "that it does not name"}, whose BTF was not found: name it with --base, a vmlinux or a copy of that machine's ${btfFolder}/vmlinux`, { file: elf.path });
}
