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
      writeAndMove(descriptor, partial, path, bytes);
    } catch (cause) {
      rmSync(partial, { force: true });
      throw cause;
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const wanted = `${Math.ceil(bytes.length / 1000)} kB wanted`;
    const known: Record<string, string> = {
      ENOSPC: `no space left on the disk (${wanted})`, EDQUOT: `the quota of the disk is used up (${wanted})`, EFBIG: `larger than files may be here (${wanted})`,
      ENOENT: "no such folder", ENOTDIR: "what should be its folder is a file", EACCES: "permission denied", EROFS: "the disk is read-only",
    };
    throw new OopscopeError("unwritable", `failed to write ${path}: ${known[code ?? ""] ?? messageOf(cause)}`, { file: path, size: bytes.length }, cause);
  }
}

function writeAndMove(descriptor: number, partial: string, path: string, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, Math.min(bytes.length - at, 1 << 22));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(partial, path);
}
