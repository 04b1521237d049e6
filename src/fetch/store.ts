import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isAlive } from "./lock.ts";
import { unwritable } from "./save.ts";

// oopscope's cache of symbols: a folder for each release, with the layout of its distribution below it, and a note of what it is. Beside them `.partial` (what
// is being fetched; a download that broke goes on from there) and `.locks`.

/** What stands in a release's note. */
export type StoreNote = {
  readonly package: string;
  readonly version: string | null;
  readonly arch: string;
  /** Modules that were wanted, those included that the package does not have. */
  readonly modules: readonly string[];
  /** Whether what is kept is GSYM instead of the debug files. */
  readonly packed: boolean;
};

/** A release of the cache. `used`: when decode took a file of it the last time (milliseconds since 1970). */
export type StoreEntry = { readonly release: string; readonly path: string; readonly note: StoreNote; readonly files: number; readonly bytes: number; readonly used: number };

const noteName = ".oopscope.json";

/** In bytes, unless OOPSCOPE_CACHE_SIZE says otherwise (`20G`, `500M`). */
export const defaultStoreSize = 8e9;

export function storeSize(env: NodeJS.ProcessEnv = process.env): number {
  const match = /^(\d{1,6}(?:\.\d+)?)\s*([KMGT]?)B?$/i.exec(env["OOPSCOPE_CACHE_SIZE"] ?? "");
  return match ? Number(match[1]) * 1000 ** " KMGT".indexOf((match[2] || " ").toUpperCase()) : defaultStoreSize;
}

/** Names of folders that may be a release's: they come from logs. */
export function isStorable(release: string): boolean {
  return /^\d[A-Za-z0-9._+~-]{0,127}$/.test(release);
}

export function readNote(folder: string, release: string): StoreNote | null {
  try {
    const note = JSON.parse(readFileSync(join(folder, release, noteName), "utf8")) as Partial<StoreNote>;
    const right = typeof note.package === "string" && Array.isArray(note.modules) && typeof note.arch === "string";
    return right ? { package: note.package, version: note.version ?? null, arch: note.arch, modules: note.modules.map(String), packed: note.packed === true } : null;
  } catch {
    return null;
  }
}

