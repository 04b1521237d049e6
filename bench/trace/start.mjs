// `node start.mjs ROUNDS`: milliseconds from the start of a program to its first event, in a guest; prints a line of JSON with all rounds of each program. This process itself has the functions called meanwhile.
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";

const rounds = Number(process.argv[2]);
const root = new URL("../..", import.meta.url).pathname;
const node = process.execPath;
const cli = `${root}dist/cli/main.cjs`;

/** Every 4 ms something that is not there is looked for and unlinked, until the program says its first line. */
function untilFirst(program, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const calling = setInterval(() => existsSync("/tmp/not-there"), 4);
    const start = performance.now();
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } });
    let time = null;
    let said = "";
    child.stdout.on("data", () => {
      time ??= performance.now() - start;
      clearInterval(calling);
      child.kill("SIGKILL");
    });
    child.stderr.on("data", (part) => (said += part));
    child.on("close", () => {
      clearInterval(calling);
      if (time === null) reject(new Error(`${program} ${args.join(" ")}: ${said}`));
      else resolve(time);
    });
  });
}

const many = { BPFTRACE_MAX_PROBES: "1024" };
const ways = {
  node: () => untilFirst(node, ["-e", 'console.log("event")']),
  "bpftrace one": () => untilFirst("bpftrace", ["-B", "none", "-e", 'kfunc:do_faccessat { printf("%d %s\\n", args->dfd, str(args->filename)); }']),
  "oopscope one": () => untilFirst(node, [cli, "trace", "do_faccessat", "--arg", "dfd", "--arg", "filename"]),
  "bpftrace many": () => untilFirst("bpftrace", ["-B", "none", "-e", 'kfunc:vfs_*,kfunc:do_faccessat { printf("%s\\n", probe); }'], many),
  "oopscope many": () => untilFirst(node, [cli, "trace", "vfs_*", "do_faccessat", "--arg", "cpu"]),
};
// What a command keeps of its compiled code is there after the first run that ends by itself.
for (const probes of [["do_faccessat"], ["vfs_*"]]) execFileSync(node, [cli, "trace", ...probes, "--arg", "cpu", "--duration", "0.01"], { stdio: "ignore" });
const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) for (const [name, run] of Object.entries(ways)) times[name].push(Math.round(await run()));
console.log(`@@ ${JSON.stringify(times)}`);
