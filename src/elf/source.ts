import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";

/** Memory for one read after the other, where the bytes of each are done with before the next: the kernel hands out fresh memory more slowly than it copies. */
export class Scratch {
  #bytes = Buffer.alloc(0);

  take(length: number): Buffer {
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length));
    return this.#bytes.subarray(0, length);
  }
}

/** Bytes that can be read in ranges: a file on disk, of which only what is asked for is read, or bytes in memory. */
export interface ByteSource {
  /** The name that errors give. */
  readonly name: string;
  readonly size: number;
  /** `length` bytes at `offset`; throws `malformed` where the source is shorter. The result belongs to the caller, or is `scratch`'s. */
  read(offset: number, length: number, scratch?: Scratch): Uint8Array;
  close(): void;
}

/** No single read may take more: a section that claims more is damaged or hostile. */
export const largestRead = 1 << 29;

export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read(offset, length) {
      checkRange(name, bytes.length, offset, length);
      return bytes.slice(offset, offset + length);
    },
    close() {},
  };
}

export function fileSource(path: string): ByteSource {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new OopscopeError(absent ? "not-found" : "unreadable", `failed to open ${path}: ${absent ? "no such file" : (cause as Error).message}`, { file: path }, cause);
  }
  const status = fstatSync(descriptor);
  if (!status.isFile()) {
    closeSync(descriptor);
    throw new OopscopeError("unreadable", `${path}: not a regular file`, { file: path });
  }
  const { size } = status;
  let open = true;
  return {
    name: path,
    size,
    read(offset, length, scratch) {
      if (!open) throw new OopscopeError("unreadable", `${path}: already closed`, { file: path });
      checkRange(path, size, offset, length);
      const bytes = scratch?.take(length) ?? Buffer.allocUnsafe(length);
      for (let got = 0; got < length; ) {
        const count = readSync(descriptor, bytes, got, length - got, offset + got);
        if (count === 0) throw new OopscopeError("malformed", `${path}: ended at offset ${offset + got} while it was read; its size was ${size}`, { file: path, offset: offset + got });
        got += count;
      }
      return bytes;
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

function checkRange(name: string, size: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= size && length <= largestRead) return;
  const over = length > largestRead && offset + length <= size;
  throw new OopscopeError(
    over ? "over-budget" : "malformed",
    over
      ? `${name}: ${length} bytes at offset 0x${offset.toString(16)} wanted at once, the limit is ${largestRead}`
      : `${name}: bytes 0x${offset.toString(16)} to 0x${(offset + length).toString(16)} lie past the file's end at 0x${size.toString(16)}`,
    { file: name, offset, size: length },
  );
}
