import { unlinkSync, writeFileSync } from "node:fs";
import { BpfMap, BpfObject, eventDecoder, listMaps, MappedArray, PerfBuffer, type NewMap } from "../../../src/bpf/index.ts";

const say = (value: unknown): void => console.log(`@@ ${JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner instanceof Uint8Array ? [...inner] : inner))}`);
const failure = (task: () => unknown): unknown => {
  try {
    return ["no error", task()];
  } catch (error) {
    return [(error as { code?: string }).code ?? "none", (error as Error).message];
  }
};
const made = async (options: NewMap): Promise<BpfMap> => BpfMap.create(options);
const [, , file, unlinkFile] = process.argv;

{
  using map = await made({ type: "hash", name: "numbers", keySize: 4, valueSize: 8, maxEntries: 4 });
  map.set(1, 10n);
  map.set(2, 2n ** 64n - 1n);
  say(["hash", map.get(1), map.get(2), map.get(3), map.delete(1), map.delete(1), map.take(2), [...map]]);
  say([failure(() => map.set(1, 1n, "replace")), failure(() => map.set(1, 1n, "create")), failure(() => map.set(1, 2n, "create"))]);
  say([failure(() => map.set(Uint8Array.of(1), 1n)), failure(() => map.set("one", 1n)), failure(() => map.set(-1, 2n ** 64n))]);
  map.delete(1);
  say([map.setAll([[1, 1n], [2, 2n], [3, 3n], [4, 4n]]), [...map.batches(3)].flat().sort(([a], [b]) => (a as number) - (b as number)), failure(() => map.set(5, 5n))]);
  map.deleteAll([1, 2]);
  say([...map.keys()].sort());
  map.pin("/sys/fs/bpf/numbers");
}
{
  using again = await BpfMap.openPinned("/sys/fs/bpf/numbers");
  say(["pinned", again.name, again.type, again.get(3)]);
  using byId = await BpfMap.openId(again.info().id);
  byId.set(3, 33n);
  say(again.get(3));
  unlinkSync("/sys/fs/bpf/numbers");
  again.close();
  say(failure(() => again.get(3)));
}
{
  using map = await made({ type: "percpu-hash", keySize: 4, valueSize: 4, maxEntries: 4 });
  map.set(7, [5]);
  say(["percpu-hash", map.get(7), failure(() => map.set(7, 5)), [...map.batches()]]);
}
{
  using map = await made({ type: "lpm-trie", keySize: 8, valueSize: 4, maxEntries: 4, flags: 1 });
  map.set(Uint8Array.of(8, 0, 0, 0, 10, 0, 0, 0), 1);
  map.set(Uint8Array.of(24, 0, 0, 0, 10, 1, 2, 0), 2);
  say(["lpm-trie", map.get(Uint8Array.of(32, 0, 0, 0, 10, 1, 2, 3)), map.get(Uint8Array.of(32, 0, 0, 0, 10, 9, 9, 9)), map.get(Uint8Array.of(32, 0, 0, 0, 11, 0, 0, 0))]);
}
for (const type of ["queue", "stack"] as const) {
  using map = await made({ type, keySize: 0, valueSize: 4, maxEntries: 3 });
  for (const value of [1, 2, 3]) map.set(null, value);
  say([type, map.get(null), map.take(null), map.take(null), map.take(null), map.take(null), failure(() => map.get(1))]);
}
{
  using map = await made({ type: "bloom-filter", keySize: 0, valueSize: 4, maxEntries: 100 });
  map.set(null, 7);
  say(["bloom-filter", "set"]);
}
{
  using inner = await made({ type: "hash", name: "inner", keySize: 4, valueSize: 4, maxEntries: 2 });
  using outer = await made({ type: "hash-of-maps", keySize: 4, valueSize: 4, maxEntries: 2, inner });
  inner.set(1, 11);
  outer.set(9, inner);
  using found = await BpfMap.openId(outer.get(9) as number);
  say(["hash-of-maps", found.name, found.get(1)]);
}
{
  using lru = await made({ type: "lru-hash", keySize: 4, valueSize: 4, maxEntries: 10 });
  for (let key = 0; key < 100; key++) lru.set(key, key);
  say(["lru-hash", [...lru].length <= 10]);
}
try {
  await made({ type: "hash", keySize: 0, valueSize: 4, maxEntries: 2 });
} catch (error) {
  say([(error as { code: string }).code, (error as Error).message]);
}

