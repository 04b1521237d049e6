import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Debian's 6.1 kernel with its debug files, in oopscope's cache. */
export type DebianKernel = {
  readonly release: string;
  /** vmlinux with debug information: 0.6 GB, never to be read whole. */
  readonly vmlinux: string;
  /** The folder of the modules with debug information. */
  readonly modules: string;
  /** What boots. */
  readonly image: string;
};

/** The newest 6.1 of the cache; an error that names `make kernels` if there is none. */
export function debianKernel(): DebianKernel {
  const cache = process.env["OOPSCOPE_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "oopscope");
  const folder = join(cache, "kernels");
  const releases = existsSync(folder) ? readdirSync(folder).filter((name) => /^6\.1\..*-amd64$/.test(name)) : [];
  const release = releases.sort((one, other) => one.localeCompare(other, "en", { numeric: true })).at(-1);
  if (release === undefined) throw new Error(`no Debian 6.1 kernel under ${folder}: fetch it with \`make kernels\``);
  const root = join(folder, release);
  const kernel = {
    release,
    vmlinux: join(root, "usr/lib/debug/boot", `vmlinux-${release}`),
    modules: join(root, "usr/lib/debug/lib/modules", release, "kernel"),
    image: join(root, "boot", `vmlinuz-${release}`),
  };
  for (const path of [kernel.vmlinux, kernel.modules, kernel.image]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: fetch the kernel again with \`make kernels\``);
  }
  return kernel;
}
