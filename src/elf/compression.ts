import { Cursor, OopscopeError, messageOf } from "../base/index.ts";
import { ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD } from "./constants.ts";
import type * as Xz from "xz-decompress";

/**
 * Nothing that is compressed may unfold to more: the largest section of a vmlinux with all its debug information has 0.2 GB, a module 0.1 GB. Before that
 * a ratio is the limit, which real files are far from (4 to 12) and bombs live by.
 */
export const largestUnfolded = 1 << 29;
const largestRatio = 64;
const anyRatioUpTo = 1 << 26;

export function unfoldedLimit(packed: number): number {
  return Math.min(largestUnfolded, Math.max(anyRatioUpTo, packed * largestRatio));
}

/** Node's zlib, which brings its streams along: loaded when something is compressed. zstd from Node 22.15 on. */
const zlib = () => process.getBuiltinModule("node:zlib") as ReturnType<typeof process.getBuiltinModule<"node:zlib">> & { zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer };

/** Which compression a file has, by its first bytes. */
export function compressionOf(head: Uint8Array): "gzip" | "xz" | "zstd" | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head[0] === 0xfd && head[1] === 0x37 && head[2] === 0x7a && head[3] === 0x58 && head[4] === 0x5a) return "xz";
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  return null;
}

/** A whole compressed file (`.ko.gz`, `.ko.xz`, `.ko.zst`), unfolded; at most `limit` bytes. */
export async function unfoldFile(name: string, bytes: Uint8Array, compression: "gzip" | "xz" | "zstd", limit = unfoldedLimit(bytes.length)): Promise<Uint8Array> {
  switch (compression) {
    case "gzip":
      return guarded(name, null, "gzip", limit, () => zlib().gunzipSync(bytes, { maxOutputLength: limit }));
    case "zstd":
      return unfoldZstd(name, bytes, limit);
    case "xz":
      return unfoldXz(name, bytes, limit);
  }
}

async function unfoldXz(name: string, bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  // The package is CommonJS: Node puts its names on the default export, a bundler on the module itself.
  const loaded = (await import("xz-decompress")) as typeof Xz & { readonly default?: typeof Xz };
  const { XzReadableStream } = loaded.default ?? loaded;
  const input = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    const reader = (new XzReadableStream(input) as ReadableStream<Uint8Array>).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > limit) {
        await reader.cancel();
        throw tooLarge(name, null, "xz", limit);
      }
      parts.push(value.slice());
    }
  } catch (cause) {
    throw cause instanceof OopscopeError ? cause : damaged(name, null, "xz", cause);
  }
  return Buffer.concat(parts);
}

async function unfoldZstd(name: string, bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  if (zlib().zstdDecompressSync) return guarded(name, null, "zstd", limit, () => zlib().zstdDecompressSync!(bytes, { maxOutputLength: limit }));
  const { Decompress } = await import("fzstd");
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    const stream = new Decompress((part) => {
      size += part.length;
      if (size > limit) throw tooLarge(name, null, "zstd", limit);
      parts.push(part.slice());
    });
    for (let at = 0; at < bytes.length; at += 1 << 16) stream.push(bytes.subarray(at, at + (1 << 16)), at + (1 << 16) >= bytes.length);
  } catch (cause) {
    throw cause instanceof OopscopeError ? cause : damaged(name, null, "zstd", cause);
  }
  return Buffer.concat(parts);
}

/** The contents of an SHF_COMPRESSED section (gABI, Elf64_Chdr) or an old `.zdebug_` one (`ZLIB`, 8 bytes of size, data). */
export function unfoldSection(name: string, section: string, bytes: Uint8Array, form: "chdr32" | "chdr64" | "zdebug", little: boolean): Uint8Array {
  const at = new Cursor(bytes, form === "zdebug" ? false : little, { file: name, section, start: 0 });
  let type = ELFCOMPRESS_ZLIB;
  let size: number;
  if (form === "zdebug") {
    if (at.u32() !== 0x5a4c4942) throw at.fail("a compressed section that does not begin with ZLIB");
    size = at.u64();
  } else {
    type = at.u32();
    if (form === "chdr64") at.skip(4);
    size = form === "chdr64" ? at.u64() : at.u32();
    at.skip(form === "chdr64" ? 8 : 4);
  }
  const what = `${name}: ${section}`;
  const packed = bytes.subarray(at.at);
  const limit = unfoldedLimit(packed.length);
  if (size > limit) throw new OopscopeError("over-budget", `${what}: its ${packed.length} bytes claim to unfold to ${size}, the limit is ${limit}`, { file: name, section, limit });
  if (type !== ELFCOMPRESS_ZLIB && type !== ELFCOMPRESS_ZSTD) throw new OopscopeError("unsupported", `${what}: compression type ${type} of the ELF header is unknown`, { file: name, section });
  const unfolded =
    type === ELFCOMPRESS_ZLIB
      ? guarded(name, section, "zlib", size, () => zlib().inflateSync(packed, { maxOutputLength: Math.max(1, size) }))
      : guarded(name, section, "zstd", size, () => sectionZstd(packed, size));
  if (unfolded.length !== size) throw at.fail(`${unfolded.length} bytes unfolded where the header says ${size}`, 0);
  return unfolded;
}

let zstdSync: ((packed: Uint8Array, size: number) => Uint8Array) | null = null;

/** Prepares what `unfoldSection` needs for zstd on a Node without it; called before sections are read. */
export async function prepareSectionZstd(): Promise<void> {
  if (zlib().zstdDecompressSync || zstdSync) return;
  const { decompress } = await import("fzstd");
  zstdSync = (packed, size) => decompress(packed, new Uint8Array(size));
}

function sectionZstd(packed: Uint8Array, size: number): Uint8Array {
  const { zstdDecompressSync } = zlib();
  if (zstdDecompressSync) return zstdDecompressSync(packed, { maxOutputLength: Math.max(1, size) });
  if (!zstdSync) throw new Error("zstd was not prepared");
  return zstdSync(packed, size);
}

function guarded(name: string, section: string | null, kind: string, limit: number, unfold: () => Uint8Array): Uint8Array {
  try {
    return unfold();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(name, section, kind, limit);
    throw damaged(name, section, kind, cause);
  }
}

const whatOf = (name: string, section: string | null): string => (section === null ? name : `${name}: ${section}`);

const tooLarge = (name: string, section: string | null, kind: string, limit: number) =>
  new OopscopeError("over-budget", `${whatOf(name, section)}: the ${kind} data unfold to more than ${limit} bytes`, { file: name, section: section ?? undefined, limit });

const damaged = (name: string, section: string | null, kind: string, cause: unknown) =>
  new OopscopeError("malformed", `${whatOf(name, section)}: damaged ${kind} data: ${messageOf(cause)}`, { file: name, section: section ?? undefined }, cause);
