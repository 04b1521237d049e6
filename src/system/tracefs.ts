import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

/** A file of the kernel's that could not be read, and why; `absent` where it is not there at all. */
export type Refused = { readonly path: string; readonly why: "absent" | "denied" | "failed"; readonly code: string };

/** A file in whole, or why there is nothing of it. */
export function readLive(path: string): Uint8Array | Refused {
  try {
    return readWhole(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    return { path, why: code === "ENOENT" || code === "ENOTDIR" ? "absent" : code === "EACCES" || code === "EPERM" ? "denied" : "failed", code };
  }
}

/** What the kernel makes while it is read has no size, and comes a page at a time: Node's own way takes memory anew for each. */
function readWhole(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    let bytes = Buffer.allocUnsafeSlow(Math.max(fstatSync(file).size + 1, 1 << 16));
    for (let length = 0; ; ) {
      const count = readSync(file, bytes, length, bytes.length - length, null);
      if (count === 0) return bytes.subarray(0, length);
      length += count;
      if (length < bytes.length) continue;
      const longer = Buffer.allocUnsafeSlow(4 * length);
      bytes.copy(longer);
      bytes = longer;
    }
  } finally {
    closeSync(file);
  }
}

/** Where tracefs is: /sys/kernel/tracing, or below debugfs. Null where it is mounted at neither (an empty folder is no tracefs). Whether it can be read is another matter. */
export function tracefsFolder(root = "/"): { readonly path: string; readonly readable: boolean } | null {
  let denied: string | null = null;
  for (const place of ["sys/kernel/tracing", "sys/kernel/debug/tracing"]) {
    const path = join(root, place);
    try {
      if (readdirSync(path).length > 0) return { path, readable: true };
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "EACCES" || code === "EPERM") denied ??= path;
    }
  }
  // Below debugfs, which only root may enter, nothing tells whether it is there.
  return denied === null ? null : { path: denied, readable: false };
}

/** Names of the kernel's modules that are loaded (/sys/module has those that are built in, too: they have no `initstate`). Null without sysfs. */
export function loadedModules(root = "/"): ReadonlySet<string> | null {
  try {
    const folder = join(root, "sys/module");
    return new Set(readdirSync(folder).filter((name) => existsSync(join(folder, name, "initstate"))));
  } catch {
    return null;
  }
}
