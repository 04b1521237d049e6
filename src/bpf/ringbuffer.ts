import { OopscopeError } from "../base/index.ts";
import { sizeOf, typeText, type Btf } from "../btf/index.ts";
import { compiledDecoderOf } from "./decode.ts";
import { closed } from "./handle.ts";
import { mapShared, unmap, type BpfMap } from "./map.ts";
import { loadNative, type Native, type PollHandle } from "./native.ts";
import { RingReader, type RingRecord } from "./ring.ts";
import type { BpfVariable } from "./variable.ts";

export type RingBufferOptions<Event> = {
  /** What a record becomes; default: a copy of its bytes. From BTF: `eventDecoder(object.btf, "event")`. */
  readonly decode?: (record: RingRecord) => Event;
  /**
   * Where the program counts what it could not write, as the kernel tells nobody: a variable, or a function that reads a counter. Without it `lost` is null: unknown.
   */
  readonly lost?: BpfVariable | (() => number | bigint);
};

export type RingStatistics = {
  readonly records: number;
  readonly bytes: number;
  /** Records that programs took back (`bpf_ringbuf_discard`). */
  readonly discarded: number;
  /** Records that programs had no room for, as they counted it; null if they do not. */
  readonly lost: bigint | null;
  /** Bytes that wait now, and the size of the ring. */
  readonly waiting: number;
  readonly size: number;
};

/** So many records at a time; then other work has its turn. */
const batchSize = 1024;

/**
 * The reading end of a BPF_MAP_TYPE_RINGBUF. A ring has one reader. What is not read stays in the ring, and when that is full programs cannot write: that is the
 * back-pressure, and `statistics().lost` tells of it.
 *
 *     for await (const event of ring) …            one by one
 *     for await (const events of ring.batches()) …  all there is, up to 1024, as an array
 *     ring.read((record) => …)                     what is there now, in place, without waiting
 */
export class RingBuffer<Event = Uint8Array> implements AsyncIterable<Event> {
  readonly name: string;
  readonly #native: Native;
  readonly #map: BpfMap;
  readonly #options: RingBufferOptions<Event>;
  readonly #decode: (record: RingRecord) => Event;
  readonly #unmap: () => void;
  #reading = false;
  #reader: RingReader | null;
  #poll: PollHandle | null = null;
  #wake: (() => void) | null = null;

  /** Opens a map's ring. `close` ends it, and the object that the map is of must stay open until then. */
  static async open<Event = Uint8Array>(map: BpfMap, options: RingBufferOptions<Event> = {}): Promise<RingBuffer<Event>> {
    if (map.type !== "ringbuf") throw new OopscopeError("bad-argument", `the map ${map.name} is a ${map.type}, no ring buffer`, { map: map.name });
    return new RingBuffer(await loadNative(), map, options);
  }

