/**
 * A stretch of a packet: what was captured of it, and how long it is said to be. A packet's headers are read from slices of slices; nothing is copied, and a read past the
 * end gives 0, so `has` comes first.
 */
export class Slice {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  /** Bytes on the wire, of which `bytes` may be the first part only; infinite where nothing says how many. */
  readonly length: number;

  constructor(bytes: Uint8Array, length: number) {
    this.bytes = bytes.length > length ? bytes.subarray(0, length) : bytes;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    this.length = length;
  }

  /** Null where nothing says it. */
  get knownLength(): number | null {
    return this.length === Infinity ? null : this.length;
  }

  has(size: number): boolean {
    return size <= this.bytes.length;
  }

  u8(at: number): number {
    return this.bytes[at] ?? 0;
  }

  u16(at: number): number {
    return at + 2 <= this.bytes.length ? this.#view.getUint16(at) : 0;
  }

  u32(at: number): number {
    return at + 4 <= this.bytes.length ? this.#view.getUint32(at) : 0;
  }

  part(at: number, size: number): Uint8Array {
    return this.bytes.subarray(at, at + size);
  }

  /** What follows, at most `length` bytes of it. */
  from(at: number, length = Infinity): Slice {
    return new Slice(this.bytes.subarray(at), Math.max(0, Math.min(this.length - at, length)));
  }
}
