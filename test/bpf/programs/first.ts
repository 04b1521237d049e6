import { unlinkSync, writeFileSync } from "node:fs";
import { BpfObject, eventDecoder, listLinks, listPrograms, RingBuffer } from "../../../src/bpf/index.ts";

const say = (value: unknown): void => console.log(`@@ ${JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner instanceof Uint8Array ? [...inner] : inner))}`);

const object = await BpfObject.open(process.argv[2]!);
object.variable("wanted").set(process.pid);
object.load();
const links = object.attach();
const ring = await RingBuffer.open(object.map("events"), { decode: eventDecoder(object.btf!, "event"), lost: object.variable("lost") });
say(links.map((link) => [link.what, link.info().type, link.info().attachType]));
writeFileSync("/tmp/one", "");
unlinkSync("/tmp/one");
try {
  unlinkSync("/tmp/none");
} catch {
  // that is what the program sees
}
const events: Record<string, unknown>[] = [];
for await (const event of ring) {
  events.push(event as Record<string, unknown>);
  if (events.length === 4) break;
}
say(events.map(({ time, pid, cpu, ...event }) => ({ ...event, time: typeof time, cpu, own: pid === process.pid })));
say({ seen: object.variable("seen").get(), wanted: object.variable("wanted").get() === process.pid, counts: [...object.map("counts")], last: [...object.map("last")].map(([key, value]) => [key === process.pid, (value as { comm: string }).comm]) });
// Full: a record takes 56 + 8 bytes, the ring has 4096.
for (let index = 0; index < 40; index++) {
  writeFileSync("/tmp/two", "");
  unlinkSync("/tmp/two");
}
const { records, discarded, lost, size } = ring.statistics();
say({ records, discarded, lost, size, waiting: ring.take().length });
const [program] = (await listPrograms()).filter(({ name }) => name === "enters");
say({ type: program!.type, gpl: program!.gpl, links: (await listLinks()).length });
ring.close();
object.close();
for (const task of [() => ring.take(), () => object.variable("seen").get(), () => object.program("enters").attach(), () => object.map("last").get(1), () => links[0]!.info()]) {
  try {
    task();
    say("nothing thrown");
  } catch (error) {
    say([(error as { code: string }).code, (error as Error).message]);
  }
}
say({ programs: (await listPrograms()).filter(({ name }) => name === "enters" || name === "leaves").length, links: (await listLinks()).length });
