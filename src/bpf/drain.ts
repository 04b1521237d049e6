import { OopscopeError } from "../base/index.ts";
import { fixedBytes, hostIsLittle, viewOf } from "./bytes.ts";
import { mapShared, unmap } from "./map.ts";
import { loadNative } from "./native.ts";
import { RingReader } from "./ring.ts";

/**
 * What the thread that drains a ring and the one that uses its events share: 64-bit counters. `held` are bytes that were read and not used yet; `closed` is 1 when the thread is
 * to end.
 */
export const shared = { closed: 0, held: 1, records: 2, bytes: 3, discarded: 4, waiting: 5, count: 6 } as const;

export type DrainOptions = {
  /** Of the map, in this process; open until the memory is mapped. */
  readonly descriptor: number;
  readonly name: string;
  /** Bytes of the ring. */
  readonly size: number;
  /** As many bytes are held at most, and one batch more: then the ring fills. */
  readonly mostHeld: number;
  readonly counters: SharedArrayBuffer;
};

/** Records one behind the other, each behind a word with its length, at multiples of 8. */
export type Batch = { readonly memory: ArrayBuffer; readonly records: number };

/** Bytes of records that go together, unless one is larger. */
const batchBytes = 1 << 18;
const batchRecords = 1024;
/** Milliseconds after which a thread that waits looks whether it is to end. */
const look = 50;
const POLLIN = 1;

/** Runs in a thread of its own: copies records out of the ring as they come, and hands them over, until it is told to end. */
export async function drainRing({ descriptor, name, size, mostHeld, counters }: DrainOptions, ready: () => void, give: (batch: Batch) => void): Promise<void> {
  const native = await loadNative();
  const { pageSize } = native;
  const what = `the ring buffer ${name}`;
  const consumer = mapShared(native, descriptor, pageSize, 0, "read-write", what);
  const producer = mapShared(native, descriptor, pageSize + 2 * size, pageSize, "read", what);
  const reader = new RingReader(native.view(consumer, pageSize), native.view(producer, pageSize + 2 * size), pageSize, size);
  const counts = new BigInt64Array(counters);
  const waited = pollOf(descriptor);
  ready();
  while (Atomics.load(counts, shared.closed) === 0n) {
    const held = Atomics.load(counts, shared.held);
    if (held >= BigInt(mostHeld)) Atomics.wait(counts, shared.held, held, look);
    else if (!drain()) native.libc.poll(waited, 1, look);
  }
  unmap(native, consumer, pageSize);
  unmap(native, producer, pageSize + 2 * size);

  /** Hands over what is there, at most a batch. False if there is nothing. */
  function drain(): boolean {
    let memory = new Uint8Array(new ArrayBuffer(batchBytes));
    let used = 0;
    const records = reader.read((record) => {
      const { length } = record;
      const end = used + 8 + ((length + 7) & ~7);
      if (end > memory.length) {
        const larger = new Uint8Array(new ArrayBuffer(end));
        larger.set(memory.subarray(0, used));
        memory = larger;
      }
      viewOf(memory).setUint32(used, length, true);
      record.copyTo(memory, used + 8);
      used = end;
      if (used >= batchBytes - 4096) reader.stop();
    }, batchRecords);
    const { statistics } = reader;
    Atomics.store(counts, shared.records, BigInt(statistics.records));
    Atomics.store(counts, shared.bytes, BigInt(statistics.bytes));
    Atomics.store(counts, shared.discarded, BigInt(statistics.discarded));
    Atomics.store(counts, shared.waiting, BigInt(reader.waiting));
    if (records === 0) return false;
    Atomics.add(counts, shared.held, BigInt(used));
    give({ memory: memory.buffer.slice(0, used), records });
    return true;
  }
}

/** A struct pollfd. */
function pollOf(descriptor: number): Uint8Array {
  const bytes = fixedBytes(8);
  const view = viewOf(bytes);
  view.setInt32(0, descriptor, hostIsLittle);
  view.setInt16(4, POLLIN, hostIsLittle);
  return bytes;
}

/** Where the record behind a batch's word lies, and how long it is. Throws `malformed` for what no drain writes. */
export function recordAt(batch: Batch, at: number): { readonly from: number; readonly length: number; readonly next: number } {
  const view = new DataView(batch.memory);
  const length = at + 8 <= view.byteLength ? view.getUint32(at, true) : Infinity;
  const next = at + 8 + Math.ceil(length / 8) * 8;
  if (next > view.byteLength) throw new OopscopeError("malformed", `a batch of ${view.byteLength} bytes has no record at ${at}`, { at });
  return { from: at + 8, length, next };
}
