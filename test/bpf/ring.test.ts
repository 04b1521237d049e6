import { expect, it } from "vitest";
import { RingReader, type RingRecord } from "../../src/bpf/ring.ts";
import { randomForTest } from "../support/seed.ts";

const pageSize = 4096;

/** The kernel's side of a ring (kernel/bpf/ringbuf.c): reserves, fills and commits records, in memory that stands twice. */
class Producer {
  readonly size: number;
  readonly consumer = new ArrayBuffer(pageSize);
  readonly memory: ArrayBuffer;
  readonly #data: DataView;
  position = 0;

  constructor(size: number, start = 0) {
    this.size = size;
    this.memory = new ArrayBuffer(pageSize + 2 * size);
    this.#data = new DataView(this.memory, pageSize);
    this.position = start;
    new BigInt64Array(this.consumer)[0] = BigInt(start);
    new BigInt64Array(this.memory)[0] = BigInt(start);
  }

  get consumed(): number {
    return Number(new BigInt64Array(this.consumer)[0]);
  }

  /** A byte, in both copies. */
  #write(at: number, value: number): void {
    const place = at % this.size;
    this.#data.setUint8(place, value);
    this.#data.setUint8(place + this.size, value);
  }

  #header(at: number, value: number): void {
    for (let byte = 0; byte < 4; byte++) this.#write(at + byte, (value >>> (8 * byte)) & 0xff);
  }

  /** Null if there is no room. */
  reserve(length: number): number | null {
    const step = (length + 8 + 7) & ~7;
    if (this.position + step - this.consumed > this.size - 1) return null;
    const at = this.position;
    this.#header(at, (length | 0x8000_0000) >>> 0);
    this.position += step;
    new BigInt64Array(this.memory)[0] = BigInt(this.position);
    return at;
  }

  commit(at: number, bytes: Uint8Array, discard = false): void {
    for (const [index, byte] of bytes.entries()) this.#write(at + 8 + index, byte);
    this.#header(at, (bytes.length | (discard ? 0x4000_0000 : 0)) >>> 0);
  }

  reader(): RingReader {
    return new RingReader(this.consumer, this.memory, pageSize, this.size);
  }
}

const taken = (reader: RingReader, limit?: number): number[][] => {
  const records: number[][] = [];
  reader.read((record) => records.push([...record.bytes()]), limit);
  return records;
};

it("records come in order, those that were taken back do not, and the reader stops at one that is being written", () => {
  const ring = new Producer(4096);
  const reader = ring.reader();
  const [first, second, third, fourth] = [3, 8, 1, 2].map((length) => ring.reserve(length)!);
  ring.commit(first!, Uint8Array.of(1, 2, 3));
  ring.commit(second!, new Uint8Array(8), true);
  ring.commit(fourth!, Uint8Array.of(9, 9));
  expect(taken(reader)).toEqual([[1, 2, 3]]);
  expect({ consumed: ring.consumed, waiting: reader.waiting }).toEqual({ consumed: 32, waiting: 32 });
  ring.commit(third!, Uint8Array.of(7));
  expect(taken(reader)).toEqual([[7], [9, 9]]);
  expect(reader.statistics).toEqual({ records: 3, bytes: 6, discarded: 1 });
  expect(ring.consumed).toBe(ring.position);
});

it("a record is read by its fields, within its bounds, and no longer than it is there", () => {
  const ring = new Producer(4096);
  const reader = ring.reader();
  ring.commit(ring.reserve(24)!, Uint8Array.of(1, 0, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 0x88, 0x68, 0x69, 0, 0x70, 0, 0, 0, 0));
  let kept: RingRecord | null = null;
  reader.read((record) => {
    kept = record;
    expect([record.u8(0), record.u16(2), record.i32(4), record.u32(4), record.u64(8), record.i64(8), record.text(16, 8), record.length]).toEqual([1, 65535, -2, 4294967294, 0x8807060504030201n, -0x77f8f9fafbfcfdffn, "hi", 24]);
    for (const [offset, size] of [[24, 1], [21, 4], [-1, 1], [NaN, 1]] as const) {
      expect(() => record.bytes(offset, size)).toThrow(`${size} bytes at ${offset} of a record of 24`);
    }
  });
  expect(() => kept!.u8(0)).toThrow("a record is read after the function that it was given to returned");
  expect(() => kept!.length).toThrow("a record is read after");
});

it("what is thrown while a record is looked at ends the reading behind that record", () => {
  const ring = new Producer(4096);
  const reader = ring.reader();
  for (const value of [1, 2, 3]) ring.commit(ring.reserve(1)!, Uint8Array.of(value));
  expect(() => reader.read((record) => {
    if (record.u8(0) === 2) throw new Error("enough");
  })).toThrow("enough");
  expect(taken(reader)).toEqual([[3]]);
  ring.commit(ring.reserve(1)!, Uint8Array.of(4));
  expect(() => reader.read(() => reader.read(() => {}))).toThrow("a ring buffer is read by a function that it gave a record to");
});

it("what the kernel cannot have written is an error", () => {
  const ring = new Producer(4096);
  const reader = ring.reader();
  const at = ring.reserve(8)!;
  ring.commit(at, new Uint8Array(8));
  new DataView(ring.memory, pageSize).setUint32(0, 5000, true);
  expect(() => taken(reader)).toThrow("a ring buffer holds a record of 5000 bytes at 0, and ends at 16");
});

it.each([0, 2 ** 31 - 4096, 2 ** 32 - 4096, 2 ** 45])("nothing is lost or doubled over many turns of the ring, from position %d on", (start) => {
  const source = randomForTest(`ring from ${start}`);
  const random = (below: number): number => source.below(below);
  const ring = new Producer(4096, start);
  const reader = ring.reader();
  const open: { at: number; bytes: Uint8Array; discard: boolean }[] = [];
  const expected: number[][] = [];
  const got: number[][] = [];
  let serial = 0;
  for (let step = 0; step < 20_000; step++) {
    if (random(3) > 0) {
      const bytes = Uint8Array.from({ length: random(200) }, () => serial & 0xff);
      const at = ring.reserve(bytes.length);
      if (at !== null) {
        const discard = random(8) === 0;
        open.push({ at, bytes, discard });
        if (!discard) expected.push([...bytes]);
        serial++;
      }
    }
    // Producers finish in any order.
    if (open.length > 0 && random(4) > 0) {
      const [{ at, bytes, discard }] = open.splice(random(open.length), 1) as [(typeof open)[0]];
      ring.commit(at, bytes, discard);
    }
    if (random(5) === 0) got.push(...taken(reader, random(2) === 0 ? undefined : 1 + random(5)));
  }
  for (const { at, bytes, discard } of open) ring.commit(at, bytes, discard);
  got.push(...taken(reader));
  expect(got).toEqual(expected);
  expect(reader.waiting).toBe(0);
});
