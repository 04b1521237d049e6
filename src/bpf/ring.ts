import { OopscopeError, textOf } from "../base/index.ts";
import { hostIsLittle } from "./bytes.ts";

/** Bits of a record's header (include/uapi/linux/bpf.h, BPF_RINGBUF_BUSY_BIT and BPF_RINGBUF_DISCARD_BIT). */
const discarded = 1 << 30;
const lengthMask = discarded - 1;
const headerSize = 8;
/** x86 does loads in the order of the program, and V8 emits those of typed arrays and views in that order: an acquiring load is a plain one, which takes a fifth of the time of `Atomics.load`. */
const loadsInOrder = process.arch === "x64";

/**
 * A record while it is looked at: reads are checked against its length. It points into memory that is shared with the kernel, so it is good only until the function that
 * got it returns; later reads throw `closed`. What is to be kept is copied (`bytes`, `text`) or decoded.
 */
export class RingRecord {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  /** The same memory: what is aligned is read here, in half the time of a view. */
  readonly #words: Int32Array;
  #at = 0;
  #length = -1;

  /** @internal */
  constructor(memory: ArrayBuffer, offset: number, length: number) {
    this.#view = new DataView(memory, offset, length);
    this.#bytes = new Uint8Array(memory, offset, length);
    this.#words = new Int32Array(memory, offset, length >> 2);
  }

  /** @internal */
  point(at: number, length: number): void {
    this.#at = at;
    this.#length = length;
  }

  /** Bytes. */
  get length(): number {
    return this.#length < 0 ? this.#place(0, 0) : this.#length;
  }

