import { open, statfs, type FileHandle } from "node:fs/promises";
import { OopscopeError, messageOf } from "../base/index.ts";
import type { Bytes } from "./stream.ts";

/** How far a piece of work is, in bytes; `total` null where nobody knows. */
export type Progress = { readonly what: string; readonly done: number; readonly total: number | null };

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** What a file system keeps for itself and for others. */
const margin = 16e6;

/** Throws `unwritable`, with both numbers, where a folder's file system has no room for so many bytes. */
export async function requireSpace(folder: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < bytes + margin) throw new OopscopeError("unwritable", `${what} needs ${megabytes(bytes + margin)} in ${folder}, and ${megabytes(free)} are free`, { file: folder, size: bytes });
}

/** The same error for whatever the system says while a file is written. */
export function unwritable(path: string, cause: unknown): OopscopeError {
  if (cause instanceof OopscopeError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const why =
    code === "ENOSPC" ? "no space is left on the disk" : code === "EDQUOT" ? "the disk quota is used up" : code === "EFBIG" ? "it is larger than a file may be here (ulimit -f)" : code === "EACCES" || code === "EPERM" ? "permission denied" : code === "EROFS" ? "the file system is read-only" : messageOf(cause);
  return new OopscopeError("unwritable", `failed to write ${path}: ${why}`, { file: path }, cause);
}

/**
 * Writes a stream into a file, from `from` on, which cuts off what is behind it, and syncs it. `onPart` is called with the size so far. Throws `unwritable` where the
 * system refuses, and the stream's own errors as they are.
 */
export async function writeStream(path: string, body: Bytes, from: number, onPart: (size: number) => void): Promise<number> {
  let file: FileHandle;
  try {
    file = await open(path, from === 0 ? "w" : "r+", 0o644);
  } catch (cause) {
    throw unwritable(path, cause);
  }
  let at = from;
  const write = async (task: () => Promise<unknown>): Promise<void> => {
    try {
      await task();
    } catch (cause) {
      throw unwritable(path, cause);
    }
  };
  try {
    await write(() => file.truncate(from));
    for await (const part of body) {
      await write(async () => {
        for (let written = 0; written < part.length; ) written += (await file.write(part, written, part.length - written, at + written)).bytesWritten;
      });
      at += part.length;
      onPart(at);
    }
    await write(() => file.sync());
  } finally {
    await file.close();
  }
  return at;
}