  private constructor(native: Native, map: BpfMap, options: RingBufferOptions<Event>) {
    this.name = map.name;
    this.#native = native;
    this.#map = map;
    this.#options = options;
    this.#decode = options.decode ?? ((record) => record.bytes() as Event);
    const { pageSize } = native;
    // As the kernel has it: libbpf rounds what the object says to what a ring may have.
    const size = map.info().maxEntries;
    const what = `the ring buffer ${map.name}`;
    const consumer = mapShared(native, map.descriptor, pageSize, 0, "read-write", what);
    let producer: bigint;
    try {
      producer = mapShared(native, map.descriptor, pageSize + 2 * size, pageSize, "read", what);
    } catch (error) {
      unmap(native, consumer, pageSize);
      throw error;
    }
    this.#reader = new RingReader(native.view(consumer, pageSize), native.view(producer, pageSize + 2 * size), pageSize, size);
    this.#unmap = () => {
      unmap(native, consumer, pageSize);
      unmap(native, producer, pageSize + 2 * size);
    };
  }

  #open(): RingReader {
    if (this.#reader === null) throw closed(`the ring buffer ${this.name}`);
    return this.#reader;
  }

  /** Gives the records that are there to `each`, in place, at most `limit`; a record is good until `each` returns. How many there were. */
  read(each: (record: RingRecord) => void, limit = Infinity): number {
    const reader = this.#open();
    this.#reading = true;
    try {
      const count = reader.read(each, limit);
      // `each` may have closed it.
      this.#open();
      return count;
    } finally {
      this.#reading = false;
      if (this.#reader === null) this.#unmap();
    }
  }

  /** The same, decoded. */
  take(limit = Infinity): Event[] {
    const events: Event[] = [];
    const decode = this.#decode;
    this.read((record) => events.push(decode(record)), limit);
    return events;
  }

  /** Resolves when there may be something to read: true, or false after `timeout` milliseconds, an abort or `close`. One at a time. */
  async wait({ timeout, signal }: { readonly timeout?: number; readonly signal?: AbortSignal } = {}): Promise<boolean> {
    this.#open();
    if (this.#wake !== null) throw new OopscopeError("bad-argument", `the ring buffer ${this.name} is waited for already`, {});
    if (signal?.aborted === true) return false;
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | null = null;
      const done = (readable: boolean): void => {
        if (timer !== null) clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        // Stopped, as it would report what waits over and over.
        this.#poll?.close();
        this.#poll = null;
        this.#wake = null;
        resolve(readable);
      };
      const onAbort = (): void => done(false);
      this.#wake = () => done(false);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (timeout !== undefined) timer = setTimeout(() => done(false), timeout);
      this.#poll = this.#native.poll(this.#map.descriptor, () => done(true));
    });
  }

  /** All events, as they come, in arrays of at most 1024. Ends with `close` or an abort. */
  async *batches({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Event[], void, void> {
    while (this.#reader !== null && signal?.aborted !== true) {
      const events = this.take(batchSize);
      if (events.length > 0) {
        yield events;
        // Signals, timers and other rings have their turn, however fast events come.
        await new Promise<void>((resolve) => setImmediate(resolve));
      } else {
        // A record that is being written makes the ring readable: not a reason to spin.
        if (this.#reader.waiting > 0) await new Promise<void>((resolve) => setTimeout(resolve, 1));
        else await this.wait(signal === undefined ? {} : { signal });
      }
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    for await (const events of this.batches()) for (const event of events) yield event;
  }

  statistics(): RingStatistics {
    const reader = this.#open();
    const { lost } = this.#options;
    const count = lost === undefined ? null : typeof lost === "function" ? lost() : lost.get();
    return { ...reader.statistics, lost: typeof count === "bigint" ? count : typeof count === "number" ? BigInt(count) : null, waiting: reader.waiting, size: reader.size };
  }

  /** Ends reading; who waits is told. A second time it does nothing. */
  close(): void {
    if (this.#reader === null) return;
    this.#reader.stop();
    this.#reader = null;
    this.#wake?.();
    // The reader is between two records yet if it is `each` that closes.
    if (!this.#reading) this.#unmap();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A decoder for records of a type of an object, by the type's name or id. The object is `struct NAME` in C. Records that are shorter throw `bad-argument`. */
export function eventDecoder(btf: Btf, type: string | number): (record: RingRecord) => unknown {
  const id = typeof type === "number" ? type : btf.find(type, "struct", "union", "typedef");
  if (id === null) throw new OopscopeError("bad-argument", `${btf.origin.file} has no struct \`${type}\``, { type });
  const size = sizeOf(btf, id) ?? 0;
  const decode = compiledDecoderOf(btf, id);
  return (record) => {
    if (record.length < size) throw new OopscopeError("bad-argument", `a record of ${record.length} bytes is shorter than \`${typeText(btf, id)}\`, which has ${size}`, { length: record.length, size });
    return record.decode(decode);
  };
}
