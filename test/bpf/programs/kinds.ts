import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { Assembler, BpfMap, BpfObject, GeneratedProgram, r0, r1, r10, r2, r3, r4, reg, type AttachTarget, type BpfLink } from "../../../src/bpf/index.ts";

const say = (value: unknown): void => console.log(`@@ ${JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner))}`);
const [, , file, module, unlinkFunction = ""] = process.argv;

function unlink(): void {
  writeFileSync("/tmp/one", "");
  unlinkSync("/tmp/one");
}

/** A packet to ourselves. */
async function packet(): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.send("hello", 9, "127.0.0.1", () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.close();
}

function spin(): void {
  for (const end = Date.now() + 300; Date.now() < end; );
}

const libc = readFileSync("/proc/self/maps", "utf8").match(/\/\S+\/libc\.so\.6/)![0];
const kinds: readonly (readonly [program: string, target: AttachTarget | undefined, trigger: () => void | Promise<void>])[] = [
  ["fentry", undefined, unlink],
  ["fexit", undefined, unlink],
  ["fmod_ret", undefined, unlink],
  ["lsm", undefined, unlink],
  ["kprobe", undefined, unlink],
  ["kretprobe", undefined, unlink],
  ["kprobe_offset", { kind: "kprobe", function: unlinkFunction, offset: 4 }, unlink],
  ["kprobe_cookie", { kind: "kprobe", function: unlinkFunction, cookie: 77n }, unlink],
  ["kprobe_cookie", undefined, unlink],
  ["kprobe", { kind: "kprobe", function: "no_such_function" }, unlink],
  ["kprobe_multi", { kind: "kprobe.multi", functions: [unlinkFunction, "vfs_mkdir"], cookies: [5n, 6n] }, unlink],
  ["tracepoint", undefined, unlink],
  ["tracepoint", { kind: "tracepoint", category: "syscalls", name: "no_such_event" }, unlink],
  ["raw_tp", undefined, unlink],
  ["tp_btf", undefined, unlink],
  ["uprobe", { kind: "uprobe", path: libc, function: "opendir" }, () => void execFileSync("/bin/ls", ["/"])],
  ["perf_event", { kind: "perf-event", cpu: 0, frequency: 1000 }, spin],
  ["xdp", { kind: "xdp", device: "lo" }, packet],
  ["xdp", { kind: "xdp", device: "nope0" }, packet],
  ["tc", { kind: "tc", device: "lo", direction: "ingress" }, packet],
  ["cgroup_skb", { kind: "cgroup", path: "/sys/fs/cgroup" }, packet],
  ["xdp", undefined, packet],
  ["xdp", { kind: "netfilter", family: 2, hook: 0, priority: -128 }, packet],
  ["missing", undefined, unlink],
];

const failure = (error: unknown): unknown => [(error as { code?: string }).code ?? "none", (error as Error).message];

for (const [name, target, trigger] of kinds) {
  using object = await BpfObject.open(file!);
  for (const program of object.programs.values()) program.autoload = program.name === `on_${name}`;
  const label = target === undefined ? name : `${name} ${JSON.stringify(target, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner === libc ? "libc" : inner))}`;
  let link: BpfLink | null = null;
  try {
    object.load();
    link = object.program(`on_${name}`).attach(target);
    await trigger();
    const hits = Number(object.variable("hits").get());
    const type = ((): string => {
      try {
        return link.info().type;
      } catch (error) {
        return (error as { code: string }).code;
      }
    })();
    link.close();
    const closed = Number(object.variable("hits").get());
    await trigger();
    say([label, "runs", hits > 0, type, object.variable("cookie").get(), Number(object.variable("hits").get()) === closed ? "and ends" : "and goes on"]);
  } catch (error) {
    say([label, failure(error)]);
  }
}

{
  using object = await BpfObject.open(file!);
  for (const program of object.programs.values()) program.autoload = program.name === "on_iter";
  object.load();
  using link = object.program("on_iter").attach();
  say(["iter", Buffer.from(link.read()).toString(), link.info().type]);
}

