import { closeSync, fstatSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import * as module from "node:module";
import { basename, dirname, join, sep } from "node:path";
import type { Script } from "node:vm";
import { inner } from "./inner.ts";
import { setFlagsFromString } from "./v8.ts";
import { codeFolder } from "../system/index.ts";

/** Stands for the pieces of the command line as a whole: their hash, which the build puts here. */
declare const __build: string;

type Sums = { crc32?(bytes: Uint8Array, value: number): number };
/** Where Node does not keep the code itself, and nowhere else. node:zlib brings all of Node's streams, 3 ms of each start; what is behind it has this from 20.15 on. */
const crc32 = (bytes: Uint8Array): number => (inner<Sums>("zlib")?.crc32 ?? process.getBuiltinModule("node:zlib").crc32)(bytes, 0);

const changed: { readonly flag: string; readonly usual: string }[] = [];

/** Changes a flag of V8, until this process ends; `usual` is what sets it back: V8 takes compiled code only under the flags that it was compiled under. */
export function changeFlag(flag: string, usual: string): void {
  setFlagsFromString(flag);
  changed.push({ flag, usual });
}

function underUsualFlags<T>(work: () => T): T {
  for (const { usual } of changed) setFlagsFromString(usual);
  try {
    return work();
  } finally {
    for (const { flag } of changed) setFlagsFromString(flag);
  }
}

/**
 * Keeps V8's compiled code between runs, a third of a short command's time: by Node where it can (22.1 and newer), else in `code/` of oopscope's cache, one
 * file for each piece of the command line. Gives a function that writes what was compiled this time, to be called at the end. NODE_DISABLE_COMPILE_CACHE
 * switches both off.
 *
 * Compiled code is run as it is found. So it is taken only from a file that is this user's and that nobody else can write; it is written beside its place, and
 * is on the disk before it gets its name; and its folder is named after the pieces and Node. V8 looks at its own version and flags and at the source's
 * length, but not at what was damaged: that is the checksum's, the last four bytes. Without a place to keep it, all runs as if this were not there.
 */
export function keepCompiledCode(): () => void {
  const { enableCompileCache } = module as { enableCompileCache?: () => unknown };
  if (process.env["NODE_DISABLE_COMPILE_CACHE"]) return () => {};
  if (enableCompileCache !== undefined) {
    enableCompileCache();
    return () => {};
  }
  const folder = join(codeFolder(), `${__build}-${process.version}-${process.arch}`);
  const fresh: { readonly script: Script; readonly file: string }[] = [];
  const { Script } = process.getBuiltinModule("node:vm");
  const extensions = require.extensions as Record<string, (piece: NodeModule, path: string) => void>;
  // This one Node has loaded already.
  const loaded = new Map<string, { exports: unknown }>([[basename(__filename), require.cache[__filename]!]]);
  // A piece is known by its name: Node would look for its file in several ways, a third of a millisecond each.
  const near = module.createRequire(__filename);
  const piecesRequire = (name: string): unknown => (name.startsWith("./") && isPiece(name.slice(2)) ? (loaded.get(name.slice(2)) ?? load(name.slice(2), { exports: {} })).exports : near(name));
  const load = (name: string, piece: { exports: unknown }): { exports: unknown } => {
    loaded.set(name, piece);
    const path = `${__dirname}${sep}${name}`;
    const file = join(folder, `${name}.v8`);
    const cachedData = codeOf(file);
    // The build writes nothing but ASCII.
    const script = underUsualFlags(() => new Script(`(function(exports,require,module,__filename,__dirname){${readFileSync(path, "latin1")}\n})`, { filename: path, ...(cachedData === null ? {} : { cachedData }) }));
    if (cachedData === null || script.cachedDataRejected === true) fresh.push({ script, file });
    const run = script.runInThisContext() as (...values: unknown[]) => void;
    try {
      run.call(piece.exports, piece.exports, piecesRequire, piece, path, __dirname);
    } catch (error) {
      // As with Node: who asks again hears of it again, and gets no half of it.
      loaded.delete(name);
      throw error;
    }
    return piece;
  };
  extensions[".cjs"] = (piece, path) => {
    if (dirname(path) === __dirname && isPiece(basename(path))) load(basename(path), piece);
    else extensions[".js"]!(piece, path);
  };
  return () => {
    if (fresh.length > 0) write(folder, fresh);
  };
}

/** The disassembler's glue is none: it is loaded under flags of its own (src/disasm). */
const isPiece = (name: string): boolean => name.endsWith(".cjs") && name !== "iced.cjs";

/** What a file of compiled code holds, if it is this user's alone and whole. */
function codeOf(path: string): Buffer | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return null;
  }
  try {
    const { uid, mode, size } = fstatSync(file);
    if (uid !== process.geteuid!() || (mode & 0o022) !== 0 || size < 4) return null;
    const bytes = readFileSync(file);
    const code = bytes.subarray(0, -4);
    return crc32(code) === bytes.readUInt32LE(code.length) ? code : null;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

function write(folder: string, fresh: readonly { readonly script: Script; readonly file: string }[]): void {
  // A file that grows beyond `ulimit -f` is an error of the write then, and not the end of the process.
  process.on("SIGXFSZ" as NodeJS.Signals, () => {});
  try {
    if (made(folder)) removeOlder(folder);
    const { uid, mode } = lstatSync(folder);
    // Another user's home (`sudo -E`): what root would leave there is nobody's to run.
    if (uid !== process.geteuid!() || (mode & 0o022) !== 0) return;
    for (const { script, file } of fresh) put(file, underUsualFlags(() => script.createCachedData()));
  } catch {
    // A full or read-only disk: the next run compiles once more.
  }
}

/** Makes a folder and those above it; false if it was there. (mkdir's own way does not end in folders that are not made by hand, as /proc.) */
function made(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "ENOENT" || dirname(folder) === folder || !made(dirname(folder))) throw error;
    mkdirSync(folder, { mode: 0o700 });
    return true;
  }
}

/** So many versions of oopscope keep their code for one Node: two that are used in turn do not push one another out. */
const mostVersions = 3;

/** What other versions of oopscope have left for this Node, but the latest few. */
function removeOlder(folder: string): void {
  const node = basename(folder).replace(/^[0-9a-f]+/, "");
  const others = readdirSync(dirname(folder))
    .filter((name) => name.endsWith(node) && name !== basename(folder))
    .map((name) => ({ path: join(dirname(folder), name), made: lstatSync(join(dirname(folder), name)).mtimeMs }))
    .sort((one, other) => other.made - one.made);
  for (const { path } of others.slice(mostVersions - 1)) rmSync(path, { recursive: true, force: true });
}

function put(path: string, bytes: Buffer): void {
  const beside = `${path}.${process.pid}`;
  const file = openSync(beside, "wx", 0o600);
  try {
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(bytes));
    writeFileSync(file, Buffer.concat([bytes, sum]));
    fsyncSync(file);
    renameSync(beside, path);
  } catch (error) {
    unlinkSync(beside);
    throw error;
  } finally {
    closeSync(file);
  }
}
