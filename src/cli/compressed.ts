import { OopscopeError, messageOf } from "../base/index.ts";
import { compressionOf } from "../elf/index.ts";
import type * as Xz from "xz-decompress";

type Chunks = AsyncIterable<Uint8Array>;

/**
 * A log's bytes as they come, unfolded if they begin as gzip, xz or zstd do. Memory does not grow with the log. Of a file that was cut off or is damaged what
 * comes before is given, and `onDamage` is told what is wrong; throws `malformed` where nothing comes before.
 */
export async function* unfoldedChunks(name: string, chunks: Chunks, onDamage: (text: string) => void): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await headOf(iterator);
  if (first === null) return;
  const all = again(first, iterator);
  const compression = compressionOf(first);
  if (compression === null) {
    yield* all;
    return;
  }
  const shown = name === "-" ? "standard input" : name;
  let given = false;
  try {
    for await (const part of unfold(compression, all)) {
      given ||= part.length > 0;
      yield part;
    }
  } catch (cause) {
    if (cause instanceof OopscopeError) throw cause;
    if (!given) throw new OopscopeError("malformed", `failed to unfold ${shown}: ${compression}: ${messageOf(cause)}`, { file: name }, cause);
    onDamage(`${shown} is cut off or damaged: only what comes before is read (${compression}: ${messageOf(cause)})`);
  }
}

/** Enough bytes to tell the form by. */
async function headOf(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  for (let size = 0; size < 8; ) {
    const next = await iterator.next();
    if (next.done === true) break;
    parts.push(next.value);
    size += next.value.length;
    // A first byte that no compressed form has: a live log is not kept waiting.
    if (![0x1f, 0xfd, 0x28].includes(parts[0]![0] ?? 0x1f)) break;
  }
  return parts.length === 0 ? null : parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

async function* again(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

async function* unfold(compression: "gzip" | "xz" | "zstd", chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  switch (compression) {
    case "gzip":
      yield* throughNode(chunks, process.getBuiltinModule("node:zlib").createGunzip());
      return;
    case "zstd": {
      const zlib = process.getBuiltinModule("node:zlib") as { createZstdDecompress?: () => NodeJS.ReadWriteStream };
      if (zlib.createZstdDecompress) yield* throughNode(chunks, zlib.createZstdDecompress());
      else yield* throughFzstd(chunks);
      return;
    }
    case "xz": {
      // The package is CommonJS: Node puts its names on the default export, a bundler on the module itself.
      const loaded = (await import("xz-decompress")) as typeof Xz & { readonly default?: typeof Xz };
      const { XzReadableStream } = loaded.default ?? loaded;
      const stream = new XzReadableStream(streamOf(chunks)) as ReadableStream<Uint8Array>;
      const reader = stream.getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value.slice();
    }
  }
}

function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

/** What a chunk gives is out before the next one goes in: nothing of it is lost where that one fails. */
async function* throughNode(chunks: AsyncGenerator<Uint8Array>, unfolding: NodeJS.ReadWriteStream): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  const failures: Error[] = [];
  unfolding.on("data", (part: Buffer) => parts.push(part));
  unfolding.on("error", (cause: Error) => failures.push(cause));
  const ended = new Promise<void>((resolve) => unfolding.once("end", resolve).once("close", resolve));
  const taken = (write: (done: () => void) => void) => Promise.race([new Promise<void>(write), ended]);
  for await (const chunk of chunks) {
    await taken((done) => unfolding.write(chunk, () => done()));
    yield* parts;
    parts = [];
    if (failures[0]) throw failures[0];
  }
  unfolding.end();
  await ended;
  yield* parts;
  if (failures[0]) throw failures[0];
}

async function* throughFzstd(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import("fzstd");
  let parts: Uint8Array[] = [];
  const stream = new Decompress((part) => parts.push(part.slice()));
  for await (const chunk of chunks) {
    stream.push(chunk);
    yield* parts;
    parts = [];
  }
  stream.push(new Uint8Array(0), true);
  yield* parts;
}
