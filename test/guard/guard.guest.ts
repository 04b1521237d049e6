import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bootGuest, made, moduleOf, suites } from "../bpf/guest.ts";
import { decode } from "../../src/decode/index.ts";
import { explain } from "../../src/explain/index.ts";
import { buildModule, findKernel, trimConsole, type LabOptions } from "../../src/lab/index.ts";

const cli = `${process.execPath} ${join(import.meta.dirname, "../../dist/cli/main.cjs")}`;

// In an emulated machine beside others a third of a second is short: the holds are longer than what is the default.

/** `make soak` loads for ten minutes. */
const loadSeconds = process.env["OOPSCOPE_LOAD_SECONDS"] ?? "15";

/** Starts guard in the guest and waits until it watches. The module's file is where the lab put it. */
const start = (what: string, options: string): string => `${cli} guard ${what} ${options} > /tmp/out 2> /tmp/err &
guard=$!
for try in $(seq 300); do grep -qE 'guarding|error' /tmp/err && break; sleep 0.2; done
grep -q guarding /tmp/err || { cat /tmp/err; exit 1; }`;
const moduleFile = (name: string): string => `cp /dev/.oopscope/modules/*-${name}.ko /tmp/${name}.ko`;

/** Datagrams and a stream over loopback: 2,000 and 4 MB. */
const traffic = `${process.execPath} -e '
const { createSocket } = require("dgram"), { createServer, connect } = require("net");
let got = 0;
const to = createSocket("udp4"), from = createSocket("udp4");
const datagrams = new Promise((done) => { to.on("message", () => ++got >= 2000 && done()); setTimeout(done, 8000); });
to.bind(7001, async () => { for (let n = 0; n < 2100; n++) await new Promise((sent) => from.send("hello", 7001, "127.0.0.1", sent)); });
const stream = new Promise((done) => { let size = 0; createServer((socket) => socket.on("data", (part) => (size += part.length) >= 4e6 && done())).listen(7002, () => connect(7002).write(Buffer.alloc(4e6))); });
Promise.all([datagrams, stream]).then(() => process.exit());
'`;

/** What guard's side of the kernel counted of clears that were left out, beside the kernel's own counts: of those that see an allocation first, and of those that see an skb's again. */
const misses = `for try in 1 2 3 4 5; do
bpftool -j prog > /tmp/programs; bpftool -j map dump name guard.bss > /tmp/variables; ${process.execPath} -e '
const { readFileSync } = require("fs");
const read = (name) => JSON.parse(readFileSync("/tmp/" + name, "utf8"));
const programs = read("programs");
const variables = Object.assign({}, ...Object.values((read("variables")[0].formatted ?? read("variables")[0]).value)[0]);
const counters = variables.miss_counters;
for (const [turn, { numbers, known }] of variables.clearers.entries()) {
  const watched = numbers.filter((number) => number > 0).map((number) => programs.find(({ id }) => id === number));
  const left = watched.reduce((sum, program) => sum + (program.recursion_misses ?? 0), 0);
  const found = counters.slice(turn * numbers.length).slice(0, watched.length).filter((counter) => counter > 0).length;
  console.log("@@ misses " + JSON.stringify({ names: watched.map(({ name }) => name), counted: found === watched.length, same: known === left }));
}' > /tmp/misses
# One may have been left out between the two.
grep -q false /tmp/misses || break; done; cat /tmp/misses`;