{
  using object = await BpfObject.open(file!);
  object.variable("wanted").set(process.pid);
  object.load();
  object.attach();
  using shared = await MappedArray.open(object.map("shared"));
  using events = await PerfBuffer.open(object.map("events"), { decode: eventDecoder(object.btf!, "event"), pages: 1 });
  const unlink = (): void => {
    writeFileSync("/tmp/one", "");
    unlinkSync("/tmp/one");
  };
  shared.store(0, 5n);
  unlink();
  unlink();
  for await (const event of events) {
    say(["perf buffer", event]);
    break;
  }
  say(["mapped array", shared.load(0), shared.add(0, 1n), shared.get(0), (object.map("shared").get(0) as { number: bigint }).number, failure(() => shared.get(3))]);
  shared.set(1, { number: 4n, fill: "set" });
  say([object.map("shared").get(1), failure(() => shared.set(1, { number: -1n }))]);
  // A page takes 4096 / (64 + 4 + 8 + …) events; the kernel counts the rest, and tells when there is room.
  for (let index = 0; index < 100; index++) unlink();
  const first = events.take() as { number: bigint }[];
  unlink();
  const rest = events.take() as { number: bigint }[];
  const { records, lost } = events.statistics();
  const numbers = [...first, ...rest].map(({ number }) => number);
  say(["lost", lost > 0n, BigInt(records) + lost, numbers[0], numbers.at(-1)]);
  events.close();
  say(failure(() => events.take()));
  object.close();
  say(["after close", shared.load(0) > 0n, failure(() => object.map("shared").get(0))]);
}

// A ring of 4096 bytes while this thread is busy: read by another thread it loses nothing.
{
  const { RingBuffer, ThreadedRing } = await import("../../../src/bpf/index.ts");
  using object = await BpfObject.open(unlinkFile!);
  object.variable("wanted").set(process.pid);
  object.load();
  object.attach();
  const rest = new Int32Array(new SharedArrayBuffer(4));
  const busy = (): void => {
    for (let index = 0; index < 100; index++) {
      writeFileSync("/tmp/one", "");
      unlinkSync("/tmp/one");
      if (index % 10 === 9) Atomics.wait(rest, 0, 0, 100);
    }
  };
  const options = { decode: eventDecoder(object.btf!, "event"), lost: object.variable("lost") };
  const ring = await RingBuffer.open(object.map("events"), options);
  busy();
  const count = ring.take().length;
  say(["one thread", count < 200, count + Number(ring.statistics().lost)]);
  ring.close();
  const lostBefore = object.variable("lost").get() as bigint;
  const threaded = await ThreadedRing.open(object.map("events"), options);
  busy();
  const events: { way: string; pid: number }[] = [];
  for await (const batch of threaded.batches()) {
    events.push(...(batch as typeof events));
    if (events.length >= 200) break;
  }
  const { records, lost, held } = threaded.statistics();
  say(["two threads", events.length, events.every(({ pid, way }, index) => pid === process.pid && way === (index % 2 === 0 ? "WAY_ENTRY" : "WAY_EXIT")), records, lost! - lostBefore, held]);
  await threaded.close();
  await threaded.close();
  say(failure(() => threaded.take()));
  // A thread that may hold nothing more leaves the ring alone.
  await using full = await ThreadedRing.open(object.map("events"), { ...options, mostHeld: 0 });
  busy();
  say(["nothing held", full.statistics().records, full.statistics().lost! > lost!]);
}

// Nothing stays: descriptors, memory, maps of the kernel. The engine maps and unmaps pieces of its heap; an object of ours would be three mappings a cycle.
{
  const { readdirSync, readFileSync } = await import("node:fs");
  const state = (): { descriptors: number; memory: number; mappings: number } => ({
    descriptors: readdirSync("/proc/self/fd").length,
    memory: Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))![1]),
    mappings: readFileSync("/proc/self/maps", "utf8").split("\n").length,
  });
  const { RingBuffer } = await import("../../../src/bpf/index.ts");
  const cycle = async (): Promise<void> => {
    using object = await BpfObject.open(unlinkFile!);
    object.load();
    object.attach();
    using ring = await RingBuffer.open(object.map("events"), { decode: eventDecoder(object.btf!, "event") });
    ring.take();
  };
  const cycles = Number(process.env["CYCLES"] ?? 200);
  const states: ReturnType<typeof state>[] = [];
  const maps = (await listMaps()).length;
  for (let index = 0; index < cycles; index++) {
    await cycle();
    if ((index + 1) % Math.ceil(cycles / 4) !== 0 && index + 1 !== cycles) continue;
    globalThis.gc?.();
    states.push(state());
  }
  // The kernel frees maps and programs after a grace period.
  for (let wait = 0; wait < 100 && (await listMaps()).length > maps; wait++) await new Promise((resolve) => setTimeout(resolve, 100));
  const [early, late] = [states[0]!, states.at(-1)!];
  say({ descriptors: late.descriptors - early.descriptors, mappings: Math.abs(late.mappings - early.mappings) < 30, maps: (await listMaps()).length - maps });
  console.log(`memory in kB after each quarter of ${cycles} cycles: ${states.map(({ memory }) => memory).join(", ")}`);
  say(["memory grew by less than 20 MB", late.memory - early.memory < 20_000]);
}
