// Runs in a guest of a kernel that has kprobe.multi: thousands of functions, by one link where one program serves all. Prints lines `@@ JSON`, and how long it took.
import { execFileSync } from "node:child_process";
import { listLinks, listPrograms } from "../../../src/bpf/index.ts";
import { Trace, type TraceOptions } from "../../../src/trace/index.ts";
import { say } from "./watch.ts";

const cases: readonly (readonly [string, TraceOptions])[] = [
  ["counted", { probes: ["tcp_*", "ip*", "vfs_*"], when: "counted" }],
  ["arguments", { probes: ["tcp_v4_*", "vfs_read*"] }],
];
for (const [name, options] of cases) {
  const before = [(await listPrograms()).length, (await listLinks()).length];
  const began = performance.now();
  const running = await Trace.open(options);
  const opened = performance.now();
  const links = (await listLinks()).length - before[1]!;
  const ways = new Map<string, number>();
  for (const { how } of running.attached) ways.set(how, (ways.get(how) ?? 0) + 1);
  execFileSync("cat", ["/etc/hostname"]);
  const closing = performance.now();
  const events = options.when === "counted" ? [] : [...running.rest()].flat();
  const seen = options.when === "counted" ? running.counts().some(({ probe, count }) => probe === "vfs_read" && count > 0n) : events.some((event) => event.kind === "entry" && event.function === "vfs_read" && event.comm === "cat");
  running.close();
  const ended = performance.now();
  const many = ways.get("kprobe.multi") ?? 0;
  say(["many", name, many > (options.when === "counted" ? 1000 : 10), running.attached.length - many, seen, (await listPrograms()).length - before[0]!, (await listLinks()).length - before[1]!]);
  console.log(`${name}: ${many} functions by kprobe.multi with ${links} links, the rest ${JSON.stringify([...ways])}, ${running.refused.length} refused; attached in ${Math.round(opened - began)} ms, detached in ${Math.round(ended - closing)} ms`);
}
