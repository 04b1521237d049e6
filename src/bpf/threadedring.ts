import { Worker } from "node:worker_threads";
import { OopscopeError } from "../base/index.ts";
import { packagedFile } from "../system/index.ts";
import { recordAt, shared, type Batch, type DrainOptions } from "./drain.ts";
import { closed } from "./handle.ts";
import type { BpfMap } from "./map.ts";
import { RingRecord } from "./ring.ts";
import type { RingBufferOptions, RingStatistics } from "./ringbuffer.ts";

export type ThreadedRingOptions<Event> = RingBufferOptions<Event> & {
  /** Bytes of records that wait for this thread at most, 64 MB if nothing is said. Beyond it the ring fills, and programs find no room. */
  readonly mostHeld?: number;
};

type Said = { readonly ready?: true; readonly batch?: Batch; readonly failed?: string };

/**
 * A ring buffer that a thread of its own drains, so that nothing is lost while this one is busy: the events wait in memory instead. For bursts; where this thread is too slow all
 * the time, the memory fills, then the ring, and the program counts what it cannot write. Each record is copied once more than by `RingBuffer`. A ring has one reader.
 *
 *     await using ring = await ThreadedRing.open(object.map("events"), { decode: eventDecoder(object.btf!, "event") });
 *     for await (const event of ring) …
 */
export class ThreadedRing<Event = Uint8Array> implements AsyncIterable<Event> {
  readonly name: string;
  readonly #size: number;
  readonly #options: ThreadedRingOptions<Event>;
  readonly #worker: Worker;
  readonly #counters: BigInt64Array;
  readonly #ended: Promise<void>;
  readonly #batches: Batch[] = [];
  #wake: (() => void) | null = null;
  #failed: OopscopeError | null = null;
  #open = true;

  /** Starts the thread; it has the ring when this resolves. `close` ends it, and the object that the map is of must stay open until then. */
  static async open<Event = Uint8Array>(map: BpfMap, options: ThreadedRingOptions<Event> = {}): Promise<ThreadedRing<Event>> {
    if (map.type !== "ringbuf") throw new OopscopeError("bad-argument", `the map ${map.name} is a ${map.type}, no ring buffer`, { map: map.name });
    const ring = new ThreadedRing(map, options);
    await ring.#ready();
    return ring;
  }

  private constructor(map: BpfMap, options: ThreadedRingOptions<Event>) {
    const counters = new SharedArrayBuffer(8 * shared.count);
    this.name = map.name;
    this.#size = map.info().maxEntries;
    this.#options = options;
    this.#counters = new BigInt64Array(counters);
    const workerData: DrainOptions = { descriptor: map.descriptor, name: map.name, size: this.#size, mostHeld: options.mostHeld ?? 1 << 26, counters };
    this.#worker = new Worker(packagedFile("bpf/ring-thread.js"), { trackUnmanagedFds: false, workerData });
    this.#worker.on("message", ({ batch, failed }: Said) => {
      if (batch !== undefined) this.#batches.push(batch);
      if (failed !== undefined) this.#fail(failed);
      this.#wake?.();
    });
    this.#worker.on("error", (error) => this.#fail(error.message));
    this.#ended = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
    // It keeps the process only while somebody waits for it.
    this.#worker.unref();
  }

  #fail(why: string): void {
    this.#failed ??= new OopscopeError("unreadable", `the thread that reads the ring buffer ${this.name} failed: ${why}`, { map: this.name });
    this.#wake?.();
  }

  async #ready(): Promise<void> {
    this.#worker.ref();
    try {
      await new Promise<void>((resolve) => {
        this.#worker.once("message", () => resolve());
        void this.#ended.then(resolve);
      });
    } finally {
      this.#worker.unref();
    }
    if (this.#failed !== null) throw this.#failed;
  }

  /** All events, as they come, in arrays: what the thread has read at once. Ends with `close` or an abort. Throws `unreadable` if the thread fails. */
  async *batches({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Event[], void, void> {
    while (this.#open && signal?.aborted !== true) {
      if (this.#batches.length > 0) {
        yield this.take();
        // Signals, timers and other rings have their turn, however fast events come.
        await new Promise<void>((resolve) => setImmediate(resolve));
      } else if (this.#failed !== null) throw this.#failed;
      else await this.#wait(signal);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    for await (const events of this.batches()) for (const event of events) yield event;
  }

  /** The events of the next batch that has arrived; none if there is none. */
  take(): Event[] {
    if (!this.#open) throw closed(`the ring buffer ${this.name}`);
    const batch = this.#batches.shift();
    if (batch === undefined) return [];
    const decode = this.#options.decode ?? ((record: RingRecord) => record.bytes() as Event);
    const record = new RingRecord(batch.memory, 0, batch.memory.byteLength);
    const events: Event[] = [];
    try {
      for (let at = 0, number = 0; number < batch.records; number++) {
        const { from, length, next } = recordAt(batch, at);
        record.point(from, length);
        events.push(decode(record));
        at = next;
      }
    } finally {
      record.point(0, -1);
      Atomics.sub(this.#counters, shared.held, BigInt(batch.memory.byteLength));
      Atomics.notify(this.#counters, shared.held);
    }
    return events;
  }

  async #wait(signal?: AbortSignal): Promise<void> {
    if (this.#wake !== null) throw new OopscopeError("bad-argument", `the ring buffer ${this.name} is waited for already`, {});
    this.#worker.ref();
    const wake = (): void => this.#wake?.();
    try {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal?.addEventListener("abort", wake, { once: true });
      });
    } finally {
      signal?.removeEventListener("abort", wake);
      this.#wake = null;
      this.#worker.unref();
    }
  }

  /** `records` and `bytes` are what the thread has read, `waiting` what is in the ring; `held` are bytes that were read and not taken yet. */
  statistics(): RingStatistics & { readonly held: number } {
    if (!this.#open) throw closed(`the ring buffer ${this.name}`);
    const { lost } = this.#options;
    const count = lost === undefined ? null : typeof lost === "function" ? lost() : lost.get();
    const counter = (index: number) => Number(Atomics.load(this.#counters, index));
    return {
      records: counter(shared.records), bytes: counter(shared.bytes), discarded: counter(shared.discarded), lost: count === null ? null : BigInt(count as number | bigint),
      waiting: counter(shared.waiting), size: this.#size, held: counter(shared.held),
    };
  }

  /** Ends the thread, which lets go of the ring within a twentieth of a second. What was not taken is gone. A second time it only waits. */
  async close(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      Atomics.store(this.#counters, shared.closed, 1n);
      Atomics.notify(this.#counters, shared.held);
      this.#wake?.();
      this.#worker.ref();
    }
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
