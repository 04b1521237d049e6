import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import { openElf } from "../elf/index.ts";
import { debuginfodPlace, hasDebugInformation } from "../kernel/index.ts";
import { debuginfodFolder, symbolsFolder } from "../system/index.ts";
import { defaultTimeout, download, shownUrl, type Answer } from "./download.ts";
import { withLock } from "./lock.ts";
import { requireSpace, unwritable, writeStream, type Progress } from "./save.ts";

// A client of debuginfod's web API (debuginfod(8), "WEBAPI"): GET BASE/buildid/BUILDID/debuginfo. What arrives goes into the cache of debuginfod's own client, as
// BUILDID/debuginfo, so both have it. Until it is whole and proved to be of that build id it stays in oopscope's cache.

export type DebuginfodOptions = {
  /** Base addresses of servers, in the order in which they are asked. */
  readonly urls: readonly string[];
  /** The cache that clients share. */
  readonly cache: string;
  /** Where parts and locks are: oopscope's symbols folder. */
  readonly parts: string;
  /** Give up on a server that sends less than 100 kB in so many seconds. */
  readonly timeout: number;
  /** No larger file is taken, in bytes. */
  readonly largest: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Called with a sentence where something takes its time or went wrong and is tried otherwise. */
  readonly onNote?: (text: string) => void;
};

/** A vmlinux with debug information has 0.7 GB, with KASAN and the like twice that. */
const largestDebugFile = 4e9;
/** How often a broken connection is taken up again, each time from where it broke. */
const mostResumptions = 5;

/** What a distribution's profile puts into DEBUGINFOD_URLS: /etc/debuginfod/*.urls. */
function machineUrls(folder = "/etc/debuginfod"): string {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".urls")).sort().map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  } catch {
    return "";
  }
}

/** DEBUGINFOD_URLS, _CACHE_PATH, _TIMEOUT and _MAXSIZE as debuginfod's own client reads them (debuginfod_find_debuginfo(3)). */
export function debuginfodOptions(env: NodeJS.ProcessEnv = process.env): DebuginfodOptions {
  const positive = (name: string, otherwise: number): number => {
    const value = Number(env[name]);
    return env[name] !== undefined && Number.isFinite(value) && value > 0 ? value : otherwise;
  };
  return {
    urls: (env["DEBUGINFOD_URLS"] ?? machineUrls()).split(/\s+/).filter((url) => url !== ""),
    cache: debuginfodFolder(env),
    parts: symbolsFolder(env),
    timeout: positive("DEBUGINFOD_TIMEOUT", defaultTimeout),
    largest: positive("DEBUGINFOD_MAXSIZE", largestDebugFile),
  };
}

/**
 * The path of the debug file with a build id, in the cache, from which it comes if it is there. Throws `unreachable` with what each server said if none has it;
 * `unwritable` where there is no room for it.
 */
export async function fetchDebuginfo(buildId: string, what: string, options: DebuginfodOptions): Promise<string> {
  if (!/^[0-9a-f]{8,128}$/.test(buildId)) throw new OopscopeError("bad-argument", `${JSON.stringify(buildId)} is no build id`);
  if (options.urls.length === 0) throw new OopscopeError("bad-argument", "no server of debuginfod is named: DEBUGINFOD_URLS is empty");
  const path = join(options.cache, debuginfodPlace(buildId));
  if (isThere(path)) return path;
  const onWait = (pid: number) => options.onNote?.(`process ${pid} is fetching the debug file of ${what} already; waiting for it`);
  return withLock(join(options.parts, ".locks", buildId), { ...(options.signal ? { signal: options.signal } : {}), onWait }, async () => {
    if (isThere(path)) return path;
    const failures: string[] = [];
    for (const url of options.urls) {
      try {
        const part = await fetchFrom(url, buildId, what, options);
        moveInto(part, path);
        return path;
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!(error instanceof OopscopeError) || error.code === "unwritable") throw error;
        failures.push(error.message);
      }
    }
    throw new OopscopeError("unreachable", `no debug file of ${what} (build id ${buildId}): ${failures.join("; ")}`, { buildId });
  });
}

