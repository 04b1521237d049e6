// How long `oopscope trace` takes to its first event, beside bpftrace, and to attach to many functions and to detach, fentry against kprobes, and what a call costs: in guests, as ratios of one run. `node bench/trace.mjs [RELEASE [start|cost|attach]…]`
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** What a script writes in a guest of its own. */
function inGuest(release, work, name, script, more = []) {
  const file = join(work, `${name}.sh`);
  writeFileSync(file, `#!/bin/sh\ndmesg -n 1\nmount -t tracefs t /sys/kernel/tracing 2>/dev/null; mount -t debugfs d /sys/kernel/debug 2>/dev/null\n${script}\n`, { mode: 0o755 });
  const { stdout } = spawnSync(process.execPath, [join(root, "dist/cli/main.cjs"), "lab", "run", "--kernel", release, ...more, "--memory", "1536", "--timeout", "400", "--no-decode", "--script", file], { encoding: "utf8", maxBuffer: 1 << 26, timeout: 460_000 });
  if (!/^@@ /m.test(stdout)) throw new Error(`the guest did not come to an end:\n${stdout.slice(-3000)}`);
  return stdout;
}

/** The line of JSON that a part writes. */
const jsonOf = (stdout) => JSON.parse(/^@@ (\{.*?\})\r?$/m.exec(stdout)[1]);

const parts = {
  start(release, work) {
    const starts = jsonOf(inGuest(release, work, "start", `${process.execPath} ${root}bench/trace/start.mjs 7`, ["--cpus", "2"]));
    const start = (name) => median([...starts[name]]);
    return [
      "| start to the first event | bpftrace, ms | oopscope, ms | × bpftrace |",
      "|---|---|---|---|",
      ...[["one", "one function (`do_faccessat`)"], ["many", "`vfs_*` and that one"]].map(([key, name]) => `| ${name} | ${start(`bpftrace ${key}`)} | ${start(`oopscope ${key}`)} | ${(start(`oopscope ${key}`) / start(`bpftrace ${key}`)).toFixed(2)} |`),
      `| (an empty Node) | | ${start("node")} | ${(start("node") / start("bpftrace one")).toFixed(2)} |`,
    ];
  },
  cost(release, work) {
    const object = join(work, "calls.bpf.o");
    execFileSync(process.execPath, [join(root, "dist/cli/main.cjs"), "bpf", "build", "-q", "-o", object, join(root, "bench/trace/calls.bpf.c")], { stdio: "inherit" });
    for (const [name, ...libraries] of [["calls"], ["peer", "-lbpf"]]) execFileSync("gcc", ["-O2", "-o", join(work, name), join(root, `bench/trace/${name}.c`), ...libraries], { stdio: "inherit" });
    const { cost, output } = jsonOf(inGuest(release, work, "cost", `${process.execPath} ${root}bench/trace/cost.mjs ${join(work, "calls")} ${join(work, "peer")} ${object} 3`, ["--cpus", "2"]));
    // What else the machine did only adds.
    const [c, ours] = [cost.c, cost.oopscope].map((times) => Math.min(...times));
    const written = (name) => ({ rate: median(output[name].map(({ rate }) => rate)), lost: median(output[name].map(({ lost }) => lost)) });
    const [theirs, own] = [written("bpftrace"), written("oopscope")];
    return [
      "| the program's own time, a call, two arguments | ns | × C |",
      "|---|---|---|",
      `| a program in C, by libbpf | ${c} | 1 |`,
      `| \`oopscope trace\` | ${ours} | ${(ours / c).toFixed(2)} |`,
      "",
      "| 60,000 calls at full speed, written as NDJSON | lines a second | × bpftrace | calls lost |",
      "|---|---|---|---|",
      `| bpftrace | ${theirs.rate} | 1 | ${theirs.lost} |`,
      `| \`oopscope trace\` | ${own.rate} | ${(own.rate / theirs.rate).toFixed(2)} | ${own.lost} |`,
    ];
  },
  attach(release, work) {
    const fuse = join(process.env["OOPSCOPE_CACHE"] ?? join(homedir(), ".cache/oopscope"), "kernels", release, "lib/modules", release, "kernel/fs/fuse/fuse.ko");
    const stdout = inGuest(release, work, "attach", `${process.execPath} ${root}bench/trace/attach.mjs fuse 10 50 100`, ["--module", fuse]);
    const rows = new Map();
    for (const [, how, wanted, attached, open, close] of stdout.matchAll(/^@@ (\S+) (\d+) (\d+) (\d+) (\d+)\r?$/gm)) {
      const key = `${wanted} ${how}`;
      rows.set(key, [...(rows.get(key) ?? []), { attached, open: Number(open), close: Number(close) }]);
    }
    return [
      "| functions of `fuse` | by | to attach, ms | to detach, ms |",
      "|---|---|---|---|",
      ...[...rows].map(([key, rounds]) => `| ${rounds[0].attached} | ${key.split(" ")[1]} | ${median(rounds.map(({ open }) => open))} | ${median(rounds.map(({ close }) => close))} |`),
    ];
  },
};

/** Markdown: the parts that are named, or all, each from a guest of its own. */
export function benchTrace(release, names = Object.keys(parts)) {
  const work = mkdtempSync(join(tmpdir(), "oopscope-bench-trace-"));
  try {
    return [`In guests of ${release} (TCG, so ratios count):`, ...names.flatMap((name) => ["", ...parts[name](release, work)]), ""].join("\n");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) console.log(benchTrace(process.argv[2] ?? "6.1.0-56-amd64", process.argv.length > 3 ? process.argv.slice(3) : undefined));
