import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";

const largestFolder = 1 << 24;

/**
 * The parts of a crash in a folder of pstore (`/sys/fs/pstore`: `dmesg-ramoops-0`, `dmesg-efi-…`) or of systemd-pstore, which puts them together into
 * `dmesg.txt`. Their order is told by their first lines. A folder that has none of its own but folders of them (`/var/lib/systemd/pstore`) is all of these, the
 * oldest first: their names are times.
 */
export function pstoreFolder(folder: string, paths: readonly string[]): Uint8Array {
  const files = paths.filter((path) => statSync(path).isFile());
  const whole = files.filter((path) => basename(path) === "dmesg.txt");
  const parts = whole.length > 0 ? whole : files.filter((path) => /^dmesg-[a-z]+-/.test(basename(path))).sort(byNumbers);
  const crashes = parts.length > 0 ? [] : crashFolders(paths);
  if (crashes.length > 0) return withinLimit(folder, crashes.map((path) => pstoreFolder(path, readdirSync(path).map((file) => join(path, file)))));
  if (parts.length === 0) throw new OopscopeError("unreadable", `failed to read ${folder}: it is a folder without parts of pstore (dmesg-…)`, { file: folder });
  return withinLimit(folder, parts.map((path) => (path.endsWith(".enc.z") ? unfoldedPart(path, readFileSync(path)) : readFileSync(path))));
}

function withinLimit(folder: string, parts: readonly Uint8Array[]): Uint8Array {
  if (parts.reduce((size, part) => size + part.length, 0) > largestFolder) throw new OopscopeError("over-budget", `${folder} has more than ${largestFolder >> 20} MB in its parts`, { file: join(folder, "dmesg-*") });
  return Buffer.concat(parts.flatMap((part) => [part, ...(part.at(-1) === 0x0a ? [] : [Buffer.from("\n")])]));
}

/** Folders of this one that hold parts, at most two deep: efi's and erst's have a number below the time. */
function crashFolders(paths: readonly string[], deep = 2): string[] {
  return paths.filter((path) => /^\d+$/.test(basename(path)) && statSync(path).isDirectory()).sort(byNumbers).flatMap((path) => {
    const within = readdirSync(path).map((file) => join(path, file));
    if (within.some((file) => /^dmesg[.-]/.test(basename(file)))) return [path];
    return deep > 1 ? crashFolders(within, deep - 1) : [];
  });
}

/** `dmesg-efi-2` before `dmesg-efi-10`. */
function byNumbers(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}

/** A part that the kernel could not unfold itself (`.enc.z`): raw deflate (fs/pstore/platform.c), from older kernels with zlib's header. */
export function unfoldedPart(path: string, bytes: Uint8Array): Uint8Array {
  const zlib = process.getBuiltinModule("node:zlib");
  const begin = bytes.indexOf(0x0a);
  const head = begin > 0 && begin < 64 && /^[A-Z][a-z]+#\d+ Part\d+$/.test(Buffer.from(bytes.subarray(0, begin)).toString("latin1")) ? bytes.subarray(0, begin + 1) : new Uint8Array(0);
  const folded = bytes.subarray(head.length);
  // A part is cut where its record was full: what is there is worth reading.
  const options = { maxOutputLength: largestFolder, finishFlush: zlib.constants.Z_SYNC_FLUSH };
  try {
    return Buffer.concat([head, zlib.inflateSync(folded, options)]);
  } catch {
    try {
      return Buffer.concat([head, zlib.inflateRawSync(folded, options)]);
    } catch (cause) {
      throw new OopscopeError("unreadable", `failed to unfold ${path}: it is no deflate stream (${messageOf(cause)})`, { file: path }, cause);
    }
  }
}