{
  using object = await BpfObject.open(file!);
  const { skipped } = object.load({ missingTargets: "skip" });
  say(["left out", skipped]);
  object.program("on_fentry").attach().pin("/sys/fs/bpf/pinned");
}
unlinkSync("/sys/fs/bpf/pinned");

// Programs without an object: a count in an array map, at the entry of a function of the kernel and of a module, and otherwise.
const counts = await BpfMap.create({ type: "array", name: "counts", keySize: 4, valueSize: 8, maxEntries: 1 });
const counting = new Assembler()
  .store(4, r10, -4, 0)
  .mov(r2, reg(r10))
  .alu("add", r2, -4)
  .loadMap(r1, counts)
  .call(1)
  .jump("eq", r0, 0, "end")
  .mov(r1, 1)
  .atomic("add", 8, r0, 0, r1)
  .label("end")
  .mov(r0, 0)
  .exit();
const generated: readonly (readonly [string, Parameters<typeof GeneratedProgram.load>[1], Parameters<GeneratedProgram["attach"]>[0]])[] = [
  ["generated fentry", { type: "tracing", attachType: "trace-fentry", name: "made", target: { function: unlinkFunction } }, undefined],
  ["generated fexit of a module", { type: "tracing", attachType: "trace-fexit", target: { function: "dummy_setup", module: module! } }, undefined],
  ["generated kprobe", { type: "kprobe" }, { kind: "kprobe", function: unlinkFunction }],
  ["generated kretprobe with a cookie", { type: "kprobe" }, { kind: "kprobe", function: unlinkFunction, return: true, cookie: 3n }],
  ["generated tracepoint", { type: "tracepoint" }, { kind: "tracepoint", category: "syscalls", name: "sys_enter_unlink" }],
  ["generated raw tracepoint", { type: "raw-tracepoint" }, { kind: "raw-tracepoint", name: "sys_enter" }],
  ["generated kprobe.multi", { type: "kprobe", attachType: "trace-kprobe-multi" }, { kind: "kprobe.multi", functions: [unlinkFunction] }],
  ["generated for nothing", { type: "tracing", attachType: "trace-fentry", target: { function: "no_such_function" } }, undefined],
];
for (const [label, options, target] of generated) {
  counts.set(0, 0n);
  try {
    using program = await GeneratedProgram.load(counting, options);
    using link = program.attach(target);
    unlink();
    execFileSync("sh", ["-c", "ip link add dummy7 type dummy && ip link del dummy7"]);
    say([label, Number(counts.get(0)) > 0, link.what]);
  } catch (error) {
    say([label, failure(error)]);
  }
}
// A function of the program that bpf_loop (181) calls back, 10 times; the sum of 0 to 9 is counted.
{
  counts.set(0, 0n);
  const looping = new Assembler()
    .store(8, r10, -16, 0).mov(r1, 10).loadFunction(r2, "add").mov(r3, reg(r10)).alu("add", r3, -16).mov(r4, 0).call(181)
    .store(4, r10, -4, 0).mov(r2, reg(r10)).alu("add", r2, -4).loadMap(r1, counts).call(1)
    .jump("eq", r0, 0, "end").load(8, r1, r10, -16).atomic("add", 8, r0, 0, r1)
    .label("end").mov(r0, 0).exit()
    .label("add").load(8, r3, r2, 0).alu("add", r3, reg(r1)).store(8, r2, 0, reg(r3)).mov(r0, 0).exit();
  using program = await GeneratedProgram.load(looping, { type: "tracing", attachType: "trace-fentry", name: "looping", target: { function: unlinkFunction } });
  using link = program.attach();
  unlink();
  say(["generated, called back", counts.get(0), link.what]);
}
try {
  await GeneratedProgram.load(new Assembler().load(8, r0, r1, 0).load(8, r0, r0, 0).exit(), { type: "kprobe", name: "wrong" });
} catch (error) {
  say(failure(error));
}
counts.close();
