import { spawn } from "node:child_process";
import { pipeline, Readable } from "node:stream";
import * as zlib from "node:zlib";
import type * as Xz from "xz-decompress";
import { OopscopeError, messageOf } from "../base/index.ts";
import { findProgram } from "../system/index.ts";
import type { Bytes } from "./stream.ts";

export type StreamCompression = "none" | "gzip" | "xz" | "zstd";

/** By the ending of a file's name; null for one that is not read (bz2, lzma). */
export function compressionOfName(name: string): StreamCompression | null {
  if (name.endsWith(".xz")) return "xz";
  if (name.endsWith(".zst")) return "zstd";
  if (name.endsWith(".gz")) return "gzip";
  return name.endsWith(".tar") ? "none" : null;
}

/**
 * A compressed stream, unfolded as it comes, in bounded memory. xz and zstd by the programs of these names where they are installed, which take several
 * processors, else by WebAssembly and JavaScript. `name` stands in errors. Throws `malformed` for damaged data.
 */
export async function* unfoldStream(name: string, compression: StreamCompression, source: Bytes): AsyncGenerator<Uint8Array> {
  switch (compression) {
    case "none":
      yield* source;
      return;
    case "gzip":
      yield* throughStream(name, compression, source, zlib.createGunzip());
      return;
    case "xz": {
      const program = findProgram("xz");
      yield* program === null ? xzInside(name, source) : throughProgram(name, program, ["-dcq", "-T0", "--memlimit-decompress=1GiB"], source);
      return;
    }
    case "zstd": {
      const { createZstdDecompress } = zlib as { createZstdDecompress?: () => NodeJS.ReadWriteStream };
      const program = createZstdDecompress ? null : findProgram("zstd");
      if (createZstdDecompress) yield* throughStream(name, compression, source, createZstdDecompress());
      else yield* program === null ? zstdInside(name, source) : throughProgram(name, program, ["-dcq", "--memory=1024MB"], source);
    }
  }
}

/** Errors of the source pass as they are; those of the decompressor say what it is about. */
class SourceError extends Error {}

async function* marked(source: Bytes): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (cause) {
    throw new SourceError("the source failed", { cause });
  }
}

const damaged = (name: string, kind: string, cause: unknown): unknown =>
  cause instanceof SourceError ? cause.cause : cause instanceof OopscopeError ? cause : new OopscopeError("malformed", `${name}: damaged ${kind} data: ${messageOf(cause)}`, { file: name }, cause);

async function* throughStream(name: string, kind: string, source: Bytes, stream: NodeJS.ReadWriteStream): AsyncGenerator<Uint8Array> {
  const out = stream as unknown as Readable;
  pipeline(Readable.from(marked(source)), stream, () => {});
  try {
    for await (const part of out) yield part as Uint8Array;
  } catch (cause) {
    throw damaged(name, kind, cause);
  } finally {
    out.destroy();
  }
}

async function* throughProgram(name: string, program: string, args: readonly string[], source: Bytes): AsyncGenerator<Uint8Array> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (part: Buffer) => {
    if (said.length < 1000) said += part.toString("utf8");
  });
  let failure: Error | null = null;
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", resolve);
    child.on("error", (error) => {
      failure ??= error;
      resolve(null);
    });
  });
  pipeline(Readable.from(marked(source)), child.stdin, (error) => {
    // A program that has ended early says why by itself.
    if (error instanceof SourceError) {
      failure ??= error;
      child.kill("SIGKILL");
    }
  });
  let whole = false;
  try {
    for await (const part of child.stdout) yield part as Uint8Array;
    const status = await ended;
    if (failure !== null) throw failure as Error;
    if (status !== 0) throw new Error(said.trim().replace(/^\S+: \S+: /, "") || `${program} failed with status ${status}`);
    whole = true;
  } catch (cause) {
    throw damaged(name, program.replace(/^.*\//, ""), cause);
  } finally {
    if (!whole) child.kill("SIGKILL");
    await ended;
  }
}

async function* xzInside(name: string, source: Bytes): AsyncGenerator<Uint8Array> {
  const loaded = (await import("xz-decompress")) as typeof Xz & { readonly default?: typeof Xz };
  const { XzReadableStream } = loaded.default ?? loaded;
  const iterator = marked(source)[Symbol.asyncIterator]();
  const input = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await iterator.return?.(undefined);
    },
  });
  const reader = (new XzReadableStream(input) as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value.slice();
    }
  } catch (cause) {
    throw damaged(name, "xz", cause);
  } finally {
    await reader.cancel().catch(() => {});
    await iterator.return?.(undefined);
  }
}

async function* zstdInside(name: string, source: Bytes): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import("fzstd");
  let parts: Uint8Array[] = [];
  let ended = false;
  const stream = new Decompress((part, last) => {
    parts.push(part.slice());
    ended ||= last === true;
  });
  try {
    for await (const part of marked(source)) {
      // In small steps: what they unfold to is in memory until it is taken.
      for (let at = 0; at < part.length; at += 1 << 14) {
        stream.push(part.slice(at, at + (1 << 14)), false);
        yield* parts;
        parts = [];
      }
    }
    stream.push(new Uint8Array(), true);
    yield* parts;
  } catch (cause) {
    throw damaged(name, "zstd", cause);
  }
}
