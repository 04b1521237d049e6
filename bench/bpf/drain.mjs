// Fills the ring and drains it, as bench/bpf/consumer.c does: `lazy` adds a member of each record up, `decoded` makes an object of each by its BTF, `generated` by the decoder of
// `oopscope bpf types`.
import { BpfObject, eventDecoder, RingBuffer } from "../../dist/bpf/index.js";

const [, , file, rounds, way, decoders] = process.argv;
const object = await BpfObject.open(file);
object.load();
const fill = object.program("fill");
const decode = way === "generated" ? (await import(decoders)).decode_event : eventDecoder(object.btf, "event");
const ring = await RingBuffer.open(object.map("events"), { decode, lost: object.variable("lost") });
let sum = 0n;
let low = 0;
for (let round = 0; round < Number(rounds); round++) {
  const begin = process.hrtime.bigint();
  for (let run = 0; run < 25; run++) fill.testRun({ context: new Uint8Array(0) });
  const start = process.hrtime.bigint();
  let count = 0;
  if (way === "lazy") {
    count = ring.read((record) => {
      low += record.u32(8);
    });
  } else {
    for (const event of ring.take()) {
      sum += event.number;
      count++;
    }
  }
  const end = process.hrtime.bigint();
  console.log([start, begin].map((from) => Math.round(count / (Number(end - from) / 1e9))).join(" "));
}
const { records, lost } = ring.statistics();
if (BigInt(records) + lost !== object.variable("number").get()) throw new Error(`${records} read, ${lost} lost, ${object.variable("number").get()} written`);
ring.close();
object.close();
process.exit(sum === 0n && low === 0 ? 1 : 0);
