// Runs in the guest: prints a line of JSON with medians.
import { execFileSync, spawn } from "node:child_process";

const [, , object, probe, consumer, decoders] = process.argv;
const root = new URL("../..", import.meta.url).pathname;
const rounds = "15";
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
/** Events a second: of the draining alone, and of filling and draining together. */
const rates = (program, ...args) => {
  const rows = execFileSync(program, args, { encoding: "utf8" }).trim().split("\n").slice(5).map((line) => line.split(" ").map(Number));
  return { alone: median(rows.map(([alone]) => alone)), whole: median(rows.map(([, whole]) => whole)) };
};

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
const drain = {
  c: rates(consumer, object, rounds),
  lazy: rates(node, `${root}bench/bpf/drain.mjs`, object, rounds, "lazy"),
  decoded: rates(node, `${root}bench/bpf/drain.mjs`, object, rounds, "decoded"),
  generated: rates(node, `${root}bench/bpf/drain.mjs`, object, rounds, "generated", decoders),
};
console.log(`@@ ${JSON.stringify({ start: Object.fromEntries(Object.entries(starts).map(([name, all]) => [name, Math.round(median(all.slice(1)))])), drain })}`);
