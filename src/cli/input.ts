import { closeSync, fstatSync, openSync, readFileSync, readSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { OopscopeError } from "../base/index.ts";
import { compressionOf } from "../elf/index.ts";
import { unfoldedChunks } from "./compressed.ts";
import { exit } from "./exit.ts";
import { isTerminal, say } from "./output.ts";
import { pstoreFolder, unfoldedPart } from "./pstore.ts";

/** The largest log that is read whole: in memory it takes eight times that. */
const largestLog = 1 << 28;
/** What a log begins with, and most logs are. */
const headSize = 1 << 22;
const chunkSize = 1 << 20;

/** A log's first bytes; `rest` gives what follows them, or is null if they are all. `damage` says what of it could not be read, when all else has been. */
export type LogSource = { readonly name: string; readonly head: Uint8Array; readonly rest: AsyncIterable<Uint8Array> | null; readonly damage: () => string | null };

/** The exit status of what was done with a log. A log that could not be read to its end is a failure, and is said to be. */
export function statusOf(damage: string | null, complete: boolean): number {
  if (damage === null) return complete ? exit.done : exit.incomplete;
  say("warning", damage);
  return exit.failed;
}

/** Opens a log: a file (also gzip, xz, zstd), a folder of pstore's parts, a pipe, a device. `-` or nothing is standard input. */
export async function openLog(path: string | undefined): Promise<LogSource> {
  const name = path ?? "-";
  const whole = name === "-" ? null : named(name, () => smallFile(name));
  if (whole !== null && compressionOf(whole) === null) return { name, head: whole, rest: null, damage: () => null };
  let damaged: string | null = null;
  const damage = (): string | null => damaged;
  const chunks = unfoldedChunks(name, whole === null ? chunksOf(name) : onlyChunk(whole), (text) => (damaged = text))[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  for (let size = 0; size < headSize; ) {
    const next = await chunks.next();
    if (next.done === true) return { name, head: Buffer.concat(parts), rest: null, damage };
    parts.push(next.value);
    size += next.value.length;
  }
  return { name, head: Buffer.concat(parts), rest: { [Symbol.asyncIterator]: () => chunks }, damage };
}

/** All bytes of a log. */
export async function readLog(path: string | undefined): Promise<{ name: string; bytes: Uint8Array; damage: string | null }> {
  const { name, head, rest, damage } = await openLog(path);
  if (rest === null) return { name, bytes: head, damage: damage() };
  const parts = [head];
  let size = head.length;
  for await (const part of rest) {
    parts.push(part);
    size += part.length;
    if (size > largestLog) throw tooLarge(name === "-" ? "standard input" : name);
  }
  return { name, bytes: Buffer.concat(parts), damage: damage() };
}

export async function readStdin(): Promise<Uint8Array> {
  return (await readLog("-")).bytes;
}

/** A file that is small enough to be read at once, or a folder's parts; null for all others. */
function smallFile(path: string): Uint8Array | null {
  const status = statSync(path);
  if (status.isDirectory()) return pstoreFolder(path, readdirSync(path).map((file) => join(path, file)));
  if (!status.isFile() || status.size > headSize || status.size === 0) return null;
  const bytes = readFileSync(path);
  return path.endsWith(".enc.z") ? unfoldedPart(path, bytes) : bytes;
}

/** Bytes of a file, a pipe or a device as they come. */
export async function* chunksOf(name: string): AsyncGenerator<Uint8Array> {
  if (name === "-") {
    if (isTerminal(0)) throw new OopscopeError("bad-argument", "no log was named, and standard input is a terminal");
    for await (const part of process.stdin) yield part as Buffer;
    return;
  }
  const descriptor = named(name, () => openSync(name, "r"));
  try {
    // A pipe without a writer would hold the whole process.
    if (!fstatSync(descriptor).isFile()) {
      const { createReadStream } = await import("node:fs");
      for await (const part of createReadStream("", { fd: descriptor, autoClose: false, highWaterMark: 1 << 16 })) yield part as Buffer;
      return;
    }
    for (;;) {
      const part = Buffer.allocUnsafe(chunkSize);
      const read = named(name, () => readSync(descriptor, part));
      if (read === 0) return;
      yield part.subarray(0, read);
    }
  } finally {
    closeSync(descriptor);
  }
}

async function* onlyChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

/** Names the file in what goes wrong with it. */
export function named<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof OopscopeError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a folder" : code === "EACCES" ? "permission denied" : (cause as Error).message;
    throw new OopscopeError(code === "ENOENT" ? "not-found" : "unreadable", `failed to read ${path}: ${why}`, { file: path }, cause);
  }
}

function tooLarge(name: string): OopscopeError {
  return new OopscopeError("over-budget", `${name} has more than ${largestLog >> 20} MB: cut out the part that holds the crash, or write --format text or ndjson, which read a log of any size`, { file: name });
}