async function crash(name: string, scenario: string, kernel: string, script: string, options: LabOptions = {}): Promise<{ console: string; report: ReportSummary | undefined; outcome: string }> {
  mkdirSync(made, { recursive: true });
  const path = join(made, `${name}-${kernel}.sh`);
  writeFileSync(path, `#!/bin/sh\nexport HOME=/tmp\ncd /tmp\n${script}\n`, { mode: 0o755 });
  const result = await bootGuest({ scenario, kernel, script: path, cpus: 2, memory: 1536, timeout: 200, ...options });
  const text = result.console.toString("latin1");
  if (process.env["OOPSCOPE_SHOW_GUEST"]) process.stderr.write(text);
  const { case: decoded } = await decode(Buffer.from(trimConsole(text, scenario.replaceAll("-", "_")), "latin1"), { modules: result.modules, root: null });
  const { reports } = await explain(decoded);
  const found = reports.find(({ title }) => title.startsWith("oopscope-guard: "));
  const place = (one: { function: string; line: number | null } | null | undefined): string | null => (one ? `${one.function}:${one.line}` : null);
  const report = found && { kind: found.kind, mode: found.context.mode, rule: found.verdict?.rule, confidence: found.verdict?.confidence, guilty: place(found.verdict?.guilty), earlier: place(found.verdict?.earlier[0]) };
  return { console: text, report, outcome: result.outcome };
}
type ReportSummary = { kind: string; mode: string | null; rule: string | undefined; confidence: string | undefined; guilty: string | null; earlier: string | null };

/** The line of a mark in a scenario's source. */
function lineOf(scenario: string, mark: string): number {
  const lines = readFileSync(`lab/modules/${scenario}/${scenario}.c`, "utf8").split("\n");
  return 1 + lines.findIndex((line) => line.includes(`/* ${mark} */`));
}
const guilty = `st_xmit:${lineOf("skb_double_free", "GUILTY")}`;
const first = `st_drop:${lineOf("skb_double_free", "@first")}`;
const caller = `st_handle_ipv4:${lineOf("skb_double_free", "@handle")}`;

const [own, other = own] = suites();

it(`${own}: load without an event; the module comes back; a second free in softirq is held and stands in the panic's log`, async () => {
  const { console, report, outcome } = await crash(
    "guard-softirq",
    "skb-double-free-forward",
    own!,
    `${moduleFile("skb_double_free")}
${start("skb_double_free", "--format json")}
${traffic}
sh ${join(import.meta.dirname, "load.sh")} ${loadSeconds}
sleep 1; ${misses}
kill -INT $guard; wait $guard
sed -n 's/.*note: \\([0-9]* events; \\([0-9]*\\) frees remembered\\).*/@@ \\1/p' /tmp/err; grep warning /tmp/err
${start("/tmp/skb_double_free.ko", "--hold 2000 -o /tmp/case.json")}
/dev/.oopscope/busybox rmmod skb_double_free && /dev/.oopscope/busybox insmod /tmp/skb_double_free.ko || exit 1
sleep 4
ip addr add 10.9.0.1/24 dev tun9; ip link set tun9 up; ip addr add 10.8.0.1/24 dev tin0; ip link set tin0 up
echo 1 > /proc/sys/net/ipv4/ip_forward; echo 2 > /sys/module/skb_double_free/parameters/inject; sleep 10`,
    { wired: true, modules: ["drivers/net/virtio_net", "drivers/net/veth", "net/bridge/bridge"].map((name) => moduleOf(own!, name)), timeout: 240 + Number(loadSeconds) },
  );
  const [, events, frees] = /^@@ (\d+) events; (\d+) frees/m.exec(console) ?? [];
  // All of the load's skbs were remembered, as nothing told which were the module's: none of them made an event.
  expect({ events, enough: Number(frees) > 2000 }).toEqual({ events: "0", enough: true });
  // What the kernel left out meanwhile is known, of both programs that an allocation passes.
  expect([...console.matchAll(/^@@ misses (.*?)\r?$/gm)].map(([, text]) => JSON.parse(text!) as unknown)).toEqual([
    { names: expect.arrayContaining(["t_kmem_cache_alloc"]) as unknown, counted: true, same: true },
    { names: expect.arrayContaining(["f___alloc_skb"]) as unknown, counted: true, same: true },
  ]);
  // Each stream had some, byte for byte what was sent, and of 1,000 bytes each nearly all pings came back.
  const loads = [...console.matchAll(/^@@ load (\w+) (\d+) (\w+) (\d*) ?(\d*)\r?$/gm)].map(([, way, size, whole, sent, back]) => ({ way, much: Number(size) > 1_000_000, whole, pings: Number(sent) >= 10, back: Number(back) >= 0.9 * Number(sent) }));
  expect(loads).toEqual(["wire", "bridge", "forward"].map((way) => ({ way, much: true, whole: "whole", pings: true, back: true })));
  expect(outcome).toBe("panicked");
  expect(report).toEqual({ kind: "double-free", mode: "softirq", rule: "double-free-skb", confidence: "high", guilty, earlier: first });
  // Written before the kernel's own report: that is what the hold is for.
  expect(console.indexOf("BUG: oopscope-guard")).toBeLessThan(console.search(/refcount_t: |kernel BUG at/));
}, 300_000 + 1000 * Number(loadSeconds));

