import { createSocket } from "node:dgram";
import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { BpfObject, UserRingBuffer } from "../../../src/bpf/index.ts";

const say = (value: unknown): void => console.log(`@@ ${JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner))}`);
const [, , file, fentry] = process.argv;
const failure = (error: unknown): unknown => [(error as { code?: string }).code ?? "none", (error as Error).message];

function unlink(): void {
  writeFileSync("/tmp/one", "");
  unlinkSync("/tmp/one");
}

const order = (number: bigint, comm: string): Uint8Array => {
  const bytes = new Uint8Array(24);
  new DataView(bytes.buffer).setBigUint64(0, number, true);
  bytes.set(Buffer.from(comm), 8);
  return bytes;
};

// A user ring buffer: records reach the program in order and once; what does not fit is not written.
{
  using object = await BpfObject.open(file!);
  object.program("on_packet").autoload = false;
  object.load();
  object.program("on_unlink").attach();
  const state = (): unknown => ["sum", "taken", "short_ones", "last", "result"].map((name) => object.variable(name).get());
  using ring = await UserRingBuffer.open(object.map("orders"));
  say(["empty", ring.statistics()]);
  say([ring.write(order(40n, "one")), ring.write(order(2n, "two")), ring.write(Uint8Array.of(1, 2, 3))]);
  unlink();
  say(["taken", state(), ring.statistics()]);
  // 4096 bytes hold 128 records of 32; many turns of the ring.
  let written = 0;
  let turns = 0;
  for (let number = 0n; number < 1000n; number++) {
    while (!ring.write(order(number, `n${number}`))) {
      turns++;
      unlink();
    }
    written++;
  }
  unlink();
  say(["many", written, turns, state(), ring.statistics()]);
  for (let number = 0; number < 128; number++) ring.write(order(1n, "full"));
  const waiting = ring.wait(24);
  say(["full", ring.write(order(1n, "more")), await Promise.race([waiting, new Promise((resolve) => setTimeout(() => resolve("waits"), 50))])]);
  unlink();
  say(["room again", await waiting, ring.statistics().room]);
  try {
    ring.write(new Uint8Array(4096));
  } catch (error) {
    say(failure(error));
  }
  ring.close();
  try {
    ring.write(order(1n, ""));
  } catch (error) {
    say(failure(error));
  }
}

// What depends on the library: programs that are bound when they are loaded, and netfilter.
say(["library", /libbpf\.so\.\d+\.\d+/.exec(readFileSync("/proc/self/maps", "utf8"))![0]]);
{
  using object = await BpfObject.open(fentry!);
  object.load();
  say(object.attach().map((link) => [link.what, link.info().type, link.info().attachType]));
}
{
  using object = await BpfObject.open(file!);
  object.program("on_unlink").autoload = false;
  const program = object.program("on_packet");
  if (program.type !== "netfilter") program.setType("netfilter", "netfilter");
  try {
    object.load();
    using link = program.attach({ kind: "netfilter", family: 2, hook: 1, priority: -128 });
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.send("hello", 9, "127.0.0.1", () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.close();
    say(["netfilter", link.info().type, Number(object.variable("packets").get()) > 0]);
  } catch (error) {
    say(["netfilter", failure(error)]);
  }
}
process.exit(0);
