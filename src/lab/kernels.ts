import { access, open, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { OopscopeError } from "../base/index.ts";
import { cacheFolder } from "../system/index.ts";

/** The processors that the lab can play. */
export type Arch = "x86_64" | "arm64";

/** A kernel that can be booted: its image, and the folder of its modules if there is one. */
export type BootKernel = {
  readonly release: string;
  readonly image: string;
  readonly arch: Arch;
  /** …/lib/modules/RELEASE; null for a lone image, which must have its drivers built in. */
  readonly modules: string | null;
};

/** Kernels at hand: those in the cache (scripts/kernels.sh), then those that are installed; newest release first. */
export async function listKernels(): Promise<BootKernel[]> {
  const found = new Map<string, BootKernel>();
  const cached = join(cacheFolder(), "kernels");
  const roots = ["/", ...(await entries(cached)).filter((name) => !name.startsWith(".")).map((name) => join(cached, name))];
  for (const root of roots) {
    for (const name of await entries(join(root, "boot"))) {
      const release = /^vmlinuz-(.+)$/.exec(name)?.[1];
      const image = join(root, "boot", name);
      if (release === undefined) continue;
      const modules = await firstThat(["lib/modules", "usr/lib/modules"].map((folder) => join(root, folder, release)));
      found.set(release, { release, image, arch: await archOf(image), modules });
    }
    // Newer distributions keep the image with its modules.
    for (const release of await entries(join(root, "lib/modules"))) {
      const modules = join(root, "lib/modules", release);
      const image = join(modules, "vmlinuz");
      if (!found.has(release) && (await exists(image))) found.set(release, { release, image, arch: await archOf(image), modules });
    }
  }
  return [...found.values()].sort((one, other) => other.release.localeCompare(one.release, "en", { numeric: true }));
}

/** What a checked kernel (scripts/lab-kernel.sh) is built with: `kasan`, `lockdep`, `kcsan`; null for every other kernel. */
export function checkerOf(kernel: BootKernel): string | null {
  return /-oopscope-(\w+)$/.exec(kernel.release)?.[1] ?? null;
}

/** The kernel that `wanted` names: a release, a path of an image, or, if null, the running release or else the newest at hand that is not a checked one. */
export async function findKernel(wanted: string | null, running: string | null = null): Promise<BootKernel> {
  if (wanted !== null && (wanted.includes("/") || (await exists(wanted)))) return kernelOfImage(resolve(wanted));
  const kernels = await listKernels();
  const chosen =
    wanted === null
      ? (kernels.find((kernel) => kernel.release === running) ?? kernels.find((kernel) => kernel.arch === "x86_64" && checkerOf(kernel) === null) ?? kernels.find((kernel) => kernel.arch === "x86_64"))
      : kernels.find((kernel) => kernel.release === wanted);
  if (chosen !== undefined) return chosen;
  const there = kernels.length === 0 ? "none is installed or in the cache" : `at hand: ${kernels.map((kernel) => kernel.release).join(", ")}`;
  throw new OopscopeError("not-found", wanted === null ? `no kernel to boot: ${there}` : `no kernel \`${wanted}\`: ${there}`, { kernel: wanted ?? undefined });
}

/** An image by its path: the release is read from the image itself, and its modules are looked for beside it and on the machine. */
async function kernelOfImage(image: string): Promise<BootKernel> {
  const release = await releaseOfImage(image);
  const beside = [join(dirname(dirname(image)), "lib/modules", release), ...(basename(dirname(image)) === release ? [dirname(image)] : [])];
  return { release, image, arch: await archOf(image), modules: await firstThat([...beside, `/lib/modules/${release}`]) };
}

/**
 * The release in an x86 bzImage (`kernel_version` of Documentation/x86/boot.rst: an offset less 0x200 at 0x20e) or in an uncompressed image
 * (the banner `Linux version …`); for other forms the name of the file after `vmlinuz-`.
 */
async function releaseOfImage(image: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(image);
  } catch (cause) {
    throw new OopscopeError("not-found", `cannot read the kernel image \`${image}\``, { file: image }, cause);
  }
  if (bytes.length > 0x210 && bytes.toString("latin1", 0x202, 0x206) === "HdrS") {
    const at = bytes.readUInt16LE(0x20e) + 0x200;
    return bytes.toString("latin1", at, at + 200).split(/[ \0]/)[0]!;
  }
  const banner = bytes.indexOf("Linux version ");
  if (banner >= 0) return bytes.toString("latin1", banner + 14, banner + 200).split(" ")[0]!;
  const named = /^vmlinu[xz]-(.+)$/.exec(basename(image))?.[1];
  if (named !== undefined) return named;
  throw new OopscopeError("unsupported", `\`${image}\` is not a kernel image: it has neither a boot header nor a version`, { file: image });
}

/** By the magic number of an arm64 image (Documentation/arm64/booting.rst: `ARM\x64` at 56); every other image is taken for one of x86-64. */
async function archOf(image: string): Promise<Arch> {
  const file = await open(image, "r").catch(() => null);
  if (file === null) return "x86_64";
  try {
    const head = Buffer.alloc(64);
    await file.read(head, 0, 64, 0);
    return head.toString("latin1", 56, 60) === "ARM\x64" ? "arm64" : "x86_64";
  } finally {
    await file.close();
  }
}

async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function firstThat(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await exists(path)) return path;
  return null;
}
