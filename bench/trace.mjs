// How long `oopscope trace` takes to attach to many functions and to detach: fentry against kprobes, in a guest, as ratios of one run. `node bench/trace.mjs [RELEASE]`
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

/** Markdown. */
export function benchTrace(release) {
  const work = mkdtempSync(join(tmpdir(), "oopscope-bench-trace-"));
  try {
    const script = join(work, "bench.sh");
    writeFileSync(script, `#!/bin/sh\ndmesg -n 1\n${process.execPath} ${root}bench/trace/attach.mjs fuse 10 50 100\n`, { mode: 0o755 });
    const fuse = join(process.env["OOPSCOPE_CACHE"] ?? join(homedir(), ".cache/oopscope"), "kernels", release, "lib/modules", release, "kernel/fs/fuse/fuse.ko");
    const { stdout } = spawnSync(process.execPath, [join(root, "dist/cli/main.cjs"), "lab", "run", "--kernel", release, "--module", fuse, "--cpus", "1", "--memory", "1536", "--timeout", "200", "--no-decode", "--script", script], { encoding: "utf8", maxBuffer: 1 << 26, timeout: 260_000 });
    const rows = new Map();
    for (const [, how, wanted, attached, open, close] of stdout.matchAll(/^@@ (\w+) (\d+) (\d+) (\d+) (\d+)\r?$/gm)) {
      const key = `${wanted} ${how}`;
      rows.set(key, [...(rows.get(key) ?? []), { attached, open: Number(open), close: Number(close) }]);
    }
    if (rows.size < 6) throw new Error(`the guest did not come to an end:\n${stdout.slice(-3000)}`);
    const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
    return [
      `In a guest of ${release} (TCG, so ratios count):`,
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
