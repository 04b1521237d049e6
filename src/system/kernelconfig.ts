import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** The options that a kernel was built with, and the file that tells. */
export type KernelConfig = { readonly path: string; readonly options: ReadonlyMap<string, string> };

/** A kernel's configuration has 250 kB. */
const largestConfig = 1 << 24;

/**
 * The configuration of a release: /proc/config.gz (of the running kernel: IKCONFIG), or where distributions put it. Options without their CONFIG_: `y`, `m`, a number or a text with its
 * quotes; those that are not set are not in it. Null where there is no such file that can be read.
 */
export function kernelConfig(release: string, root = "/", running = true): KernelConfig | null {
  if (!/^(?!\.+$)[^/\0]+$/.test(release)) return null;
  const places = [...(running ? ["proc/config.gz"] : []), `boot/config-${release}`, `lib/modules/${release}/config`, `usr/lib/modules/${release}/config`, `lib/modules/${release}/build/.config`, `usr/lib/kernel/config-${release}`];
  for (const place of places) {
    const path = join(root, place);
    try {
      if (!existsSync(path) || statSync(path).size > largestConfig) continue;
      const bytes = readFileSync(path);
      const options = readConfig((place.endsWith(".gz") ? gunzipSync(bytes, { maxOutputLength: largestConfig }) : bytes).toString("latin1"));
      if (options.size > 0) return { path, options };
    } catch {
      // the next place
    }
  }
  return null;
}

function readConfig(text: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (!line.startsWith("CONFIG_")) continue;
    const equals = line.indexOf("=");
    if (equals > 7) options.set(line.slice(7, equals), line.slice(equals + 1));
  }
  return options;
}
