import { existsSync, realpathSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, openElf, type ElfFile } from "../elf/index.ts";
import { moduleKey, type KernelClues, type ModuleClues } from "./clues.ts";
import { crcOfFile } from "./crc.ts";
import { isRunning, type RunningClues } from "./running.ts";
import type { FoundFile } from "./found.ts";
import { findNames, namesIfList } from "./names.ts";
import { buildIdPlace, debuginfodPlace, moduleCodeTrees, moduleTrees, vmlinuxCodePlaces, vmlinuxPlaces } from "./places.ts";
import { modulesBelow } from "./walk.ts";

/** Where to look. What the caller names comes first; the usual places of distributions follow, below `root`, then what was fetched. */
export type SearchPlaces = {
  /** A vmlinux or its debug file, or a list of names: a System.map or a copy of /proc/kallsyms. */
  readonly vmlinux?: string;
  /** Folders that are searched deep, or modules themselves. */
  readonly modules?: readonly string[];
  /** Where `/usr/lib/debug`, `/lib/modules` and `/boot` are; `/` if absent, null to leave the usual places out. */
  readonly root?: string | null;
  /** A folder with a root for each release that was fetched, by the name of the release: oopscope's cache. */
  readonly fetched?: string;
  /** The cache of debuginfod's clients: BUILDID/debuginfo. */
  readonly debuginfod?: string;
  /** Build ids that are known otherwise than from the log, by module key, vmlinux's as "": used to find files, not to prove them. */
  readonly buildIds?: ReadonlyMap<string, string>;
  /** What the running kernel says of itself: it counts where the log is of that kernel. */
  readonly running?: RunningClues;
};

/**
 * A vmlinux that the caller names is opened whatever it is; its errors are the caller's. What was found of lists of names and cannot be used is noted in `damaged`,
 * under "".
 */
