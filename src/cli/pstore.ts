import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";

const largestFolder = 1 << 24;

/**
 * The parts of a crash in a folder of pstore (`/sys/fs/pstore`: `dmesg-ramoops-0`, `dmesg-efi-…`) or of systemd-pstore, which puts them together into
 * `dmesg.txt`. Their order is told by their first lines.
 */
export function pstoreFolder(folder: string, paths: readonly string[]): Uint8Array {
  const files = paths.filter((path) => statSync(path).isFile());
  const whole = files.filter((path) => basename(path) === "dmesg.txt");
  const parts = whole.length > 0 ? whole : files.filter((path) => /^dmesg-[a-z]+-/.test(basename(path))).sort(byNumbers);
  if (parts.length === 0) throw new OopscopeError("unreadable", `failed to read ${folder}: it is a folder without parts of pstore (dmesg-…)`, { file: folder });
  const bytes: Uint8Array[] = [];
  let size = 0;
  for (const path of parts) {
    const part = path.endsWith(".enc.z") ? unfoldedPart(path, readFileSync(path)) : readFileSync(path);
    size += part.length;
    if (size > largestFolder) throw new OopscopeError("over-budget", `${folder} has more than ${largestFolder >> 20} MB in its parts`, { file: join(folder, "dmesg-*") });
    bytes.push(part, ...(part.at(-1) === 0x0a ? [] : [Buffer.from("\n")]));
  }
  return Buffer.concat(bytes);
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
