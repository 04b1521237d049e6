import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../src/system/index.ts";

/** A kernel of the cache whose vmlinux has BTF. */
export type BtfKernel = { readonly release: string; readonly vmlinux: string; /** Its folder of modules; some are there as .ko.xz alone. */ readonly modules: string };

/** All that are there, of those that the tests know: 5.10, 6.1, 6.12, 7.x; `make kernels` and `make matrix` fetch them. */
export function btfKernels(): BtfKernel[] {
  const folder = join(cacheFolder(), "kernels");
  const releases = existsSync(folder) ? readdirSync(folder).filter((name) => /^(?:5\.10|6\.1|6\.12|7)\.[\d.]+[-+].*amd64$/.test(name)) : [];
  return releases.flatMap((release) => {
    const root = join(folder, release);
    const debug = join(root, "usr/lib/debug");
    const vmlinux = [join(debug, "boot", `vmlinux-${release}`), join(debug, "lib/modules", release, "vmlinux"), join(root, "usr/src", `linux-headers-${release}`, "vmlinux")].find((path) => existsSync(path));
    const modules = [join(root, "lib/modules", release, "kernel"), join(root, "usr/lib/modules", release, "kernel")].find((path) => existsSync(path));
    return vmlinux === undefined || modules === undefined ? [] : [{ release, vmlinux, modules }];
  });
}
