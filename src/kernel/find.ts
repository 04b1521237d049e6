import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import { openElf, type ElfFile } from "../elf/index.ts";
import { moduleKey, type KernelClues, type ModuleClues } from "./clues.ts";
import { crcOfFile } from "./crc.ts";
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
  const candidates = [...(isBuildId(clues.buildId) ? [buildIdPlace(clues.buildId)] : []), ...(isRelease(clues.release) ? vmlinuxPlaces(clues.release) : [])];
  let best: { file: FoundFile; score: number } | null = null;
  for (const candidate of candidates) {
    const path = join(root, candidate);
    if (!existsSync(path)) continue;
    let file: FoundFile;
    try {
      file = await withDebugFile(await openElf(path), places, `found at ${path}`);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      continue; // a compressed boot image or a damaged file: the next place
    }
    const own = file.code.buildId();
    const score = (hasDebugInformation(file.elf) ? complete : 0) - (clues.buildId !== null && own !== null && clues.buildId !== own ? 100 : 0);
    if (best && best.score >= score) {
      closeFound(file);
      continue;
    }
    if (best) closeFound(best.file);
    best = { file, score };
    if (score >= complete) break;
  }
  return best?.file ?? null;
}

/** Build ids and releases come from logs and become parts of paths. */
const isBuildId = (id: string | null): id is string => id !== null && /^[0-9a-f]{8,128}$/.test(id);
const isRelease = (release: string | null): release is string => release !== null && /^(?!\.+$)[^/\0]+$/.test(release);

/**
 * The file of each wanted module that fits best, by module key. Among several of one name: the build id that the log gives, then a vermagic of the log's
 * release, then debug information. What cannot be opened is noted in `damaged`.
 */
export async function findModules(wanted: readonly ModuleClues[], clues: KernelClues, places: SearchPlaces, damaged: Map<string, string>): Promise<Map<string, FoundFile>> {
  const found = new Map<string, FoundFile>();
  const scores = new Map<string, number>();
  const missing = new Map(wanted.map((module) => [moduleKey(module.name), module]));
  const root = places.root === undefined ? "/" : places.root;
  const trees = [...(places.modules ?? []).map((path) => ({ path, named: true }))];
  if (root !== null && isRelease(clues.release)) trees.push(...moduleTrees(clues.release).map((path) => ({ path: join(root, path), named: false })));
  for (const tree of trees) {
    if (missing.size === 0) break;
    if (!tree.named && !existsSync(tree.path)) continue;
    const files = modulesBelow(tree.path, new Set(missing.keys()));
    for (const [key, paths] of files) {
      const best = await bestOf(paths, missing.get(key)!, clues, places, damaged);
      if (!best) continue;
      const earlier = found.get(key);
      if (earlier && scores.get(key)! >= best.score) {
        closeFound(best.file);
        continue;
      }
      if (earlier) closeFound(earlier);
      found.set(key, best.file);
      scores.set(key, best.score);
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
    let score: number;
    try {
      file = await withDebugFile(await openElf(path), places, `found at ${path}`);
      score = scoreOf(file, module, clues);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      damaged.set(moduleKey(module.name), messageOf(error));
      continue;
    }
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
    if (root !== null) {
      const within = relative(root, folder);
      candidates.push(join(root, "usr/lib/debug", within.startsWith("..") ? folder : within, link.name));
    }
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
    // The debug file must be this very build's: of the same build id, or where there is none with the checksum that the link gives.
    if (hasDebugInformation(debug) && (buildId === null ? (await crcOfFile(path)) === link?.crc : debug.buildId() === buildId)) return { elf: debug, code: elf, how: `${how}, debug information at ${path}` };
    debug.close();
  }
  return { elf, code: elf, how };
}