it(`${other}: the black box alone tells both frees in the panic's own log`, async () => {
  const { report, outcome, console } = await crash(
    "guard-black-box",
    "skb-double-free-forward",
    other!,
    `${moduleFile("skb_double_free")}
${start("/tmp/skb_double_free.ko", "--hold 0 --black-box")}
sed 's/^/@@ /' /proc/sys/kernel/ftrace_dump_on_oops
# Nobody is left who could write it down.
kill -STOP $guard
ip addr add 10.9.0.1/24 dev tun9; ip link set tun9 up; ip addr add 10.8.0.1/24 dev tin0; ip link set tin0 up
echo 1 > /proc/sys/net/ipv4/ip_forward; echo 2 > /sys/module/skb_double_free/parameters/inject; sleep 8`,
  );
  expect(/^@@ (\d)/m.exec(console)?.[1]).toBe("1");
  expect(outcome).toBe("panicked");
  expect(report).toEqual({ kind: "double-free", mode: "softirq", rule: "double-free-skb", confidence: "high", guilty, earlier: report?.earlier });
  // Where st_drop ends with a jump, its caller's line is all that the stack has.
  expect([first, caller]).toContain(report?.earlier);
}, 300_000);

const line = (mark: string): number => 1 + readFileSync("test/guard/guard_objects/guard_objects.c", "utf8").split("\n").findIndex((text) => text.includes(`/* @${mark} */`));
const twice = (kind: string, rule: string, name: string, first: string, again: string): object => ({ kind, rule, guilty: `${name}:${line(again)}`, earlier: `${name}:${line(first)}` });

