import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { OopscopeError } from "../base/index.ts";
import { openBtf, relocateBtf, unfitText, type Btf, type BtfFile } from "../btf/index.ts";
import { btfFolder, findBtfBase, releaseOfFile } from "../system/index.ts";

/** The path of a file; or of what the running kernel shows, for `vmlinux` and the name of a module, unless there is a file of that name. */
export function btfPath(named: string): string {
  if (existsSync(named) || named.includes("/")) return named;
  const shown = join(btfFolder, named.replaceAll("-", "_"));
  if (existsSync(shown)) return shown;
  if (/\.(?:ko|btf|o)(?:\.(?:gz|xz|zst))?$/.test(named) || named.startsWith("vmlinu")) return named;
  throw new OopscopeError("not-found", `there is no file ${named}, and the running kernel has no BTF of a module of this name: it is not loaded, or was loaded without`, { file: named });
}

/**
 * Opens what was named. The base of split BTF is what `--base` names, else a kernel that was named before it, else its own kernel's. What has a distilled base is made to continue that one
 * (`relocated`); it stays as it is (`distilled`) where its kernel is not to be found, and where it is asked for so.
 */
export async function openNamed(named: readonly string[], baseFile: string | undefined, wanted: "relocated" | "distilled" = "relocated"): Promise<BtfFile[]> {
  let base: Btf | null = baseFile === undefined ? null : (await openBtf(btfPath(baseFile))).btf;
  const files: BtfFile[] = [];
  for (const name of named) {
    const path = btfPath(name);
    const file = await openBtf(path, async () => (base ??= await baseOf(path)));
    if (!file.btf.base) base ??= file.btf;
    else if (file.distilled && wanted === "relocated") {
      base ??= await baseOf(path).catch(noneFound);
      files.push(base === null ? file : relocated(file, base));
      continue;
    }
    files.push(file);
  }
  return files;
}

function noneFound(error: unknown): null {
  if (error instanceof OopscopeError && error.code === "not-found") return null;
  throw error;
}

function relocated(file: BtfFile, base: Btf): BtfFile {
  const { btf, unfit } = relocateBtf(file.btf, base);
  if (btf) return { ...file, btf, distilled: null };
  throw new OopscopeError("bad-argument", `${file.path} has a distilled base, of whose types ${unfit.length} do not fit those of ${base.origin.file}: ${unfitText(unfit)}`, { file: file.path });
}

/** The base of a split BTF by itself: of what the kernel shows its own, of a module that of its release. */
async function baseOf(path: string): Promise<Btf> {
  const beside = join(dirname(resolve(path)), "vmlinux");
  if (dirname(beside) === btfFolder) return (await openBtf(beside)).btf;
  const release = await releaseOfFile(path).catch((error: unknown) => {
    if (error instanceof OopscopeError && error.code === "not-elf") return null;
    throw error;
  });
  const found = release === null ? null : await findBtfBase(release);
  if (found) return found.btf;
  const why = release === null ? "it does not say of which kernel" : `it is of kernel ${release}, of which no vmlinux with BTF was found`;
  throw new OopscopeError("not-found", `${path} continues the BTF of its kernel (split BTF): ${why}; name that with --base: a vmlinux, or a copy of ${btfFolder}/vmlinux`, { file: path });
}
