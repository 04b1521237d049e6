// Runs in the guest: prints a line of JSON with medians.
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

const [, , object, probe, producer, consumer, decoders] = process.argv;
const root = new URL("../..", import.meta.url).pathname;
const rounds = "12";
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
/** Events a second: of the draining alone, and of filling and draining together. */
const rates = (program, args) => execFileSync(program, args, { encoding: "utf8" }).trim().split("\n").slice(5).map((line) => line.split(" ").map(Number));

/** Milliseconds from the start of a program to the line that says it is attached. */
function untilAttached(program, ...args) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    let time = null;
    const hear = (part) => {
      text += part;
      if (time === null && text.includes("attached")) {
        time = performance.now() - start;
        child.kill("SIGKILL");
      }
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", () => (time === null ? reject(new Error(`${program}: ${text}`)) : resolve(time)));
  });
}

const node = process.execPath;
const starts = { node: [], bpftrace: [], run: [], generated: [] };
// What a command keeps of its compiled code is there after the first run that ends by itself.
execFileSync(node, [`${root}dist/cli/main.cjs`, "bpf", "run", "--no-printk", "--duration", "0.01", probe]);
for (let round = 0; round < 8; round++) {
  console.log(`round ${round}`);
  starts.node.push(await untilAttached(node, "-e", 'console.log("attached")'));
  starts.bpftrace.push(await untilAttached("bpftrace", "-B", "none", "-e", 'kfunc:do_unlinkat { @ = count(); } BEGIN { printf("attached\\n"); }'));
  starts.run.push(await untilAttached(node, `${root}dist/cli/main.cjs`, "bpf", "run", "--no-printk", probe));
  starts.generated.push(await untilAttached(node, `${root}bench/bpf/attach.mjs`));
}
console.log(JSON.stringify(starts));

// One producer for all; each way to read has its turn three times, so that what else the machine does falls on all.
const folder = mkdtempSync("/tmp/ring-");
const [asked, filled] = ["asked", "filled"].map((name) => join(folder, name));
execFileSync("mkfifo", [asked, filled]);
try {
  execFileSync("mount", ["-t", "bpf", "bpf", "/sys/fs/bpf"], { stdio: "ignore" });
} catch {
  // it is there
}
const pin = `/sys/fs/bpf/events-${process.pid}`;
const producing = spawn(producer, [object, pin, asked, filled], { stdio: "inherit" });
const first = openSync(filled, "r+");
readSync(first, new Uint8Array(1));
closeSync(first);
const ways = { c: [consumer, pin, asked, filled, rounds] };
for (const way of ["lazy", "decoded", "generated"]) ways[way] = [node, `${root}bench/bpf/drain.mjs`, pin, asked, filled, rounds, way, object, decoders];
const rows = { c: [], lazy: [], decoded: [], generated: [] };
for (let turn = 0; turn < 3; turn++) for (const [way, [program, ...args]] of Object.entries(ways)) rows[way].push(...rates(program, args));
producing.kill();
const drain = Object.fromEntries(Object.entries(rows).map(([way, all]) => [way, { alone: median(all.map(([alone]) => alone)), whole: median(all.map(([, whole]) => whole)) }]));
console.log(`@@ ${JSON.stringify({ start: Object.fromEntries(Object.entries(starts).map(([name, all]) => [name, Math.round(median(all.slice(1)))])), drain })}`);
