// How long `oopscope trace` takes to its first event, beside bpftrace, and to attach to many functions and to detach, fentry against kprobes: in a guest, as ratios of one run. `node bench/trace.mjs [RELEASE]`
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

/** Markdown. */
export function benchTrace(release) {
  const work = mkdtempSync(join(tmpdir(), "oopscope-bench-trace-"));
  try {
    const object = join(work, "calls.bpf.o");
    execFileSync(process.execPath, [join(root, "dist/cli/main.cjs"), "bpf", "build", "-q", "-o", object, join(root, "bench/trace/calls.bpf.c")], { stdio: "inherit" });
    for (const [name, ...libraries] of [["calls"], ["peer", "-lbpf"]]) execFileSync("gcc", ["-O2", "-o", join(work, name), join(root, `bench/trace/${name}.c`), ...libraries], { stdio: "inherit" });
    const script = join(work, "bench.sh");
    writeFileSync(script, `#!/bin/sh\ndmesg -n 1\nmount -t tracefs t /sys/kernel/tracing 2>/dev/null; mount -t debugfs d /sys/kernel/debug 2>/dev/null\n${process.execPath} ${root}bench/trace/start.mjs 7\n${process.execPath} ${root}bench/trace/cost.mjs ${join(work, "calls")} ${join(work, "peer")} ${object} 5\n${process.execPath} ${root}bench/trace/attach.mjs fuse 10 50 100\n`, { mode: 0o755 });
    const fuse = join(process.env["OOPSCOPE_CACHE"] ?? join(homedir(), ".cache/oopscope"), "kernels", release, "lib/modules", release, "kernel/fs/fuse/fuse.ko");
    const { stdout } = spawnSync(process.execPath, [join(root, "dist/cli/main.cjs"), "lab", "run", "--kernel", release, "--module", fuse, "--cpus", "2", "--memory", "1536", "--timeout", "800", "--no-decode", "--script", script], { encoding: "utf8", maxBuffer: 1 << 26, timeout: 860_000 });
    const rows = new Map();
    for (const [, how, wanted, attached, open, close] of stdout.matchAll(/^@@ (\w+) (\d+) (\d+) (\d+) (\d+)\r?$/gm)) {
      const key = `${wanted} ${how}`;
      rows.set(key, [...(rows.get(key) ?? []), { attached, open: Number(open), close: Number(close) }]);
    }
    if (rows.size < 5) throw new Error(`the guest did not come to an end:\n${stdout.slice(-3000)}`);
    const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
    const [starts, { cost, output }] = [...stdout.matchAll(/^@@ (\{.*?\})\r?$/gm)].map(([, json]) => JSON.parse(json));
    // What else the machine did only adds.
    const [c, ours] = [cost.c, cost.oopscope].map((times) => Math.min(...times));
    const written = (name) => ({ rate: median(output[name].map(({ rate }) => rate)), lost: median(output[name].map(({ lost }) => lost)) });
    const [theirs, own] = [written("bpftrace"), written("oopscope")];
    const start = (name) => median([...starts[name]]);
    return [
      `In a guest of ${release} (TCG, so ratios count):`,
      "",
      "| start to the first event | bpftrace, ms | oopscope, ms | × bpftrace |",
      "|---|---|---|---|",
      ...[["one", "one function (`do_faccessat`)"], ["many", "`vfs_*` and that one"]].map(([key, name]) => `| ${name} | ${start(`bpftrace ${key}`)} | ${start(`oopscope ${key}`)} | ${(start(`oopscope ${key}`) / start(`bpftrace ${key}`)).toFixed(2)} |`),
      `| (an empty Node) | | ${start("node")} | ${(start("node") / start("bpftrace one")).toFixed(2)} |`,
      "",
      "| the program's own time, a call, two arguments | ns | × C |",
      "|---|---|---|",
      `| a program in C, by libbpf | ${c} | 1 |`,
      `| \`oopscope trace\` | ${ours} | ${(ours / c).toFixed(2)} |`,
      "",
      "| 60,000 calls at full speed, written as NDJSON | lines a second | × bpftrace | calls lost |",
      "|---|---|---|---|",
      `| bpftrace | ${theirs.rate} | 1 | ${theirs.lost} |`,
      `| \`oopscope trace\` | ${own.rate} | ${(own.rate / theirs.rate).toFixed(2)} | ${own.lost} |`,
      "",
      "| functions of `fuse` | by | to attach, ms | to detach, ms |",
      "|---|---|---|---|",
      ...[...rows].map(([key, rounds]) => `| ${rounds[0].attached} | ${key.split(" ")[1]} | ${median(rounds.map(({ open }) => open))} | ${median(rounds.map(({ close }) => close))} |`),
      "",
    ].join("\n");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) console.log(benchTrace(process.argv[2] ?? "6.1.0-56-amd64"));
