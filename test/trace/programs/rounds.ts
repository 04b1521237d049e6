// Runs in a guest with the module trace_zoo, or another: all of its functions attached and detached, over and over. `rounds.mjs pinned|unpinned [MODULE]`; prints a line `@@ JSON` and
// figures. The kernel takes a tenth of a second to detach a trampoline and a twentieth a kprobe, one after the other whoever asks (its locks are held meanwhile); a hundredth all of a kprobe.multi.
import { readdirSync } from "node:fs";
import { listLinks, listPrograms } from "../../../src/bpf/index.ts";
import { Trace } from "../../../src/trace/index.ts";
import { say } from "./watch.ts";

const pinned = process.argv[2] === "pinned" ? "may pin modules" : "leaves modules free";
const rounds = Number(process.env["OOPSCOPE_ROUNDS"] ?? 20);
const times: number[] = [];
const memory: number[] = [];
/** Programs, links and open files there are. */
const held = async (): Promise<number[]> => [(await listPrograms()).length, (await listLinks()).length, readdirSync("/proc/self/fd").length];
let probes = 0;
let ways = "";
const start = await held();
for (let round = 0; round < rounds; round++) {
  const began = performance.now();
  const running = await Trace.open({ probes: [process.argv[3] ?? "trace_zoo"], pinned });
  probes = running.attached.length;
  ways = [...new Set(running.attached.map(({ how }) => how))].join(", ");
  running.close();
  times.push(Math.round(performance.now() - began));
  memory.push(process.memoryUsage.rss() / 1e6);
}
say(["rounds", process.argv[2], probes >= 9, (await held()).map((now, index) => now - start[index]!)]);
const mean = (some: readonly number[]): number => Math.round(some.reduce((sum, one) => sum + one, 0) / some.length);
const quarter = Math.ceil(rounds / 4);
for (const [what, unit, all] of [["a round", "ms", times], ["memory", "MB", memory]] as const) console.log(`${process.argv[2]!} (${rounds} rounds, ${probes} probes by ${ways}), ${what}: ${mean(all)} ${unit}; the first quarter ${mean(all.slice(0, quarter))}, the last ${mean(all.slice(-quarter))}`);