/** Whole or not at all: by a change of its name. */
export function writeNote(folder: string, release: string, note: StoreNote): void {
  const path = join(folder, release, noteName);
  try {
    mkdirSync(join(folder, release), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(note)}\n`);
    renameSync(`${path}.${process.pid}`, path);
  } catch (cause) {
    rmSync(`${path}.${process.pid}`, { force: true });
    throw unwritable(path, cause);
  }
}

/** Remembers that a release was used, which keeps it longer. Says nothing where it cannot. */
export function noteUse(folder: string, path: string): void {
  const release = relative(folder, path).split("/")[0] ?? "";
  if (!isStorable(release)) return;
  try {
    utimesSync(join(folder, release, noteName), new Date(), new Date());
  } catch {
    // of another user, or on a disk that cannot be written to: it is only the order in which releases go
  }
}

/** What is in the cache, the last used first. */
export function listStore(folder: string): StoreEntry[] {
  const entries: StoreEntry[] = [];
  for (const release of namesIn(folder)) {
    const note = isStorable(release) ? readNote(folder, release) : null;
    if (note === null) continue;
    const path = join(folder, release);
    entries.push({ release, path, note, ...sizeOfRelease(path), used: statSync(join(path, noteName)).mtimeMs });
  }
  return entries.sort((a, b) => b.used - a.used);
}

/** What is being fetched, or was left by a fetch that broke. */
export function partsOfStore(folder: string): { readonly files: number; readonly bytes: number } {
  return sizeOf(join(folder, ".partial"));
}

/** What was removed: names of releases, and bytes of all. */
export type Removed = { readonly releases: readonly string[]; readonly bytes: number };

/** Removes the releases that were used the longest time ago until the rest has at most `limit` bytes; never `keep`. */
export function trimStore(folder: string, limit: number, keep: string | null): Removed {
  const entries = listStore(folder);
  let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const releases: string[] = [];
  let bytes = 0;
  for (const entry of entries.toReversed()) {
    if (total <= limit) break;
    if (entry.release === keep) continue;
    removeRelease(folder, entry.release);
    total -= entry.bytes;
    bytes += entry.bytes;
    releases.push(entry.release);
  }
  return { releases, bytes };
}

/** Removes every release and every part; what is not ours stays, and so does what a living process fetches. */
export function clearStore(folder: string): Removed {
  const { bytes: parts } = repairStore(folder, 0);
  const entries = listStore(folder);
  for (const { release } of entries) removeRelease(folder, release);
  for (const name of [".partial", ".locks"]) if (namesIn(join(folder, name)).length === 0) rmSync(join(folder, name), { recursive: true, force: true });
  return { releases: entries.map(({ release }) => release), bytes: parts + entries.reduce((sum, { bytes }) => sum + bytes, 0) };
}

const aWeek = 7 * 24 * 3600_000;

/**
 * Removes what an interruption left: locks and unpacked files of processes that are gone, parts of downloads that nobody went on with for a week (`age`
 * milliseconds), and a release without its note.
 */
export function repairStore(folder: string, age = aWeek): { readonly removed: readonly string[]; readonly bytes: number } {
  const removed: string[] = [];
  let bytes = 0;
  const locked = new Set<string>();
  const remove = (path: string) => {
    bytes += statSync(path, { throwIfNoEntry: false })?.isDirectory() ? sizeOf(path).bytes : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    rmSync(path, { recursive: true, force: true });
    removed.push(relative(folder, path));
  };
  for (const name of namesIn(join(folder, ".locks"))) {
    const path = join(folder, ".locks", name);
    const pid = pidIn(path);
    if (pid !== null && isAlive(pid)) locked.add(name);
    else remove(path);
  }
  for (const name of namesIn(join(folder, ".partial"))) {
    const path = join(folder, ".partial", name);
    const unpacking = /^(.+)\.(\d+)$/.exec(name);
    const status = statSync(path, { throwIfNoEntry: false });
    if (locked.has(unpacking?.[1] ?? name.replace(/\.from$/, "")) || !status) continue;
    if (status.isDirectory() ? !(unpacking && isAlive(Number(unpacking[2]))) : Date.now() - status.mtimeMs >= age) remove(path);
  }
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    // Files come before the note, while the lock is held.
    if (isStorable(name) && !locked.has(name) && !existsSync(join(path, noteName)) && isOurs(path)) remove(path);
  }
  return { removed, bytes };
}

function pidIn(path: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    return Number.isInteger(pid) ? pid : null;
  } catch {
    return null;
  }
}

/** Whether a folder holds nothing but what we put there. */
function isOurs(path: string): boolean {
  return namesIn(path).every((name) => ownFolders.includes(name) || name.startsWith(noteName));
}

/** The note goes first, so that half of a removed release is found by the next repair. */
function removeRelease(folder: string, release: string): void {
  rmSync(join(folder, release, noteName), { force: true });
  for (const name of ownFolders) rmSync(join(folder, release, name), { recursive: true, force: true });
  if (namesIn(join(folder, release)).length === 0) rmSync(join(folder, release), { recursive: true, force: true });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Folders of a release's that are ours. */
const ownFolders = ["usr", "gsym"];

function sizeOfRelease(path: string): { files: number; bytes: number } {
  const sizes = ownFolders.map((name) => sizeOf(join(path, name)));
  return { files: sizes.reduce((sum, { files }) => sum + files, 0), bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function sizeOf(folder: string): { files: number; bytes: number } {
  let files = 0;
  let bytes = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      files++;
      bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
    }
  } catch {
    // gone meanwhile
  }
  return { files, bytes };
}
