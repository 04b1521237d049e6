import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import type { FoundFile } from "./found.ts";
import { imageOfNames, largestNameList, looksLikeNames, readNames, type NameList } from "./namelist.ts";
import { nameListPlaces } from "./places.ts";

/** The list of names at `path`, as an image; null if the file is of another kind, or is not there: who opens it otherwise says so. */
export async function namesIfList(path: string, how: string): Promise<FoundFile | null> {
  const list = readList(path);
  if (!list) return null;
  const elf = await imageOfNames(list);
  return elf && { elf, code: elf, how, names: list.kind };
}

/** The first list of a release below these roots that can be used, then the running kernel's own. Why one cannot is noted in `damaged`, under "". */
export async function findNames(roots: readonly string[], release: string, kallsyms: string | null, damaged: Map<string, string>): Promise<FoundFile | null> {
  const candidates = roots.flatMap((root) => nameListPlaces(release).map((place) => join(root, place)));
  if (kallsyms !== null) candidates.push(kallsyms);
  for (const path of candidates) {
    if (!existsSync(path)) continue;
    try {
      const found = await namesIfList(path, `names of ${path}`);
      if (found) return found;
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      // Every Debian machine has a stub.
      if (error.code !== "unsupported") damaged.set("", messageOf(error));
    }
  }
  return null;
}

function readList(path: string): NameList | null {
  const head = Buffer.alloc(512);
  let size: number;
  try {
    const descriptor = openSync(path, "r");
    try {
      size = readSync(descriptor, head);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
  if (!looksLikeNames(head.subarray(0, size))) return null;
  const most = statSync(path).size;
  if (most > largestNameList) throw new OopscopeError("over-budget", `${path}: ${most} bytes, the largest list of names has ${largestNameList}`, { file: path, size: most });
  return readNames(path, readFileSync(path));
}