it.each(process.env["OOPSCOPE_SCENARIOS"] === "all" ? suites() : [own!])("%s: 100,000 frees without an event; then objects and skbs, each freed twice, freed wrongly, used too late, or never freed", async (kernel) => {
  mkdirSync(made, { recursive: true });
  const module = join(made, "guard_objects.ko");
  await buildModule(await findKernel(kernel), "test/guard/guard_objects", module, "test/guard/guard_objects");
  const path = join(made, `guard-objects-${kernel}.sh`);
  const play = (...cases: number[]): string => cases.map((one) => `echo ${one} > /sys/module/guard_objects/parameters/play`).join("; ");
  writeFileSync(path, `#!/bin/sh
export HOME=/tmp
cp ${module} /tmp; cd /tmp; cp /dev/.oopscope/modules/*-kmalloc_double_free.ko kmalloc_double_free.ko
${start("./guard_objects.ko ./kmalloc_double_free.ko", "--leaks --hold 3000 --format json")}
${play(9, 11, 12, 13)}; sleep 1
kill -INT $guard; wait $guard
grep -A 3 warning err; sed -n 's/.*note: held/@@ held/p' err
${process.execPath} -e 'const { reports, events } = JSON.parse(require("fs").readFileSync("out", "utf8"));
for (const { title, verdict: { rule, guilty: to } } of reports) console.log("@@ report", title, rule, to.function + ":" + to.line);
for (const { context, interrupts, hold } of events) console.log("@@ event", context, interrupts, hold)'
${start("./guard_objects.ko ./kmalloc_double_free.ko", "--hold 3000 -o case.json")}
sed -n 's/.*of guard_objects these are not looked at when they are entered: \\([^ ]*\\) .*/@@ left \\1/p' err
${play(10)}; echo @@ 100000 frees; ${play(1, 3, 4, 6, 7, 8, 2)}
# kfree does not come back from it: its task ends, and the rest goes on.
echo 0 > /proc/sys/kernel/panic_on_oops; (${play(5)}); sleep 1; echo 1 > /proc/sys/kernel/panic_on_oops
${kernel === own ? "echo 0 > /proc/kmalloc_double_free" : ":"}; sleep 5
`, { mode: 0o755 });
  const result = await bootGuest({ scenario: "kmalloc-double-free", modules: [module], kernel, script: path, cpus: 2, memory: 1536, timeout: 200 });
  const text = result.console.toString("latin1");
  if (process.env["OOPSCOPE_SHOW_GUEST"]) process.stderr.write(text);
  const said = [...text.matchAll(/^@@ (.*?)\r?$/gm)].map(([, words]) => words!);
  expect(said.sort()).toEqual([
    "100000 frees", "left go_renamed.constprop.0", `report oopscope-guard: leak of objects in go_leak leak go_leak:${line("leak")}`, `report oopscope-guard: leak of skbs in go_leak leak go_leak:${line("leak_skb")}`,
    // Where interrupts were off, for a task too.
    "event process off acknowledged", "event softirq on acknowledged", "event hardirq off acknowledged", "held where interrupts were on: 1 acknowledged, 0 expired", "held where interrupts were off: 2 acknowledged, 0 expired",
    ...[["go_irq_off", "irq_off_again"], ["go_timer_fires", "softirq_again"], ["go_interrupt", "hardirq_again"]].map(([name, again]) => `report oopscope-guard: double-free of an object in ${name!} double-free-slab ${name!}:${line(again!)}`),
  ].sort());
  const { case: decoded } = await decode(Buffer.from(text, "latin1"), { modules: [...result.modules, module], root: null });
  const { reports } = await explain(decoded);
  const seen = reports.filter(({ title }) => title.startsWith("oopscope-guard: ")).map(({ kind, verdict }) => ({
    kind, rule: verdict?.rule, guilty: `${verdict?.guilty?.function}:${verdict?.guilty?.line}`, earlier: verdict?.earlier[0] ? `${verdict.earlier[0].function}:${verdict.earlier[0].line}` : null,
  }));
  expect(seen).toEqual([
    twice("double-free", "double-free-slab", "go_irq_off", "irq_off", "irq_off_again"),
    twice("double-free", "double-free-slab", "go_timer_fires", "softirq", "softirq_again"),
    twice("double-free", "double-free-slab", "go_interrupt", "hardirq", "hardirq_again"),
    twice("double-free", "double-free-slab", "go_kfree", "kfree", "kfree_again"),
    twice("double-free", "double-free-slab", "go_bulk", "bulk", "bulk_again"),
    twice("double-free", "double-free-slab", "go_vfree", "vfree", "vfree_again"),
    twice("use-after-free", "use-after-free", "go_use", "use", "used"),
    twice("double-free", "double-free-skb", "go_consume_after_kfree", "kfree_skb", "consume_again"),
    twice("double-free", "double-free-skb", "go_kfree_after_consume", "consume", "kfree_skb_again"),
    twice("double-free", "double-free-slab", "go_kfree_rcu", "rcu", "rcu_again"),
    { kind: "invalid-free", rule: "invalid-free", guilty: `go_invalid:${line("invalid")}`, earlier: null },
    ...(kernel !== own ? [] : [{ kind: "double-free", rule: "double-free-slab", guilty: `df_session_destroy:${lineOf("kmalloc_double_free", "GUILTY")}`, earlier: `df_session_setup:${lineOf("kmalloc_double_free", "@first")}` }]),
  ]);
}, 300_000);
