// Runs in a guest with the module trace_zoo: prints lines `@@ JSON`, each what one trace of it saw.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { listLinks, listPrograms } from "../../../src/bpf/index.ts";
import { frameText, Trace } from "../../../src/trace/index.ts";
import { say, step, texts, write } from "./watch.ts";

const zoo = "trace_zoo:";
for (const pinned of ["may pin modules", "leaves modules free"] as const) {
  const how = (text: string): string => `${pinned === "may pin modules" ? "fentry" : "kprobe"} ${text}`;
  const first = await Trace.open({ probes: [`${zoo}tz_loop`], pinned });
  say([how("attached"), first.attached.map(({ probe, how: by }) => [probe, by]), first.refused]);
  first.close();
  await step(how("arguments"), { probes: ["tz_integers", "tz_wide", "tz_many"].map((name) => zoo + name), pinned }, () => write(1, 2, 3));
  await step(how("results"), { probes: ["tz_integers", "tz_wide", "tz_many", "tz_thing", "tz_pointer"].map((name) => zoo + name), pinned, when: "return" }, () => write(1, 2, 3, 4, 5));
  await step(how("pointers"), { probes: ["tz_thing", "tz_addresses", "tz_packet"].map((name) => zoo + name), pinned }, () => write(4, 7, 8));
  await step(how("expressions"), {
    probes: [`${zoo}tz_thing`], pinned,
    expressions: ["thing->one", "thing->three", "thing->twelve", "thing->minus", "thing->inner.id", "thing->inner.label", "thing->inner.history[1]", "thing->other->history[3]", "thing->other->label", "thing->next->title", "thing->title", "thing->port", "thing->address", "thing->mac", "ntohs(thing->port) + 1", "((struct tz_inner *)&thing->inner)->id", "name == \"eth0\"", "thing->inner.id / (thing->one - 1)", "comm", "thing->inner"],
  }, () => write(4));
  await step(how("packet"), { probes: [`${zoo}tz_packet`], pinned, expressions: ["skb->dev->name", "ntohs(((struct udphdr *)(skb->head + skb->transport_header))->dest)", "((struct udphdr *)(skb->head + skb->transport_header))->dest", "skb->len", "skb->pkt_type"] }, () => write(8));
  await step(how("filter"), { probes: [`${zoo}tz_thing`], pinned, filter: "thing->inner.id == 9 || thing->next->inner.id == 9" }, () => write(4));
  await step(how("packet filter"), { probes: [`${zoo}tz_packet`], pinned, expressions: ["skb->len"], filter: "skb->len == 64", pcap: "src host 192.0.2.1 and udp dst port 2152 and len = 64 and not vlan" }, () => write(8));
  await step(how("packet filter, another port"), { probes: [`${zoo}tz_packet`], pinned, pcap: "udp port 53" }, () => write(8));
  await step(how("packet filter on results"), { probes: [`${zoo}tz_packet`], pinned, when: "return", expressions: ["skb->len"], filter: "ret == 64", pcap: "udp[8:4] = 0x30ff001c" }, () => write(8));
  await step(how("filter of results"), { probes: [`${zoo}tz_loop`], pinned, when: "return", filter: "number % 3 == 0 && ret > 20 && ret <= 30 && comm == \"sh\"" }, () => write(40));
  await step(how("recursion"), { probes: [`${zoo}tz_recursive`], pinned, when: "return" }, () => write(6), (events) => events.flatMap((event) => (event.kind === "exit" && event.ret?.kind === "integer" ? [[Number(event.ret.value), event.duration! > 0n]] : [])));
  await step(how("both"), { probes: [`${zoo}tz_recursive`], pinned, when: "both" }, () => write(6));
  await step(how("stack"), { probes: [`${zoo}tz_loop`], pinned, stackDepth: 32 }, () => write(9), (events) => {
    const [event] = events;
    const frames = event?.kind === "entry" ? event.stack!.map((frame) => frameText(frame).replace(/\+0x[0-9a-f]+/, "")) : [];
    return [frames.slice(0, 3), frames.includes("vfs_write")];
  });
  await step(how("many"), { probes: [`${zoo}tz_loop`], pinned, ringSize: 4096 }, () => write(1000), (events) => {
    const lost = events.reduce((sum, event) => sum + (event.kind === "lost" ? Number(event.count) : 0), 0);
    const seen = events.flatMap((event) => (event.kind === "entry" && event.args[0]!.value.kind === "integer" ? [Number(event.args[0]!.value.value)] : []));
    return [seen.length + lost, seen.every((number, index) => number === index), lost > 0];
  });
  await step(how("rate"), { probes: [`${zoo}tz_loop`], pinned, rate: 10 }, () => write(1000), (events) => {
    const lost = events.reduce((sum, event) => sum + (event.kind === "lost" && event.why === "rate" ? Number(event.count) : 0), 0);
    const seen = events.filter(({ kind }) => kind === "entry").length;
    return [seen + lost, seen <= 30];
  });
  const counting = await Trace.open({ probes: ["trace_zoo"], pinned, when: "counted", filter: "comm == \"sh\"" });
  write(1, 2, 6, 40);
  counting.close();
  say([how("counts"), counting.counts().filter(({ count: times }) => times > 0n).map(({ probe, count: times }) => `${probe} ${times}`).sort()]);
  // All functions of the module, over and over.
  const count = async (): Promise<number[]> => [(await listPrograms()).length, (await listLinks()).length, readdirSync("/proc/self/fd").length];
  const start = await count();
  const times: number[] = [];
  let probes = 0;
  // The kernel takes a tenth of a second to detach a trampoline, and a hundredth to detach all of a kprobe.multi.
  let rounds = Number(process.env["OOPSCOPE_ROUNDS"] ?? 2);
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const running = await Trace.open({ probes: ["trace_zoo"], pinned });
    probes = running.attached.length;
    if (running.attached.some(({ how: by }) => by === "kprobe.multi")) rounds = Math.max(rounds, 20);
    running.close();
    times.push(Math.round(performance.now() - began));
  }
  say([how("rounds"), probes >= 9, (await count()).map((now, index) => now - start[index]!)]);
  const mean = (some: readonly number[]): number => Math.round(some.reduce((sum, time) => sum + time, 0) / some.length);
  console.log(how(`${times.length} rounds took ${mean(times)} ms each; the first quarter ${mean(times.slice(0, Math.ceil(times.length / 4)))}, the last ${mean(times.slice(-Math.ceil(times.length / 4)))}; ${Math.round(process.memoryUsage.rss() / 1e6)} MB`));
  let unloaded: string;
  const held = await Trace.open({ probes: [`${zoo}tz_loop`], pinned });
  try {
    execFileSync("busybox", ["rmmod", "trace_zoo"], { stdio: "pipe" });
    unloaded = "unloaded";
  } catch (error) {
    unloaded = /unavailable|busy|in use|temporarily/i.test(String((error as { stderr?: Buffer }).stderr)) ? "in use" : String((error as { stderr?: Buffer }).stderr);
  }
  held.close();
  if (unloaded === "unloaded") execFileSync("busybox", ["insmod", process.argv[2]!]);
  say([how("rmmod"), unloaded, existsSync("/proc/trace_zoo")]);
}

