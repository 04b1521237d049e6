import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Readable } from "node:stream";
import { OopscopeError } from "../base/index.ts";
import { compressionOf, elfFromBytes } from "../elf/index.ts";
import { unfoldStream } from "./unfold.ts";

/** A compressed kernel has up to 60 MB. */
const largestImage = 1 << 28;
/** And unfolded, with BTF, 100 MB. */
const largestUnfolded = 1 << 29;

/**
 * The build id of the vmlinux within an x86 boot image, which is an ELF file stripped of all but its notes: the setup header says where it lies
 * (`payload_offset` at 0x248 from the end of the setup sectors, `payload_length`; Documentation/arch/x86/boot.rst, protocol 2.08). Unfolds all of it. Null where
 * the image is of another kind, is compressed otherwise (lz4, lzo, bzip2, lzma), is damaged or has no build id.
 */
export async function buildIdOfBootImage(path: string): Promise<string | null> {
  const payload = payloadOf(path);
  const compression = payload && compressionOf(payload);
  if (!compression) return null;
  try {
    // Behind the compressed data stands the unfolded size, in four bytes (scripts/Makefile.lib, size_append); gzip has it in its own end.
    const packed = compression === "gzip" ? payload : payload.subarray(0, -4);
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of unfoldStream(path, compression, Readable.from([packed]))) {
      size += part.length;
      if (size > largestUnfolded) return null;
      parts.push(part);
    }
    const bytes = Buffer.concat(parts);
    const elf = await elfFromBytes(path, bytes);
    try {
      return elf.buildId();
    } finally {
      elf.close();
    }
  } catch (error) {
    if (error instanceof OopscopeError) return null;
    throw error;
  }
}

function payloadOf(path: string): Uint8Array | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return null;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size < 0x400 || size > largestImage) return null;
    const head = Buffer.alloc(0x400);
    if (readSync(descriptor, head, 0, head.length, 0) < head.length) return null;
    if (head.toString("latin1", 0x202, 0x206) !== "HdrS" || head.readUInt16LE(0x206) < 0x208) return null;
    const setup = ((head[0x1f1] || 4) + 1) * 512;
    const from = setup + head.readUInt32LE(0x248);
    const length = head.readUInt32LE(0x24c);
    if (length < 8 || from + length > size) return null;
    const payload = Buffer.alloc(length);
    return readSync(descriptor, payload, 0, length, from) === length ? payload : null;
  } catch {
    return null;
  } finally {
    closeSync(descriptor);
  }
}
