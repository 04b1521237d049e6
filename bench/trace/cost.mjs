// `node cost.mjs CALLS PEER OBJECT ROUNDS` in a guest: how long the program of a traced call runs, in nanoseconds as the kernel counts them (kernel.bpf_stats_enabled), one in C with libbpf and that of `oopscope trace`,
// whose readers stand still meanwhile; then how
// many events a second `oopscope trace --format json` and bpftrace write of the same fields while all the time there are more, and what they lose. Prints a line of JSON.
import { execFileSync, spawn } from "node:child_process";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { listPrograms } from "../../dist/bpf/index.js";

const [, , calls, peer, object, rounds] = process.argv;
const cli = new URL("../../dist/cli/main.cjs", import.meta.url).pathname;
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const call = (count) => Number(execFileSync(calls, [String(count)], { encoding: "utf8" }));

/** Starts a tracer whose talk and output go to files, and waits until it says so. */
async function started(program, args, attached) {
  const child = spawn(program, args, { stdio: ["ignore", openSync("/tmp/cost.out", "w"), openSync("/tmp/cost.err", "w")] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  for (let tries = 0; tries < 600; tries++) {
    await pause(50);
    if (attached(readFileSync("/tmp/cost.out", "latin1") + readFileSync("/tmp/cost.err", "latin1"))) return { child, ended };
  }
  throw new Error(`${program}: ${readFileSync("/tmp/cost.err", "latin1")}`);
}

const ours = ["trace", "do_faccessat", "--arg", "dfd", "--arg", "mode", "--format", "json"];
const cost = { c: [], oopscope: [] };
writeFileSync("/proc/sys/kernel/bpf_stats_enabled", "1");
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, start] of [["c", () => started(peer, [object], (text) => text.includes("attached"))], ["oopscope", () => started(process.execPath, [cli, ...ours], (text) => text.includes("attached"))]]) {
    const tracer = await start();
    tracer.child.kill("SIGSTOP");
    // All of them fit into the ring.
    call(20_000);
    const { runTime, runs } = (await listPrograms()).find((program) => program.name === "enter" || program.name.startsWith("entry_do_facces"));
    cost[name].push(Math.round(Number(runTime) / Number(runs)));
    tracer.child.kill("SIGKILL");
    await tracer.ended;
  }
}

writeFileSync("/proc/sys/kernel/bpf_stats_enabled", "0");

const format = '{\\"time\\":%lld,\\"cpu\\":%d,\\"pid\\":%d,\\"tid\\":%d,\\"comm\\":\\"%s\\",\\"probe\\":\\"do_faccessat\\",\\"module\\":null,\\"function\\":\\"do_faccessat\\",\\"kind\\":\\"entry\\",\\"args\\":{\\"dfd\\":%d,\\"mode\\":%d},\\"ret\\":null,\\"duration\\":null,\\"stack\\":[]}\\n';
const theirs = ["-B", "none", "-e", `kfunc:do_faccessat { printf("${format}", nsecs, cpu, pid, tid, comm, args->dfd, args->mode); } BEGIN { printf("attached\\n"); }`];
const output = { bpftrace: [], oopscope: [] };
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, program, args] of [["bpftrace", "bpftrace", theirs], ["oopscope", process.execPath, [cli, ...ours]]]) {
    const { child, ended } = await started(program, args, (text) => text.includes("attached"));
    await pause(500);
    const asked = 60_000;
    const began = performance.now();
    call(asked);
    // The last lines follow the last call.
    let size = -1;
    let last = performance.now();
    for (let now = readFileSync("/tmp/cost.out").length; now !== size || performance.now() - last < 700; now = readFileSync("/tmp/cost.out").length) {
      if (now !== size) last = performance.now();
      size = now;
      await pause(50);
    }
    child.kill("SIGINT");
    await ended;
    const lines = readFileSync("/tmp/cost.out", "latin1").split("\n").filter((line) => line.includes('"comm":"calls"')).length;
    // One call more is the dynamic linker's (/etc/ld.so.preload).
    output[name].push({ rate: Math.round((lines * 1000) / (last - began)), lost: Math.max(0, asked + 1 - lines) });
  }
}
console.log(`@@ ${JSON.stringify({ cost, output })}`);