// The same calls as the kernel's function tracer and bpftrace see them, in one run.
for (const pinned of ["may pin modules", "leaves modules free"] as const) {
  const tracefs = "/sys/kernel/tracing";
  const names = ["tz_loop", "tz_recursive"];
  writeFileSync(`${tracefs}/set_ftrace_filter`, names.join(" "));
  writeFileSync(`${tracefs}/current_tracer`, "function");
  const peer = spawn("bpftrace", ["-B", "none", "-e", `${names.map((name) => `kprobe:${name}`).join(",")} { printf("%d %s %d\\n", tid, func, arg0); }`], { stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  peer.stdout.on("data", (part: Buffer) => (said += part.toString()));
  const left = new Promise<void>((resolve) => peer.on("close", () => void resolve()));
  const kprobes = (): number => readFileSync("/sys/kernel/debug/kprobes/list", "utf8").split("\n").filter((line) => names.some((name) => line.includes(name)) && !line.includes("DISABLED")).length;
  for (let tries = 0; tries < 300 && kprobes() < names.length; tries++) await new Promise((done) => setTimeout(done, 100));
  const running = await Trace.open({ probes: names.map((name) => zoo + name), pinned });
  writeFileSync(`${tracefs}/trace`, "");
  write(40, 6, 9, 6);
  const ours = [...running.rest()].flat().flatMap((event) => (event.kind === "entry" && event.args[0]?.value.kind === "integer" ? [`${event.tid} ${event.function} ${event.args[0].value.value}`] : []));
  running.close();
  const ftrace = [...readFileSync(`${tracefs}/trace`, "latin1").matchAll(/-(\d+) +\[\d+\].*?: (tz_\w+) <-/gm)].map(([, tid, name]) => `${tid} ${name}`);
  for (let tries = 0; tries < 100 && said.split("\n").length <= ours.length; tries++) await new Promise((done) => setTimeout(done, 100));
  peer.kill("SIGINT");
  // How a peer ends is its own affair: what it printed is here.
  const stays = setTimeout(() => void peer.kill("SIGKILL"), 20_000);
  await left;
  clearTimeout(stays);
  writeFileSync(`${tracefs}/current_tracer`, "nop");
  writeFileSync(`${tracefs}/set_ftrace_filter`, "");
  const theirs = said.split("\n").filter((line) => line.includes("tz_"));
  const same = (all: readonly string[], others: readonly string[]): boolean => JSON.stringify(all) === JSON.stringify(others);
  say([`beside others, ${pinned}`, ours.length, ftrace.length, theirs.length, same(ours.map((line) => line.replace(/ \S+$/, "")), ftrace), same(ours, theirs)]);
}

// Refused, each with its reason.
for (const probes of [["trace_zoo:tz_lop"], ["trace_zo:tz_loop"], ["_raw_spin_lock"], ["trace_zoo:tz_init"], ["t:skb:nothing"], ["migrate_disable"]]) {
  try {
    (await Trace.open({ probes })).close();
    say(["refused", probes, "attached"]);
  } catch (error) {
    say(["refused", probes, (error as Error).message]);
  }
}
// A tracepoint: the drop of the packet that tz_send makes.
await step("tracepoint", { probes: ["t:skb:kfree_skb"], filter: "comm == \"sh\"", expressions: ["protocol", "skbaddr"] }, () => write(8), (events) => texts(events).slice(0, 1));
await step("tracepoint, packet filter", { probes: ["t:skb:kfree_skb"], pcap: "udp dst port 2152 and host 192.0.2.2", expressions: ["protocol"] }, () => write(8), texts);
await step("tracepoint by name", { probes: ["t:sched:sched_process_exec"], expressions: ["filename", "pid == old_pid"] }, () => void execFileSync("/bin/true"), (events) => texts(events).slice(0, 1));
await step("kernel", { probes: ["vfs_open"], filter: "comm == \"cat\" && path->dentry->d_name.name == \"hostname\"", expressions: ["comm", "pid == tid", "path->dentry->d_name.len"] }, () => void execFileSync("cat", ["/etc/hostname"]), (events) => [...new Set(texts(events))]);
say(["release", /\d+\.\d+/.exec(readFileSync("/proc/sys/kernel/osrelease", "utf8"))![0]]);
