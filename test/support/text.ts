import { execFileSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";

/** Where a section of code stands in its file, as readelf has it: nothing of ours is used. */
export function readSectionBytes(file: string, section: string): Uint8Array {
  const headers = execFileSync("readelf", ["-SW", file], { encoding: "latin1" });
  for (const line of headers.split("\n")) {
    const found = /^\s*\[\s*\d+\]\s+(\S+)\s+PROGBITS\s+[0-9a-f]+\s+([0-9a-f]+)\s+([0-9a-f]+)/.exec(line);
    if (found?.[1] !== section) continue;
    const bytes = Buffer.alloc(parseInt(found[3]!, 16));
    const handle = openSync(file, "r");
    try {
      readSync(handle, bytes, 0, bytes.length, parseInt(found[2]!, 16));
    } finally {
      closeSync(handle);
    }
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  throw new Error(`${file} has no section ${section}`);
}