/** debuginfod's own client leaves empty files where no server had anything. */
function isThere(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** What is known of a part: of which file it is the beginning. */
type Part = { readonly url: string; readonly validator: string };

async function fetchFrom(base: string, buildId: string, what: string, options: DebuginfodOptions): Promise<string> {
  const url = `${base.replace(/\/+$/, "")}/buildid/${buildId}/debuginfo`;
  const folder = join(options.parts, ".partial");
  const part = join(folder, buildId);
  mkdirSync(folder, { recursive: true });
  for (let resumed = 0; ; resumed++) {
    const had = partOf(part, url);
    const size = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
    try {
      await fetchPart(url, part, had, what, options);
      break;
    } catch (error) {
      options.signal?.throwIfAborted();
      const now = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
      // A connection that broke is worth another try if it had brought something, and the server can go on from there.
      const goesOn = error instanceof OopscopeError && error.code === "unreachable" && partOf(part, url) !== null && now > size && resumed < mostResumptions;
      if (!goesOn) throw error;
      options.onNote?.(`${error.message}; going on at ${(now / 1e6).toFixed(1)} MB`);
    }
  }
  try {
    await verify(part, buildId, shownUrl(url));
  } catch (error) {
    discard(part);
    throw error;
  }
  rmSync(`${part}.from`, { force: true });
  return part;
}

function partOf(part: string, url: string): Part | null {
  try {
    const known = JSON.parse(readFileSync(`${part}.from`, "utf8")) as Partial<Part>;
    return known.url === url && typeof known.validator === "string" && existsSync(part) ? (known as Part) : null;
  } catch {
    return null;
  }
}

function discard(part: string): void {
  rmSync(part, { force: true });
  rmSync(`${part}.from`, { force: true });
}

/** Brings a part to its end: from where it stops if the server has the same file still (RFC 9110, If-Range), else from its start. */
async function fetchPart(url: string, part: string, had: Part | null, what: string, options: DebuginfodOptions): Promise<void> {
  const begin = had ? statSync(part).size : 0;
  const headers = had && begin > 0 ? { range: `bytes=${begin}-`, "if-range": had.validator } : undefined;
  const answer = await download(url, { timeout: options.timeout, ...(options.signal ? { signal: options.signal } : {}), ...(headers ? { headers } : {}) });
  try {
    const { from, total } = extentOf(answer, begin, part, options);
    if (from === 0) discard(part);
    const validator = answer.headers.etag !== undefined && !answer.headers.etag.startsWith("W/") ? answer.headers.etag : answer.headers["last-modified"];
    const resumable = validator !== undefined && answer.status < 300;
    if (from === 0 && resumable) writeFileSync(`${part}.from`, JSON.stringify({ url, validator }));
    if (total !== null) await requireSpace(join(options.parts, ".partial"), total - from, `the debug file of ${what}`);
    options.onProgress?.({ what, done: from, total });
    const size = await writeStream(part, checked(answer, from, options.largest), from, (done) => options.onProgress?.({ what, done, total }));
    if (total !== null && size !== total) throw new OopscopeError(size < total ? "unreachable" : "malformed", `${answer.url}: ${size} bytes came where ${total} were announced`, { url: answer.url, size });
  } catch (error) {
    if (error instanceof OopscopeError && (error.code === "unwritable" || error.code === "malformed" || error.code === "over-budget")) discard(part);
    throw error;
  } finally {
    answer.close();
  }
}

/** From where the body goes on, and how large the whole file is to be. Throws for an answer that is not the file. */
function extentOf(answer: Answer, begin: number, part: string, { largest }: DebuginfodOptions): { from: number; total: number | null } {
  const { status, headers, url } = answer;
  let from = 0;
  // debuginfod announces the size itself where it sends in chunks (X-DEBUGINFOD-SIZE).
  const told = headers["x-debuginfod-size"];
  let total = answer.size ?? (typeof told === "string" && /^\d{1,15}$/.test(told) ? Number(told) : null);
  if (status === 206) {
    const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers["content-range"] ?? "");
    if (!range || Number(range[1]) !== begin || Number(range[2]) !== Number(range[3]) - 1) {
      discard(part);
      throw new OopscopeError("malformed", `${url}: bytes from ${begin} on were asked for, and it sends ${headers["content-range"] ?? "others"}`, { url });
    }
    from = begin;
    total = Number(range[3]);
  } else if (status === 416) {
    discard(part);
    throw new OopscopeError("unreachable", `${url}: it has another file now`, { url });
  } else if (status !== 200) {
    throw new OopscopeError("unreachable", status === 404 ? `${url}: it has no such file (404)` : `${url}: it answers with status ${status}`, { url, status });
  }
  if (total !== null && total > largest) throw new OopscopeError("over-budget", `${url}: the file has ${total} bytes, the limit is ${largest} (DEBUGINFOD_MAXSIZE)`, { url, size: total });
  return { from, total };
}

