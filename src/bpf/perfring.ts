import { OopscopeError } from "../base/index.ts";
import { hostIsLittle } from "./bytes.ts";
import { RingRecord } from "./ring.ts";

/** Kinds of records (include/uapi/linux/perf_event.h, enum perf_event_type). */
const lostRecord = 2;
const sampleRecord = 9;
/** Where a page of a perf event's memory has the kernel's position and ours (struct perf_event_mmap_page, data_head and data_tail). */
const headAt = 1024;
const tailAt = 1032;

/**
 * The reading end of one CPU's perf event, on its memory: a page of positions, then `size` bytes of data, in which the last record may go on at the front. The kernel's position is read
 * by an acquiring load, ours stored after the last read of a record, as `RingReader` has it (Documentation: perf_event_mmap_page).
 */
export class PerfRingReader {
  readonly #positions: BigInt64Array;
  readonly #data: DataView;
  readonly #bytes: Uint8Array;
  readonly #size: number;
  readonly #whole: RingRecord;
  /** A record that goes on at the front, put together. */
  readonly #scratch = new Uint8Array(new ArrayBuffer(1 << 16));
  readonly #pieced = new RingRecord(this.#scratch.buffer, 0, this.#scratch.length);
  #tail: number;

  constructor(memory: ArrayBuffer, pageSize: number, size: number) {
    this.#positions = new BigInt64Array(memory, 0, pageSize / 8);
    this.#data = new DataView(memory, pageSize, size);
    this.#bytes = new Uint8Array(memory, pageSize, size);
    this.#size = size;
    this.#whole = new RingRecord(memory, pageSize, size);
    this.#tail = Number(Atomics.load(this.#positions, tailAt / 8));
  }

  /** Gives each sample's data to `each` and each count of lost ones to `lost`; at most `limit` samples. How many there were. Throws `malformed`. */
  read(each: (record: RingRecord) => void, lost: (count: bigint) => void, limit = Infinity): number {
    const head = Number(Atomics.load(this.#positions, headAt / 8));
    let count = 0;
    let at = this.#tail;
    try {
      while (at < head && count < limit) {
        const offset = at % this.#size;
        const type = this.#data.getUint32(offset, hostIsLittle);
        const size = this.#data.getUint16(offset + 6, hostIsLittle);
        if (size < 8 || at + size > head) throw new OopscopeError("malformed", `a perf buffer holds a record of ${size} bytes at ${at}, and ends at ${head}`, { size, position: at });
        at += size;
        if (type === sampleRecord) {
          count++;
          this.#sample(offset, size, each);
        } else if (type === lostRecord) lost(this.#lost(offset));
      }
      return count;
    } finally {
      if (at !== this.#tail) Atomics.store(this.#positions, tailAt / 8, BigInt(at));
      this.#tail = at;
    }
  }

  /** struct { header; u32 size; char data[size]; }. Records begin at multiples of eight, so the first eight bytes are never in two pieces. */
  #sample(offset: number, size: number, each: (record: RingRecord) => void): void {
    if (offset + size <= this.#size) {
      this.#give(this.#whole, offset, this.#data.getUint32(offset + 8, hostIsLittle), size, each);
      return;
    }
    const first = this.#size - offset;
    this.#scratch.set(this.#bytes.subarray(offset, this.#size));
    this.#scratch.set(this.#bytes.subarray(0, size - first), first);
    this.#give(this.#pieced, 0, new DataView(this.#scratch.buffer).getUint32(8, hostIsLittle), size, each);
  }

  #give(record: RingRecord, offset: number, length: number, size: number, each: (record: RingRecord) => void): void {
    if (length + 12 > size) throw new OopscopeError("malformed", `a perf buffer holds a sample of ${length} bytes in a record of ${size}`, { size, length });
    record.point(offset + 12, length);
    try {
      each(record);
    } finally {
      record.point(0, -1);
    }
  }

  /** struct { header; u64 id; u64 lost; }. */
  #lost(offset: number): bigint {
    return this.#data.getBigUint64((offset + 16) % this.#size, hostIsLittle);
  }
}
