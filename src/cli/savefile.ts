import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";

/**
 * Writes a file whole or not at all: under a name of its own in the same folder, which it then changes. Throws `unwritable`, and leaves what was there
 * before, if the disk is full or the folder cannot be written to.
 */
export function saveFile(path: string, bytes: Uint8Array): void {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  try {
    const descriptor = openSync(partial, "wx");
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, Math.min(bytes.length - at, 1 << 22));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(partial, path);
  } catch (cause) {
    rmSync(partial, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOSPC" ? `no space left on the disk (${(bytes.length / 1e6).toFixed(1)} MB wanted)` : code === "ENOENT" ? "no such folder" : code === "EACCES" ? "permission denied" : messageOf(cause);
    throw new OopscopeError("unwritable", `failed to write ${path}: ${why}`, { file: path, size: bytes.length }, cause);
  }
}
