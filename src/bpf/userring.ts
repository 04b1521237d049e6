import { OopscopeError } from "../base/index.ts";
import { hostIsLittle } from "./bytes.ts";
import { closed } from "./handle.ts";
import { mapShared, unmap, type BpfMap } from "./map.ts";
import { loadNative, type Native } from "./native.ts";

const headerSize = 8;

/**
 * The producer's side of a user ring buffer (kernel/bpf/ringbuf.c), on its memory: the page with the kernel's position, and the page with ours, behind which the data stand twice.
 * A record is whole before our position says that it is there (a sequentially consistent store), and its room is taken again only after the kernel's position (a sequentially
 * consistent load) has passed it; so no record is ever seen half written, and the busy bit is not needed.
 */
export class UserRingWriter {
  readonly size: number;
  readonly #consumer: BigInt64Array;
  readonly #producer: BigInt64Array;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #position: number;
  #records = 0;

  /** `producer`: the position's page of `pageSize` bytes, then 2 × `size` of data. */
  constructor(consumer: ArrayBuffer, producer: ArrayBuffer, pageSize: number, size: number) {
    this.size = size;
    this.#consumer = new BigInt64Array(consumer, 0, 1);
    this.#producer = new BigInt64Array(producer, 0, 1);
    this.#view = new DataView(producer, pageSize, 2 * size);
    this.#bytes = new Uint8Array(producer, pageSize, 2 * size);
    this.#position = Number(Atomics.load(this.#producer, 0));
  }

  /** Records that were written. */
  get records(): number {
    return this.#records;
  }

  /** Bytes of the longest record that there is room for now; below 0 for none. */
  get room(): number {
    return this.size - (this.#position - Number(Atomics.load(this.#consumer, 0))) - headerSize;
  }

  /** Whether there was room for it. Throws `bad-argument` for what never fits. */
  write(record: Uint8Array): boolean {
    const step = (record.length + headerSize + 7) & ~7;
    if (step > this.size) throw new OopscopeError("bad-argument", `a record of ${record.length} bytes does not fit into a ring of ${this.size}`, { length: record.length, size: this.size });
    if (step - headerSize > this.room) return false;
    const at = this.#position % this.size;
    this.#view.setUint32(at, record.length, hostIsLittle);
    this.#view.setUint32(at + 4, 0, hostIsLittle);
    this.#bytes.set(record, at + headerSize);
    this.#position += step;
    this.#records++;
    Atomics.store(this.#producer, 0, BigInt(this.#position));
    return true;
  }
}

/** Looks at the ring anew after so many milliseconds: to poll(2) it is writable when there is room for anything at all. */
const patience = 5;

/**
 * The writing end of a BPF_MAP_TYPE_USER_RINGBUF (6.1): records for programs, which take them by `bpf_user_ringbuf_drain`. A ring has one writer. What programs do not take stays, and
 * when the ring is full `write` says so: that is the back-pressure.
 */
export class UserRingBuffer {
  readonly name: string;
  readonly #unmap: () => void;
  #writer: UserRingWriter | null;

  /** Opens a map's ring. `close` ends it. */
  static async open(map: BpfMap): Promise<UserRingBuffer> {
    if (map.type !== "user-ringbuf") throw new OopscopeError("bad-argument", `the map ${map.name} is a ${map.type}, no user ring buffer`, { map: map.name });
    return new UserRingBuffer(await loadNative(), map);
  }

  private constructor(native: Native, map: BpfMap) {
    this.name = map.name;
    const { pageSize } = native;
    const size = map.info().maxEntries;
    const what = `the user ring buffer ${map.name}`;
    const consumer = mapShared(native, map.descriptor, pageSize, 0, "read", what);
    let producer: bigint;
    try {
      producer = mapShared(native, map.descriptor, pageSize + 2 * size, pageSize, "read-write", what);
    } catch (error) {
      unmap(native, consumer, pageSize);
      throw error;
    }
    this.#writer = new UserRingWriter(native.view(consumer, pageSize), native.view(producer, pageSize + 2 * size), pageSize, size);
    this.#unmap = () => {
      unmap(native, consumer, pageSize);
      unmap(native, producer, pageSize + 2 * size);
    };
  }

  #open(): UserRingWriter {
    if (this.#writer === null) throw closed(`the user ring buffer ${this.name}`);
    return this.#writer;
  }

  /** Gives a record to the programs; false if there is no room for it now. Values of a type are made bytes by `encodeValue`. */
  write(record: Uint8Array): boolean {
    return this.#open().write(record);
  }

  /** Resolves when there is room for a record of so many bytes: true, or false after an abort or `close`. */
  async wait(length: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const { size } = this.#open();
    if (length + headerSize > size) throw new OopscopeError("bad-argument", `a record of ${length} bytes does not fit into a ring of ${size}`, { length, size });
    while (this.#writer !== null && signal?.aborted !== true) {
      if (this.#writer.room >= ((length + 7) & ~7)) return true;
      await new Promise<void>((resolve) => setTimeout(resolve, patience));
    }
    return false;
  }

  statistics(): { readonly records: number; readonly room: number; readonly size: number } {
    const { records, room, size } = this.#open();
    return { records, room, size };
  }

  /** Ends writing; what was written stays for the programs. A second time it does nothing. */
  close(): void {
    if (this.#writer === null) return;
    this.#writer = null;
    this.#unmap();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
