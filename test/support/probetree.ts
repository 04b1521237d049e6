import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes files below a folder that stands in for a machine's root. Null: the folder alone. */
export function writeTree(root: string, files: Readonly<Record<string, string | Uint8Array | null>>): void {
  for (const [path, contents] of Object.entries(files)) {
    const place = join(root, path);
    mkdirSync(contents === null ? place : dirname(place), { recursive: true });
    if (contents !== null) writeFileSync(place, contents);
  }
}
