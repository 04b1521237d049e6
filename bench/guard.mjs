// What `oopscope guard` costs: a flood of UDP packets through a dummy device, in a guest, as ratios of one run. `node bench/guard.mjs [RELEASE]`
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const cli = join(root, "dist/cli/main.cjs");
const rounds = 3;

/** Markdown. */
export function benchGuard(release) {
  const work = mkdtempSync(join(tmpdir(), "oopscope-bench-guard-"));
  try {
    const script = join(work, "bench.sh");
    writeFileSync(script, `#!/bin/sh
dmesg -n 1; cd /tmp
ip link show dummy0 > /dev/null 2>&1 || ip link add dummy0 type dummy
ip addr add 10.7.7.1/24 dev dummy0; ip link set dummy0 up arp off
cp /dev/.oopscope/modules/*-skb_double_free.ko skb_double_free.ko
for what in none dummy none ./skb_double_free.ko none; do
  if [ $what != none ]; then
    ${process.execPath} ${cli} guard $what > out 2> err & guard=$!
    for try in $(seq 300); do grep -qE 'guarding|error' err && break; sleep 0.2; done
  fi
  for round in $(seq ${rounds}); do echo "@@ $what $(${process.execPath} ${root}bench/guard/flood.mjs 1 10.7.7.2)"; done
  [ $what = none ] || { kill -INT $guard; wait $guard; }
done
`, { mode: 0o755 });
    const modules = join(process.env["OOPSCOPE_CACHE"] ?? join(homedir(), ".cache/oopscope"), "kernels", release, "lib/modules", release, "kernel/drivers/net");
    const dummy = ["dummy.ko", "dummy.ko.xz"].map((name) => join(modules, name)).find((path) => existsSync(path));
    const { stdout } = spawnSync(process.execPath, [cli, "lab", "run", "skb-double-free", "--kernel", release, "--module", dummy, "--cpus", "2", "--memory", "1536", "--timeout", "200", "--no-decode", "--script", script], { encoding: "utf8", maxBuffer: 1 << 26 });
    const rates = new Map();
    for (const [, what, rate] of stdout.matchAll(/^@@ (\S+) (\d+)\r?$/gm)) rates.set(what, [...(rates.get(what) ?? []), Number(rate)]);
    const median = (what) => (rates.get(what) ?? []).sort((a, b) => a - b)[Math.floor(rates.get(what)?.length / 2)];
    const none = median("none");
    if (!(none > 0) || rates.size < 3) throw new Error(`the guest did not come to an end:\n${stdout.slice(-3000)}`);
    return [
      `In a guest of ${release}:`,
      "",
      "| a flood of UDP packets through a dummy device | packets a second | of those without guard |",
      "|---|---|---|",
      ...[["without guard", "none"], ["its module is guarded", "dummy"], ["another module is guarded", "./skb_double_free.ko"]].map(([name, what]) => `| ${name} | ${median(what)} | ${Math.round((100 * median(what)) / none)}% |`),
      "",
    ].join("\n");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) console.log(benchGuard(process.argv[2] ?? "6.1.0-56-amd64"));