/** Looks at the first bytes before the rest is waited for, and at the size as it grows. */
async function* checked(answer: Answer, from: number, largest: number): AsyncGenerator<Uint8Array> {
  let size = from;
  let head = from === 0 ? Buffer.alloc(0) : null;
  for await (const bytes of answer.body) {
    size += bytes.length;
    if (size > largest) throw new OopscopeError("over-budget", `${answer.url}: more than ${largest} bytes came, the limit (DEBUGINFOD_MAXSIZE)`, { url: answer.url, size });
    if (head) {
      head = Buffer.concat([head, bytes.subarray(0, 4)]);
      if (head.length >= 4) {
        if (head.readUInt32BE(0) !== 0x7f454c46) throw notElf(answer.url, head);
        head = null;
      }
    }
    yield bytes;
  }
  if (head) throw notElf(answer.url, head);
}

function notElf(url: string, head: Buffer): OopscopeError {
  const is = head.length === 0 ? "nothing" : head[0] === 0x3c ? "a page of HTML or XML" : `what begins with ${head.subarray(0, 4).toString("hex")}`;
  return new OopscopeError("malformed", `${url}: it sends ${is} instead of an ELF file`, { url });
}

/** Proves a file: an ELF file that is whole, of this build id, with debug information. */
async function verify(path: string, buildId: string, url: string): Promise<void> {
  const fail = (why: string, cause?: unknown) => new OopscopeError("malformed", `${url}: ${why}`, { url }, cause);
  let elf;
  try {
    elf = await openElf(path);
  } catch (cause) {
    throw fail(`what it sent is damaged: ${messageOf(cause).replaceAll(path, "the file")}`, cause);
  }
  try {
    const own = elf.buildId();
    if (own !== buildId) throw fail(`it sent a file with ${own === null ? "no build id" : `the build id ${own}`} for ${buildId}`);
    const { size } = statSync(path);
    const cut = elf.sections.find(({ type, offset, size: length }) => type !== 8 && type !== 0 && offset + length > size);
    if (cut) throw fail(`what it sent is cut off: ${size} bytes, and section ${cut.name} ends at ${cut.offset + cut.size}`);
    if (!hasDebugInformation(elf)) throw fail("what it sent has no debug information");
  } finally {
    elf.close();
  }
}

/** Into the shared cache, by a change of its name; over a file system's border by way of a copy there. */
function moveInto(part: string, path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    try {
      renameSync(part, path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EXDEV") throw cause;
      const beside = `${path}.${randomUUID().slice(0, 6)}`;
      try {
        copyFileSync(part, beside);
        renameSync(beside, path);
      } finally {
        rmSync(beside, { force: true });
      }
      rmSync(part, { force: true });
    }
  } catch (cause) {
    throw unwritable(path, cause);
  }
}
