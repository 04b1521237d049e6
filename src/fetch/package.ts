import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { OopscopeError } from "../base/index.ts";
import { openElf } from "../elf/index.ts";
import { debugPackage, hasDebugInformation, moduleKey, moduleOfFile, type KernelClues } from "../kernel/index.ts";
import { archivesOfApt, findInApt, findInPools, hasApt, versionsInApt, type PackageFile } from "./apt.ts";
import { findInSuites } from "./suites.ts";
import { unpackDeb, type UnpackedFile } from "./deb.ts";
import { download, shownUrl, type Answer } from "./download.ts";
import { withLock } from "./lock.ts";
import { requireSpace, unwritable, type Progress } from "./save.ts";
import { isStorable, readNote, repairStore, writeNote, type StoreNote } from "./store.ts";
import type { Bytes } from "./stream.ts";

/** Packs the debug file at `from`; what belongs to it goes beside `to`, which ends in `.gsym`. */
export type Pack = (from: string, to: string) => Promise<void>;

export type FetchOptions = {
  /** oopscope's symbols folder. */
  readonly folder: string;
  /** Modules to keep, by name. */
  readonly modules: readonly string[];
  /** Keep only what this makes of each file. */
  readonly pack?: Pack;
  /** The package itself, as an address or a path, instead of asking apt. */
  readonly from?: string;
  /** Archives beside those that apt has. */
  readonly archives?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly onNote?: (text: string) => void;
};

export type Fetched = {
  readonly folder: string;
  readonly note: StoreNote;
  /** `there`: nothing had to be fetched. */
  readonly how: "there" | "fetched";
  /** Paths of what is new. */
  readonly files: readonly string[];
  /** Modules that the package does not have. */
  readonly absent: readonly string[];
};

/** What a vmlinux with its debug information takes at least. */
const vmlinuxSize = 650e6;

/**
 * Gets the debug package of exactly the release that the clues tell, and keeps its vmlinux and the wanted modules in the cache. The package is unpacked while it
 * arrives and is never on the disk; what is unpacked counts only once the package's checksum is right. Throws `unsupported` for distributions other than Debian and
 * Ubuntu, `not-found` where no archive has the package.
 */
export async function fetchPackage(clues: KernelClues, options: FetchOptions): Promise<Fetched> {
  const { release } = clues;
  const known = debugPackage(clues);
  if (release === null) throw new OopscopeError("bad-argument", "the kernel's release is not known");
  if (!isStorable(release)) throw new OopscopeError("bad-argument", `${JSON.stringify(release)} is no kernel release`);
  if (!known) throw new OopscopeError("unsupported", `${release} is not of a distribution whose packages are known: where its vmlinux lies must be said by hand`, { release });
  if (!known.exact) throw new OopscopeError("unsupported", `${release} is ${known.distribution}'s, whose packages this command does not fetch: it does so for Debian and Ubuntu`, { release });
  const { version, arch } = known.exact;
  const wanted = { package: known.package, distribution: known.distribution, version, arch };
  const there = alreadyThere(release, wanted, options);
  if (there) return there;
  const onWait = (pid: number) => options.onNote?.(`process ${pid} is fetching ${release} already; waiting for it`);
  try {
    mkdirSync(options.folder, { recursive: true });
  } catch (cause) {
    throw unwritable(options.folder, cause);
  }
  return withLock(join(options.folder, ".locks", release), { ...(options.signal ? { signal: options.signal } : {}), onWait }, async () => {
    repairStore(options.folder);
    return alreadyThere(release, wanted, options) ?? fetchIt(release, wanted, options);
  });
}

type Wanted = { readonly package: string; readonly distribution: string; readonly version: string | null; readonly arch: string };

