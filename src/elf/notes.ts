import { Cursor } from "../base/index.ts";
import { NT_GNU_BUILD_ID } from "./constants.ts";

/** The GNU build id within a notes section, in hexadecimal, or null. Notes are padded to 4 bytes (gABI 5.2), as the kernel's are. */
export function buildIdOf(at: Cursor): string | null {
  while (at.at + 12 <= at.end) {
    const nameSize = at.u32();
    const valueSize = at.u32();
    const type = at.u32();
    const nameAt = at.at;
    const valueAt = nameAt + Math.ceil(nameSize / 4) * 4;
    if (valueAt + valueSize > at.end) return null;
    const isGnu = nameSize === 4 && at.bytes[nameAt] === 0x47 && at.bytes[nameAt + 1] === 0x4e && at.bytes[nameAt + 2] === 0x55;
    if (isGnu && type === NT_GNU_BUILD_ID && valueSize > 0 && valueSize <= 64) return Buffer.from(at.bytes.subarray(valueAt, valueAt + valueSize)).toString("hex");
    at.at = valueAt + Math.ceil(valueSize / 4) * 4;
  }
  return null;
}

/** The same of notes that stand alone, as /sys/kernel/notes has them, in this machine's byte order: little-endian ones. */
export function buildIdOfNotes(name: string, bytes: Uint8Array): string | null {
  return buildIdOf(new Cursor(bytes, true, { file: name, section: "notes", start: 0 }));
}

/** `.gnu_debuglink`: the name of the file that holds the debug information, and the CRC-32 of its contents. */
export function debugLinkOf(at: Cursor): { readonly name: string; readonly crc: number } {
  const name = at.string();
  at.at = Math.ceil(at.at / 4) * 4;
  return { name, crc: at.u32() };
}

/** `.modinfo`: `key=value` strings, as MODULE_INFO() writes them. Keys may repeat (`alias`, `parm`). */
export function modinfoOf(bytes: Uint8Array): Map<string, string[]> {
  const entries = new Map<string, string[]>();
  for (const entry of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8").split("\0")) {
    const equals = entry.indexOf("=");
    if (equals <= 0) continue;
    const key = entry.slice(0, equals);
    const values = entries.get(key);
    if (values) values.push(entry.slice(equals + 1));
    else entries.set(key, [entry.slice(equals + 1)]);
  }
  return entries;
}
