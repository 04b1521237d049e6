import { closeSync, readFileSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { openPerfEvent } from "./attach.ts";
import { systemFailure } from "./failure.ts";
import { closed } from "./handle.ts";
import { mapShared, unmap, type BpfMap } from "./map.ts";
import { loadNative, type Native, type PollHandle } from "./native.ts";
import { PerfRingReader } from "./perfring.ts";
import type { RingRecord } from "./ring.ts";

export type PerfBufferOptions<Event> = {
  readonly decode?: (record: RingRecord) => Event;
  /** Pages of each CPU's buffer, a power of two; default 64. */
  readonly pages?: number;
};

type Cpu = { readonly number: number; readonly event: number; readonly memory: bigint; readonly size: number; readonly reader: PerfRingReader };

const batchSize = 1024;

/**
 * The reading end of a BPF_MAP_TYPE_PERF_EVENT_ARRAY: a buffer for each CPU that is on line. For kernels without ring buffers (before 5.8) and programs that were written for those. The kernel counts
 * what it had no room for. Events of one CPU are in order; those of several are not.
 */
export class PerfBuffer<Event = Uint8Array> implements AsyncIterable<Event> {
  readonly name: string;
  readonly #native: Native;
  readonly #decode: (record: RingRecord) => Event;
  #cpus: Cpu[] | null = [];
  #wake: (() => void) | null = null;
  #reading = false;
  #records = 0;
  #lost = 0n;

  static async open<Event = Uint8Array>(map: BpfMap, options: PerfBufferOptions<Event> = {}): Promise<PerfBuffer<Event>> {
    if (map.type !== "perf-event-array") throw new OopscopeError("bad-argument", `the map ${map.name} is a ${map.type}, no perf buffer`, { map: map.name });
    const pages = options.pages ?? 64;
    if (!Number.isInteger(pages) || pages < 1 || (pages & (pages - 1)) !== 0) throw new OopscopeError("bad-argument", `${pages} pages: it must be a power of two`, { pages });
    return new PerfBuffer(await loadNative(), map, options, pages);
  }

  private constructor(native: Native, map: BpfMap, options: PerfBufferOptions<Event>, pages: number) {
    this.name = map.name;
    this.#native = native;
    this.#decode = options.decode ?? ((record) => record.bytes() as Event);
    try {
      for (const number of onlineCpus()) {
        if (number >= map.maxEntries) break;
        this.#cpus!.push(openCpu(native, map, number, pages));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(): Cpu[] {
    if (this.#cpus === null) throw closed(`the perf buffer ${this.name}`);
    return this.#cpus;
  }

  /** Gives the records that are there to `each`, in place, CPU by CPU. A record is good until `each` returns. */
  read(each: (record: RingRecord, cpu: number) => void, limit = Infinity): number {
    const cpus = this.#open();
    if (this.#reading) throw new OopscopeError("bad-argument", "a perf buffer is read by a function that it gave a record to", {});
    this.#reading = true;
    let count = 0;
    try {
      for (const { reader, number } of cpus) {
        count += reader.read(
          (record) => {
            this.#records++;
            each(record, number);
            if (this.#cpus === null) throw closed(`the perf buffer ${this.name}`);
          },
          (lost) => (this.#lost += lost),
          limit - count,
        );
      }
      return count;
    } finally {
      this.#reading = false;
      if (this.#cpus === null) this.#release(cpus);
    }
  }

  take(limit = Infinity): Event[] {
    const events: Event[] = [];
    this.read((record) => events.push(this.#decode(record)), limit);
    return events;
  }

  /** Resolves when there may be something to read, or at an abort or `close`. */
  async wait({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const cpus = this.#open();
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      let polls: PollHandle[] = [];
      const done = (): void => {
        for (const poll of polls) poll.close();
        polls = [];
        signal?.removeEventListener("abort", done);
        this.#wake = null;
        resolve();
      };
      this.#wake = done;
      signal?.addEventListener("abort", done, { once: true });
      polls = cpus.map(({ event }) => this.#native.poll(event, done));
    });
  }

  async *batches({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Event[], void, void> {
    while (this.#cpus !== null && signal?.aborted !== true) {
      const events = this.take(batchSize);
      if (events.length > 0) {
        yield events;
        await new Promise<void>((resolve) => setImmediate(resolve));
      } else await this.wait(signal === undefined ? {} : { signal });
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    for await (const events of this.batches()) for (const event of events) yield event;
  }

  /** `lost`: as the kernel counted, told when there is room again. */
  statistics(): { readonly records: number; readonly lost: bigint } {
    return { records: this.#records, lost: this.#lost };
  }

  close(): void {
    const cpus = this.#cpus;
    if (cpus === null) return;
    this.#cpus = null;
    this.#wake?.();
    if (!this.#reading) this.#release(cpus);
  }

  #release(cpus: readonly Cpu[]): void {
    for (const { event, memory, size } of cpus) {
      unmap(this.#native, memory, size);
      closeSync(event);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function openCpu(native: Native, map: BpfMap, number: number, pages: number): Cpu {
  // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT, PERF_SAMPLE_RAW; woken by each.
  const event = openPerfEvent(native, { type: 1, config: 10n, sample: 1n, sampleType: 1 << 10, wakeup: 1 }, -1, number);
  const size = (1 + pages) * native.pageSize;
  let memory: bigint | null = null;
  try {
    memory = mapShared(native, event, size, 0, "read-write", `the perf buffer ${map.name}`);
    map.set(number, event);
    // PERF_EVENT_IOC_ENABLE.
    if (native.libc.ioctl(event, 0x2400, 0) < 0) throw systemFailure(`switch the perf buffer ${map.name} on`, native.errno(), []);
    return { number, event, memory, size, reader: new PerfRingReader(native.view(memory, size), native.pageSize, pages * native.pageSize) };
  } catch (error) {
    if (memory !== null) unmap(native, memory, size);
    closeSync(event);
    throw error;
  }
}

/** `0-3,5` of /sys/devices/system/cpu/online. */
function onlineCpus(): number[] {
  const text = readFileSync("/sys/devices/system/cpu/online", "utf8").trim();
  return text.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number) as [number, number?];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
