// Has the ring filled and drains it, as bench/bpf/consumer.c does: `lazy` adds a member of each record up, `decoded` makes an object of each by its BTF, `generated` by the decoder of
// `oopscope bpf types`.
import { openSync, readSync, writeSync } from "node:fs";
import { BpfMap, BpfObject, eventDecoder, RingBuffer } from "../../dist/bpf/index.js";

const [, , pin, asking, filling, rounds, way, file, decoders] = process.argv;
const object = await BpfObject.open(file);
const decode = way === "generated" ? (await import(decoders)).decode_event : eventDecoder(object.btf, "event");
const ring = await RingBuffer.open(await BpfMap.openPinned(pin), { decode });
const asked = openSync(asking, "r+");
const filled = openSync(filling, "r+");
const byte = new Uint8Array(1);

/** Events of which there are so many. */
function drain() {
  let count = 0;
  let sum = 0n;
  // As `batches` gives them to `for await`.
  for (let events = ring.take(1024); events.length > 0; events = ring.take(1024)) {
    for (const event of events) sum += event.number;
    count += events.length;
  }
  return sum > 0n ? count : 0;
}

function drainInPlace() {
  let low = 0;
  const count = ring.read((record) => {
    low = (low + record.u32(8)) | 0;
  });
  return low === 0 ? 0 : count;
}

for (let round = 0; round < Number(rounds); round++) {
  const begin = process.hrtime.bigint();
  writeSync(asked, byte);
  readSync(filled, byte);
  const start = process.hrtime.bigint();
  const count = way === "lazy" ? drainInPlace() : drain();
  const end = process.hrtime.bigint();
  if (count !== 25 * 4096) throw new Error(`${count} events of ${25 * 4096}`);
  console.log([start, begin].map((from) => Math.round(count / (Number(end - from) / 1e9))).join(" "));
}
ring.close();
object.close();
process.exit(0);