  #place(offset: number, size: number): number {
    // A record that has ended has the length −1, in which nothing has room.
    if (!(offset >= 0 && offset <= this.#length - size)) throw this.#misplaced(offset, size);
    return this.#at + offset;
  }

  #misplaced(offset: number, size: number): OopscopeError {
    if (this.#length < 0) return new OopscopeError("closed", "a record is read after the function that it was given to returned", {});
    return new OopscopeError("bad-argument", `${size} bytes at ${offset} of a record of ${this.#length}`, { offset, size, length: this.#length });
  }

  u8(offset: number): number {
    return this.#view.getUint8(this.#place(offset, 1));
  }

  i8(offset: number): number {
    return this.#view.getInt8(this.#place(offset, 1));
  }

  i16(offset: number): number {
    return this.#view.getInt16(this.#place(offset, 2), hostIsLittle);
  }

  f32(offset: number): number {
    return this.#view.getFloat32(this.#place(offset, 4), hostIsLittle);
  }

  f64(offset: number): number {
    return this.#view.getFloat64(this.#place(offset, 8), hostIsLittle);
  }

  u16(offset: number): number {
    return this.#view.getUint16(this.#place(offset, 2), hostIsLittle);
  }

  u32(offset: number): number {
    const at = this.#place(offset, 4);
    return (at & 3) === 0 ? this.#words[at >> 2]! >>> 0 : this.#view.getUint32(at, hostIsLittle);
  }

  i32(offset: number): number {
    const at = this.#place(offset, 4);
    return (at & 3) === 0 ? this.#words[at >> 2]! : this.#view.getInt32(at, hostIsLittle);
  }

  u64(offset: number): bigint {
    return this.#view.getBigUint64(this.#place(offset, 8), hostIsLittle);
  }

  i64(offset: number): bigint {
    return this.#view.getBigInt64(this.#place(offset, 8), hostIsLittle);
  }

  /** A copy. */
  bytes(offset = 0, length = this.length - offset): Uint8Array<ArrayBuffer> {
    const at = this.#place(offset, length);
    return this.#bytes.slice(at, at + length);
  }

  /** Copies all of it to a place in other memory, which has room for it. */
  copyTo(target: Uint8Array, place: number): void {
    const at = this.#place(0, 0);
    target.set(this.#bytes.subarray(at, at + this.#length), place);
  }

  /** To the first NUL or the end of `length` bytes, as UTF-8. */
  text(offset: number, length: number): string {
    const at = this.#place(offset, length);
    let end = at;
    while (end < at + length && this.#bytes[end] !== 0) end++;
    return textOf(this.#bytes, at, end);
  }

  /** What a decoder makes of it, which must not keep the view. @internal */
  decode<Value>(decoder: (view: DataView, at: number, end: number) => Value): Value {
    const at = this.#place(0, 0);
    return decoder(this.#view, at, at + this.#length);
  }
}

/**
 * The consumer's side of a BPF ring buffer (kernel/bpf/ringbuf.c), on its memory: the page with the consumer's position, and the page with the producer's, behind which
 * the data stand twice, so that no record is in two pieces.
 *
 * Order of memory accesses. A producer writes a record, then its header without the busy bit by an atomic exchange, a full barrier; the position it raised before is read
 * by us with a sequentially consistent load, each header with an acquiring one (on x86-64 any load is): behind one without the busy bit the record is whole.
 * Our position is written with a sequentially consistent store, after the record's last read, so the kernel never overwrites what is being read. The kernel wakes
 * us for a record that stands at our position; a record that is completed between our look at it and the store of our position is seen by the look that follows every
 * store, as both are full barriers. So the loop ends only after a look that found nothing new.
 */
export class RingReader {
  readonly size: number;
  readonly #consumer: BigInt64Array;
  readonly #producer: BigInt64Array;
  readonly #headers: Int32Array;
  readonly #record: RingRecord;
  readonly #releaseAfter: number;
  /** Beyond 32 bits after 4 GB; so its place within the data is kept apart. */
  #position: number;
  #offset: number;
  #reading = false;
  #stopped = false;
  #discarded = 0;
  #bytes = 0;
  #records = 0;

  /** `producer`: the position's page of `pageSize` bytes, then 2 × `size` of data. */
  constructor(consumer: ArrayBuffer, producer: ArrayBuffer, pageSize: number, size: number) {
    this.size = size;
    this.#consumer = new BigInt64Array(consumer, 0, 1);
    this.#producer = new BigInt64Array(producer, 0, 1);
    this.#headers = new Int32Array(producer, pageSize, (2 * size) / 4);
    this.#record = new RingRecord(producer, pageSize, 2 * size);
    this.#releaseAfter = size / 8;
    this.#position = Number(Atomics.load(this.#consumer, 0));
    this.#offset = this.#position % size;
  }

  /** Records that were given, their bytes, and records that programs took back. */
  get statistics(): { readonly records: number; readonly bytes: number; readonly discarded: number } {
    return { records: this.#records, bytes: this.#bytes, discarded: this.#discarded };
  }

  /** Bytes that wait, records that are being written among them. */
  get waiting(): number {
    return Number(Atomics.load(this.#producer, 0)) - this.#position;
  }

  /** For the function that is being given a record: it is the last one. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Gives each record that is complete to `each`, in order, at most `limit`. A record counts as read when `each` returns or throws; what it throws is thrown on. Gives how many
   * there were. Throws `malformed` for a header that cannot be.
   */
  read(each: (record: RingRecord) => void, limit = Infinity): number {
    if (this.#reading) throw new OopscopeError("bad-argument", "a ring buffer is read by a function that it gave a record to", {});
    this.#reading = true;
    this.#stopped = false;
    const before = this.#records;
    try {
      for (;;) {
        const most = limit - (this.#records - before);
        if (most <= 0 || this.#pass(each, Math.min(most, 1 << 30) | 0) === 0 || this.#stopped) return this.#records - before;
      }
    } finally {
      this.#reading = false;
    }
  }

  /** Gives what is complete now, about an eighth of the ring at most, and makes room for it: how many bytes it was. */
  #pass(each: (record: RingRecord) => void, most: number): number {
    const { waiting } = this;
    const enough = Math.min(waiting, this.#releaseAfter) | 0;
    const whole = Math.min(waiting, 1 << 30) | 0;
    const inOrder = loadsInOrder;
    const headers = this.#headers;
    const record = this.#record;
    const mask = this.size - 1;
    let offset = this.#offset;
    let done = 0;
    let given = 0;
    let bytes = 0;
    let dropped = 0;
    try {
      // All numbers are small integers, and nothing of `this` is read between two records: that is what makes it fast.
      while (done < enough && given < most) {
        const header = inOrder ? headers[offset >>> 2]! : Atomics.load(headers, offset >>> 2);
        // The sign is the busy bit.
        if (header < 0) break;
        const length = header & lengthMask;
        const at = (offset + headerSize) | 0;
        const step = (length + headerSize + 7) & ~7;
        if (step > whole - done) throw new OopscopeError("malformed", `a ring buffer holds a record of ${length} bytes at ${this.#position + done}, and ends at ${this.#position + waiting}`, { length, position: this.#position + done });
        offset = (offset + step) & mask;
        done = (done + step) | 0;
        if ((header & discarded) !== 0) {
          dropped = (dropped + 1) | 0;
          continue;
        }
        given = (given + 1) | 0;
        bytes = (bytes + length) | 0;
        record.point(at, length);
        each(record);
        if (this.#stopped) break;
      }
    } finally {
      record.point(0, -1);
      this.#records += given;
      this.#bytes += bytes;
      this.#discarded += dropped;
      if (done > 0) this.#release(done, offset);
    }
    return done;
  }

  #release(bytes: number, offset: number): void {
    this.#position += bytes;
    this.#offset = offset;
    Atomics.store(this.#consumer, 0, BigInt(this.#position));
  }
}
