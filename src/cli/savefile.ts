import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";

/**
 * Writes a file whole or not at all: under a name of its own in the same folder, which it then changes. Throws `unwritable`, and leaves what was there
 * before, if the disk is full or the folder cannot be written to. `parts` follow one another in the file.
 */
export function saveFile(path: string, parts: Iterable<Uint8Array>): void {
  let size = 0;
  const counted = function* (): Generator<Uint8Array, void, undefined> {
    for (const part of parts) {
      size += part.length;
      yield part;
    }
  };
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  try {
    const descriptor = openSync(partial, "wx");
    try {
      writeAndMove(descriptor, partial, path, counted());
    } catch (cause) {
      rmSync(partial, { force: true });
      throw cause;
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const wanted = `after ${Math.ceil(size / 1000)} kB`;
    const known: Record<string, string> = {
      ENOSPC: `no space left on the disk (${wanted})`, EDQUOT: `the quota of the disk is used up (${wanted})`, EFBIG: `larger than files may be here (${wanted})`,
      ENOENT: "no such folder", ENOTDIR: "what should be its folder is a file", EACCES: "permission denied", EROFS: "the disk is read-only",
    };
    throw new OopscopeError("unwritable", `failed to write ${path}: ${known[code ?? ""] ?? messageOf(cause)}`, { file: path, size }, cause);
  }
}

function writeAndMove(descriptor: number, partial: string, path: string, parts: Iterable<Uint8Array>): void {
  try {
    for (const bytes of parts) for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, Math.min(bytes.length - at, 1 << 22));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(partial, path);
}
