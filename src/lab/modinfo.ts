import { readFile } from "node:fs/promises";
import { OopscopeError, messageOf } from "../base/index.ts";
import { compressionOf, elfFromBytes, unfoldFile } from "../elf/index.ts";

/** A module as it goes into the guest, and what it says about itself in its `.modinfo`. */
export type KernelModule = {
  /** As in /proc/modules. */
  readonly name: string;
  readonly path: string;
  /** Decompressed. */
  readonly bytes: Uint8Array;
  /** `6.1.0-56-amd64 SMP preempt mod_unload modversions`: the kernel that it was built for. */
  readonly vermagic: string | null;
  readonly depends: readonly string[];
};

/** `virtio-pci` and `virtio_pci` are one name to the kernel; this is the form it prints. */
export function moduleName(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.ko(\.(gz|xz|zst))?$/, "").replaceAll("-", "_");
}

export async function readModule(path: string): Promise<KernelModule> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new OopscopeError(missing ? "not-found" : "unreadable", `cannot read the module \`${path}\`: ${messageOf(cause)}`, { file: path }, cause);
  }
  const compression = compressionOf(bytes.subarray(0, 6));
  if (compression !== null) bytes = await unfoldFile(path, bytes, compression);
  const elf = await elfFromBytes(path, bytes);
  try {
    const words = elf.modinfo();
    if (!elf.relocatable || words.size === 0) throw new OopscopeError("unsupported", `\`${path}\` is not a kernel module: it has no .modinfo`, { file: path });
    return {
      name: words.get("name")?.[0] ?? moduleName(path),
      path,
      bytes,
      vermagic: words.get("vermagic")?.[0] ?? null,
      depends: (words.get("depends")?.[0] ?? "").split(",").filter((name) => name !== "").map((name) => name.replaceAll("-", "_")),
    };
  } finally {
    elf.close();
  }
}

/** Refuses a module that was built for another kernel, before anything is booted. */
export function requireRelease(module: KernelModule, release: string): void {
  const built = module.vermagic?.split(" ")[0];
  if (built === undefined || built === release) return;
  throw new OopscopeError("bad-argument", `\`${module.path}\` is built for kernel ${built}; the guest's kernel is ${release}`, { file: module.path, built, release });
}
