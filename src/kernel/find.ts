import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import { openElf, type ElfFile } from "../elf/index.ts";
import { moduleKey, type KernelClues, type ModuleClues } from "./clues.ts";
import { buildIdPlace, moduleTrees, vmlinuxPlaces } from "./places.ts";
import { modulesBelow } from "./walk.ts";

/** Where to look. What the caller names comes first; the usual places of distributions follow, below `root`. */
export type SearchPlaces = {
  readonly vmlinux?: string;
  /** Folders that are searched deep, or modules themselves. */
  readonly modules?: readonly string[];
  /** Where `/usr/lib/debug`, `/lib/modules` and `/boot` are; `/` if absent, null to leave the usual places out. */
  readonly root?: string | null;
};

/** A file that was found, open; its owner closes it. */
export type FoundFile = {
  readonly elf: ElfFile;
  /** The file that holds the code, where `elf` is a separate debug file without it; else the same. */
  readonly code: ElfFile;
  /** How it was found, for people. */
  readonly how: string;
};

/** A vmlinux that the caller names is opened whatever it is; its errors are the caller's. */
export async function findVmlinux(clues: KernelClues, places: SearchPlaces): Promise<FoundFile | null> {
  if (places.vmlinux !== undefined) return withDebugFile(await openElf(places.vmlinux), places, "named");
  const root = places.root === undefined ? "/" : places.root;
  if (root === null) return null;
  const candidates = [...(clues.buildId ? [buildIdPlace(clues.buildId)] : []), ...(clues.release && !clues.release.includes("/") ? vmlinuxPlaces(clues.release) : [])];
  for (const candidate of candidates) {
    const path = join(root, candidate);
    if (!existsSync(path)) continue;
    try {
      return await withDebugFile(await openElf(path), places, `found at ${path}`);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error; // a compressed boot image or a damaged file: the next place
    }
  }
  return null;
}

/**
 * The file of each wanted module that fits best, by module key. Among several of one name: the build id that the log gives, then a vermagic of the log's
 * release, then debug information. What cannot be opened is noted in `damaged`.
 */
export async function findModules(wanted: readonly ModuleClues[], clues: KernelClues, places: SearchPlaces, damaged: Map<string, string>): Promise<Map<string, FoundFile>> {
  const found = new Map<string, FoundFile>();
  const missing = new Map(wanted.map((module) => [moduleKey(module.name), module]));
  const root = places.root === undefined ? "/" : places.root;
  const trees = [...(places.modules ?? []).map((path) => ({ path, named: true }))];
  if (root !== null && clues.release && !clues.release.includes("/")) trees.push(...moduleTrees(clues.release).map((path) => ({ path: join(root, path), named: false })));
  for (const tree of trees) {
    if (missing.size === 0) break;
    if (!tree.named && !existsSync(tree.path)) continue;
    const files = modulesBelow(tree.path, new Set(missing.keys()));
    for (const [key, paths] of files) {
      const best = await bestOf(paths, missing.get(key)!, clues, places, damaged);
      if (!best) continue;
      const earlier = found.get(key);
      if (earlier) closeFound(earlier);
      found.set(key, best.file);
      // A file without debug information is kept while later trees may have a better one.
      if (best.score >= complete) missing.delete(key);
    }
  }
  return found;
}

export function closeFound({ elf, code }: FoundFile): void {
  elf.close();
  if (code !== elf) code.close();
}

const complete = 1;

async function bestOf(paths: readonly string[], module: ModuleClues, clues: KernelClues, places: SearchPlaces, damaged: Map<string, string>): Promise<{ file: FoundFile; score: number } | null> {
  let best: { file: FoundFile; score: number } | null = null;
  for (const path of paths) {
    let file: FoundFile;
    try {
      file = await withDebugFile(await openElf(path), places, `found at ${path}`);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      damaged.set(moduleKey(module.name), messageOf(error));
      continue;
    }
    const score = scoreOf(file, module, clues);
    if (best && best.score >= score) {
      closeFound(file);
      continue;
    }
    if (best) closeFound(best.file);
    best = { file, score };
  }
  return best;
}

function scoreOf(file: FoundFile, module: ModuleClues, clues: KernelClues): number {
  const buildId = file.code.buildId();
  let score = hasDebugInformation(file.elf) ? complete : 0;
  if (module.buildId !== null && buildId !== null) score += module.buildId === buildId ? 100 : -100;
  const vermagic = file.code.modinfo().get("vermagic")?.[0];
  if (vermagic !== undefined && clues.release !== null) score += vermagic.split(" ", 1)[0] === clues.release ? 10 : -10;
  return score;
}

export function hasDebugInformation(elf: ElfFile): boolean {
  return elf.section(".debug_info") !== null || elf.section(".zdebug_info") !== null;
}

/** Follows the build id and the debug link of a stripped file to its debug file (gdb's convention). */
async function withDebugFile(elf: ElfFile, places: SearchPlaces, how: string): Promise<FoundFile> {
  if (hasDebugInformation(elf)) return { elf, code: elf, how };
  const root = places.root === undefined ? "/" : places.root;
  const buildId = elf.buildId();
  const link = elf.debugLink();
  const folder = dirname(elf.path);
  const candidates: string[] = [];
  if (buildId && root !== null) candidates.push(join(root, buildIdPlace(buildId)));
  if (link && !link.name.includes("/")) {
    candidates.push(join(folder, link.name), join(folder, ".debug", link.name));
    if (root !== null) candidates.push(join(root, "usr/lib/debug", folder, link.name));
  }
  for (const path of candidates) {
    if (path === elf.path || !existsSync(path)) continue;
    let debug: ElfFile;
    try {
      debug = await openElf(path);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      continue;
    }
    // The debug file must be this very build's: same build id, or where there is none the checksum of the link would have to tell.
    if (hasDebugInformation(debug) && (buildId === null ? basename(path) === link?.name : debug.buildId() === buildId)) return { elf: debug, code: elf, how: `${how}, debug information at ${path}` };
    debug.close();
  }
  return { elf, code: elf, how };
}
