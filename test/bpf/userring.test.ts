import { expect, it } from "vitest";
import { UserRingWriter } from "../../src/bpf/userring.ts";
import { randomForTest } from "../support/seed.ts";

const pageSize = 4096;

/** The kernel's side (kernel/bpf/ringbuf.c, __bpf_user_ringbuf_peek): takes records that are whole. The memory stands twice only in the kernel: a record is read where it was written. */
class Taker {
  readonly consumer = new ArrayBuffer(pageSize);
  readonly memory: ArrayBuffer;
  readonly #size: number;
  position: number;

  constructor(size: number, start: number) {
    this.#size = size;
    this.memory = new ArrayBuffer(pageSize + 2 * size);
    this.position = start;
    new BigInt64Array(this.consumer)[0] = BigInt(start);
    new BigInt64Array(this.memory)[0] = BigInt(start);
  }

  take(): Uint8Array | null {
    const produced = Number(new BigInt64Array(this.memory)[0]);
    if (this.position >= produced) return null;
    const at = pageSize + (this.position % this.#size);
    const length = new DataView(this.memory).getUint32(at, true);
    const step = (length + 8 + 7) & ~7;
    expect(step <= produced - this.position && step <= this.#size && new DataView(this.memory).getUint32(at + 4, true) === 0).toBe(true);
    this.position += step;
    const bytes = new Uint8Array(this.memory.slice(at + 8, at + 8 + length));
    new BigInt64Array(this.consumer)[0] = BigInt(this.position);
    return bytes;
  }
}

const same = (taken: Uint8Array | null, written: Uint8Array | null): void => expect(taken === null || written === null ? taken === written : Buffer.compare(taken, written) === 0).toBe(true);

it.each([0, 2 ** 32 - 4096, 2 ** 45])("records come in order and once over many turns of the ring, from position %i on", (start) => {
  const random = randomForTest(`user ring from ${start}`);
  const kernel = new Taker(4096, start);
  const ring = new UserRingWriter(kernel.consumer, kernel.memory, pageSize, 4096);
  const waiting: Uint8Array[] = [];
  let refused = 0;
  for (let round = 0; round < 1500; round++) {
    const record = random.bytes(random.below(5) === 0 ? random.below(4088) : random.below(100));
    const { room } = ring;
    if (ring.write(record)) waiting.push(record);
    else {
      refused++;
      expect(room).toBeLessThan((record.length + 7) & ~7);
    }
    for (let count = random.below(4); count > 0; count--) same(kernel.take(), waiting.shift() ?? null);
  }
  while (waiting.length > 0) same(kernel.take(), waiting.shift()!);
  expect([kernel.take(), ring.room, refused > 0, ring.records > 500]).toEqual([null, 4088, true, true]);
});

it("what never fits is an error, an empty record is none", () => {
  const kernel = new Taker(4096, 0);
  const ring = new UserRingWriter(kernel.consumer, kernel.memory, pageSize, 4096);
  expect(() => ring.write(new Uint8Array(4089))).toThrow("a record of 4089 bytes does not fit into a ring of 4096");
  expect([ring.write(new Uint8Array(0)), kernel.take(), ring.write(new Uint8Array(4088)), ring.write(new Uint8Array(0)), ring.room]).toEqual([true, new Uint8Array(0), true, false, -8]);
});