export async function findVmlinux(clues: KernelClues, places: SearchPlaces, damaged: Map<string, string> = new Map()): Promise<FoundFile | null> {
  if (places.vmlinux !== undefined) return (await namesIfList(places.vmlinux, "named")) ?? (await withPartner(await openElf(places.vmlinux), places, "named"));
  const { release } = clues;
  let best: { file: FoundFile; score: number } | null = null;
  for (const path of vmlinuxCandidates(clues, places)) {
    // Whatever is there without debug information, unfolding another one for it brings nothing.
    if (!existsSync(path) || (best && /\.(?:xz|zst|gz)$/.test(path))) continue;
    let file: FoundFile;
    try {
      file = await withPartner(await openElf(path), places, `found at ${path}`);
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
  if (best && isRelease(release)) return withCodeOf(best.file, vmlinuxCodePlaces(release).flatMap((place) => rootsOf(release, places).map((root) => join(root, place))));
  return best?.file ?? (isRelease(release) ? findNames(rootsOf(release, places), release, isRunning(places.running, clues) ? places.running.kallsyms : null, damaged) : null);
}

function vmlinuxCandidates(clues: KernelClues, places: SearchPlaces): string[] {
  const candidates: string[] = [];
  const { release } = clues;
  const ids = [clues.buildId, places.buildIds?.get("") ?? null, isRunning(places.running, clues) ? places.running.buildId : null].filter(isBuildId);
  const roots = rootsOf(release, places);
  for (const id of ids) {
    for (const root of roots) candidates.push(join(root, buildIdPlace(id)));
    if (places.debuginfod !== undefined) candidates.push(join(places.debuginfod, debuginfodPlace(id)));
  }
  if (isRelease(release)) for (const root of roots) candidates.push(...vmlinuxPlaces(release).map((place) => join(root, place)));
  return candidates;
}

/** The roots that may have files of a release: the machine's, and the one that was fetched. */
function rootsOf(release: string | null, { root = "/", fetched }: SearchPlaces): string[] {
  return [...(root === null ? [] : [root]), ...(fetched !== undefined && isRelease(release) ? [join(fetched, release)] : [])];
}

/** The folder of packed symbols that was fetched for a release, if there is one. */
export function fetchedGsym(fetched: string | undefined, { release }: KernelClues): string[] {
  const folder = fetched !== undefined && isRelease(release) ? join(fetched, release, "gsym") : null;
  return folder !== null && existsSync(folder) ? [folder] : [];
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
  const { release } = clues;
  const roots = rootsOf(release, places);
  const trees = [...(places.modules ?? []).map((path) => ({ path, named: true }))];
  if (isRelease(release)) trees.push(...roots.flatMap((root) => moduleTrees(release).map((path) => ({ path: join(root, path), named: false }))));
  const offer = (key: string, best: Scored) => {
    const earlier = found.get(key);
    if (earlier && scores.get(key)! >= best.score) {
      closeFound(best.file);
      return;
    }
    if (earlier) closeFound(earlier);
    found.set(key, best.file);
    scores.set(key, best.score);
    // A file without debug information is kept while later trees may have a better one.
    if (best.score >= complete) missing.delete(key);
  };
  const walked = new Set<string>();
  for (const tree of trees) {
    if (missing.size === 0) break;
    if (!tree.named) {
      if (!existsSync(tree.path)) continue;
      // /lib is mostly a link to /usr/lib.
      const real = realpathSync(tree.path);
      if (walked.has(real)) continue;
      walked.add(real);
    }
    const files = modulesBelow(tree.path, new Set(missing.keys()));
    for (const [key, paths] of files) {
      const best = await bestOf(paths, missing.get(key)!, clues, places, damaged);
      if (best) offer(key, best);
    }
  }
  for (const [key, module] of [...missing]) {
    const buildId = module.buildId ?? places.buildIds?.get(key) ?? null;
    const best = places.debuginfod !== undefined && isBuildId(buildId) ? await bestOf([join(places.debuginfod, debuginfodPlace(buildId))].filter((path) => existsSync(path)), module, clues, places, damaged) : null;
    if (best) offer(key, best);
  }
  if (isRelease(release)) await addCode(found, roots.flatMap((root) => moduleCodeTrees(release).map((path) => join(root, path))));
  return found;
}

export function closeFound({ elf, code }: FoundFile): void {
  elf.close();
  if (code !== elf) code.close();
}

const complete = 1;
type Scored = { readonly file: FoundFile; readonly score: number };

async function bestOf(paths: readonly string[], module: ModuleClues, clues: KernelClues, places: SearchPlaces, damaged: Map<string, string>): Promise<Scored | null> {
  let best: Scored | null = null;
  for (const path of paths) {
    let file: FoundFile;
    let score: number;
    try {
      file = await withPartner(await openElf(path), places, `found at ${path}`);
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

/** Whether a file has its code, which debug files of distributions leave out. */
function hasCode(elf: ElfFile): boolean {
  const wanted = SHF_ALLOC | SHF_EXECINSTR;
  return elf.sections.every(({ flags, type, size }) => (flags & wanted) !== wanted || size === 0 || type !== SHT_NOBITS);
}

/** A debug file gets the file with its code, which is of the same build id, where one of the candidates is it. */
async function withCodeOf(file: FoundFile, candidates: Iterable<string>): Promise<FoundFile> {
  if (file.code !== file.elf || hasCode(file.elf)) return file;
  const wanted = file.elf.buildId();
  if (wanted === null) return file;
  for (const path of candidates) {
    if (path === file.elf.path || !existsSync(path)) continue;
    let code: ElfFile;
    try {
      code = await openElf(path);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      continue;
    }
    if (code.buildId() === wanted && hasCode(code)) return { ...file, code, how: `${file.how}, code at ${path}` };
    code.close();
  }
  return file;
}

/** The same for modules. */
async function addCode(found: Map<string, FoundFile>, trees: readonly string[]): Promise<void> {
  const bare = new Set([...found].filter(([, { elf, code }]) => code === elf && !hasCode(elf)).map(([key]) => key));
  for (const tree of trees) {
    if (bare.size === 0) return;
    if (!existsSync(tree)) continue;
    for (const [key, paths] of modulesBelow(tree, bare)) {
      const file = await withCodeOf(found.get(key)!, paths);
      found.set(key, file);
      if (file.code !== file.elf) bare.delete(key);
    }
  }
}

/** Follows the build id and the debug link of a stripped file to its debug file (gdb's convention). */
async function withPartner(elf: ElfFile, places: SearchPlaces, how: string): Promise<FoundFile> {
  if (hasDebugInformation(elf)) return { elf, code: elf, how, names: null };
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
  if (isBuildId(buildId) && places.debuginfod !== undefined) candidates.push(join(places.debuginfod, debuginfodPlace(buildId)));
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
    if (hasDebugInformation(debug) && (buildId === null ? (await crcOfFile(path)) === link?.crc : debug.buildId() === buildId)) return { elf: debug, code: elf, how: `${how}, debug information at ${path}`, names: null };
    debug.close();
  }
  return { elf, code: elf, how, names: null };
}