function alreadyThere(release: string, wanted: Wanted, { folder, modules, pack }: FetchOptions): Fetched | null {
  const note = readNote(folder, release);
  if (!note || !fits(note, wanted) || note.packed !== (pack !== undefined)) return null;
  if (modules.some((name) => !note.modules.includes(moduleKey(name)))) return null;
  return { folder: join(folder, release), note, how: "there", files: [], absent: [] };
}

const fits = (note: StoreNote, { package: name, version, arch }: Wanted): boolean => note.package === name && note.arch === arch && (version === null || note.version === null || note.version === version);

async function fetchIt(release: string, wanted: Wanted, options: FetchOptions): Promise<Fetched> {
  const { folder, signal, onProgress, onNote } = options;
  const file = await locate(release, wanted, options);
  onNote?.(`fetching ${basename(new URL(file.url).pathname)}${file.size === null ? "" : ` (${(file.size / 1e6).toFixed(0)} MB)`}${file.sha256 === null ? "; nobody but the archive vouches for it" : ""}`);
  const earlier = readNote(folder, release);
  const keeps = earlier !== null && fits(earlier, wanted) && earlier.packed === (options.pack !== undefined) ? earlier : null;
  const modules = [...new Set([...(keeps?.modules ?? []), ...options.modules.map(moduleKey)])].sort();
  const partial = join(folder, ".partial", `${release}.${process.pid}`);
  try {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
  } catch (cause) {
    throw unwritable(partial, cause);
  }
  try {
    await requireSpace(partial, vmlinuxSize, "the kernel's vmlinux");
    const unpacked = await unpackFrom(file, release, new Set(modules), partial, signal, onProgress);
    const vmlinux = unpacked.find(({ path }) => isVmlinux(path, release));
    if (!vmlinux) throw new OopscopeError("malformed", `${shownUrl(file.url)} has no vmlinux of ${release}`, { url: shownUrl(file.url) });
    await proveVmlinux(join(partial, vmlinux.path), shownUrl(file.url));
    const results = options.pack ? await packAll(unpacked, partial, options.pack, onNote) : unpacked.map(({ path }) => path);
    // What is kept of another version or form is not this package's.
    if (!keeps) for (const name of ["usr", "gsym"]) rmSync(join(folder, release, name), { recursive: true, force: true });
    const files = results.map((path) => moveInto(join(partial, path), join(folder, release, path)));
    const note: StoreNote = { package: wanted.package, version: file.version, arch: wanted.arch, modules, packed: options.pack !== undefined };
    writeNote(folder, release, note);
    const had = new Set(unpacked.map(({ path }) => moduleOfFile(basename(path))));
    return { folder: join(folder, release), note, how: "fetched", files, absent: options.modules.filter((name) => !had.has(moduleKey(name))) };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function locate(release: string, { package: name, distribution, version, arch }: Wanted, options: FetchOptions): Promise<PackageFile> {
  const asking = options.signal ? { signal: options.signal } : {};
  if (options.from !== undefined) return { package: name, version, url: /^[a-z]+:\/\//.test(options.from) ? options.from : pathToFileURL(resolve(options.from)).href, size: null, sha256: null };
  const apt = await hasApt(asking);
  const inApt = apt ? await findInApt(name, arch, version, asking) : null;
  if (inApt) return inApt;
  const archives = [...(apt ? await archivesOfApt(asking) : []), ...(options.archives ?? [])];
  if (version !== null) {
    const inPool = await findInPools(archives, distribution, name, arch, version, asking);
    if (inPool) return inPool;
  }
  if (apt && distribution === "Debian") {
    const inSuites = await findInSuites(archives, name, arch, version, options.folder, asking, options.onNote);
    if (inSuites) return inSuites;
  }
  const others = apt ? await versionsInApt(name, asking) : [];
  const why = !apt ? "apt is not installed, and no other archive is named" : version !== null && others.length > 0 ? `the log is of version ${version}, and apt has ${others.join(", ")}` : archives.length === 0 ? "apt has no archive" : `neither the lists nor the pools of ${archives.map(shownUrl).join(", ")} have it`;
  throw new OopscopeError("not-found", `${distribution}'s package ${name}${version === null ? "" : ` ${version}`} of ${release} was not found: ${why}`, { package: name, release });
}

/** The wanted files of a package, unpacked into a folder; throws if the package is not the one that was announced. */
async function unpackFrom(file: PackageFile, release: string, modules: ReadonlySet<string>, folder: string, signal: AbortSignal | undefined, onProgress: FetchOptions["onProgress"]): Promise<UnpackedFile[]> {
  const url = shownUrl(file.url);
  const answer = await download(file.url, signal ? { signal } : {});
  try {
    if (answer.status !== 200) throw new OopscopeError("unreachable", `${url}: ${answer.status === 404 ? "there is no such file (404)" : `the answer has status ${answer.status}`}`, { url, status: answer.status });
    const total = file.size ?? answer.size;
    if (answer.size !== null && total !== null && answer.size !== total) throw new OopscopeError("unreachable", `${url}: it has ${answer.size} bytes, and the package ${total}`, { url, size: answer.size });
    const hash = createHash("sha256");
    let size = 0;
    const tapped = tap(answer, total, (bytes) => {
      hash.update(bytes);
      size += bytes.length;
      onProgress?.({ what: file.package, done: size, total });
      signal?.throwIfAborted();
    });
    const files = await unpackDeb(url, tapped, (path) => isVmlinux(path, release) || isWantedModule(path, release, modules), folder);
    if (total !== null && size !== total) throw new OopscopeError("unreachable", `${url}: ${size} bytes came where ${total} were announced`, { url, size });
    const own = hash.digest("hex");
    if (file.sha256 !== null && own !== file.sha256) throw new OopscopeError("malformed", `${url}: its SHA-256 is ${own}, and apt's lists say ${file.sha256}`, { url });
    return files;
  } finally {
    answer.close();
  }
}

async function* tap({ body, url }: Answer, total: number | null, onPart: (bytes: Uint8Array) => void): Bytes & AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const bytes of body) {
    size += bytes.length;
    if (total !== null && size > total) throw new OopscopeError("malformed", `${url}: more than the ${total} bytes that were announced`, { url, size });
    onPart(bytes);
    yield bytes;
  }
}

const debugRoot = /^usr\/lib\/debug\//;

function isVmlinux(path: string, release: string): boolean {
  return debugRoot.test(path) && [`boot/vmlinux-${release}`, `lib/modules/${release}/vmlinux`].some((place) => path.endsWith(`/${place}`) || path.endsWith(`/${place}.debug`));
}

function isWantedModule(path: string, release: string, modules: ReadonlySet<string>): boolean {
  const name = debugRoot.test(path) && path.includes(`/lib/modules/${release}/`) ? moduleOfFile(basename(path)) : null;
  return name !== null && modules.has(name);
}

async function proveVmlinux(path: string, url: string): Promise<void> {
  const elf = await openElf(path);
  try {
    if (!hasDebugInformation(elf)) throw new OopscopeError("malformed", `${url}: its vmlinux has no debug information`, { url });
  } finally {
    elf.close();
  }
}

/** Paths of what the packer made, below the folder. */
async function packAll(files: readonly UnpackedFile[], folder: string, pack: Pack, onNote: FetchOptions["onNote"]): Promise<string[]> {
  mkdirSync(join(folder, "gsym"), { recursive: true });
  const packed: string[] = [];
  for (const { path } of files) {
    const out = `gsym/${basename(path).replace(/\.debug$/, "")}.gsym`;
    onNote?.(`packing ${basename(path)}`);
    await pack(join(folder, path), join(folder, out));
    packed.push(out, ...(existsSync(join(folder, `${out}.elf`)) ? [`${out}.elf`] : []));
  }
  return packed;
}

function moveInto(from: string, to: string): string {
  try {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  } catch (cause) {
    throw unwritable(to, cause);
  }
  return to;
}
