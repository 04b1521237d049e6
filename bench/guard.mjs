// What `oopscope guard` costs: a flood of UDP packets through a dummy device, in a guest. `node bench/guard.mjs [RELEASE]`
//
// Once by the clock, as ratios of one run, and once by instructions: a machine whose clock is its count of instructions (QEMU's -icount) gives the same figures however busy its host is.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const cli = join(root, "dist/cli/main.cjs");
const rounds = 3;
const cases = [["without guard", "none"], ["its module is guarded", "DUMMY"], ["its module is guarded, objects of kmalloc and caches included", "dummy"], ["another module is guarded", "./skb_double_free.ko"]];

/** Packets a second by case: the median of some rounds. */
function measure(release, work, { cpus, seconds, path = process.env["PATH"] }) {
  const modules = join(process.env["OOPSCOPE_CACHE"] ?? join(homedir(), ".cache/oopscope"), "kernels", release, "lib/modules", release, "kernel/drivers/net");
  const dummy = ["dummy.ko", "dummy.ko.xz"].map((name) => join(modules, name)).find((file) => existsSync(file));
  const script = join(work, "bench.sh");
  writeFileSync(script, `#!/bin/sh
dmesg -n 1; cd /tmp
ip link show dummy0 > /dev/null 2>&1 || ip link add dummy0 type dummy
ip addr add 10.7.7.1/24 dev dummy0; ip link set dummy0 up arp off
cp /dev/.oopscope/modules/*-skb_double_free.ko skb_double_free.ko
for what in none DUMMY none dummy none ./skb_double_free.ko none; do
  case $what in DUMMY) guarded=${dummy};; *) guarded=$what;; esac
  if [ $what != none ]; then
    ${process.execPath} ${cli} guard $guarded > out 2> err & guard=$!
    for try in $(seq 300); do grep -qE 'guarding|error' err && break; sleep 0.2; done
  fi
  for round in $(seq ${rounds}); do echo "@@ $what $(${process.execPath} ${root}bench/guard/flood.mjs ${seconds} 10.7.7.2)"; done
  [ $what = none ] || { kill -INT $guard; wait $guard; }
done
`, { mode: 0o755 });
  const args = ["lab", "run", "skb-double-free", "--kernel", release, "--module", dummy, "--cpus", String(cpus), "--memory", "1536", "--timeout", "280", "--no-decode", "--script", script];
  const { stdout } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8", maxBuffer: 1 << 26, env: { ...process.env, PATH: path } });
  const rates = new Map();
  for (const [, what, rate] of stdout.matchAll(/^@@ (\S+) (\d+)\r?$/gm)) rates.set(what, [...(rates.get(what) ?? []), Number(rate)]);
  if (rates.size < cases.length) throw new Error(`the guest did not come to an end:\n${stdout.slice(-3000)}`);
  return new Map([...rates].map(([what, list]) => [what, list.sort((a, b) => a - b)[Math.floor(list.length / 2)]]));
}

/** A QEMU whose clock is a nanosecond an instruction. */
function countingQemu(work) {
  const found = spawnSync("sh", ["-c", "command -v qemu-system-x86_64"], { encoding: "utf8" }).stdout.trim();
  const file = join(work, "qemu-system-x86_64");
  writeFileSync(file, `#!/bin/sh\nexec ${found} "$@" -icount shift=0,sleep=off\n`);
  chmodSync(file, 0o755);
  return `${work}${delimiter}${process.env["PATH"]}`;
}

/** Markdown. */
export function benchGuard(release) {
  const work = mkdtempSync(join(tmpdir(), "oopscope-bench-guard-"));
  try {
    const byClock = measure(release, work, { cpus: 2, seconds: 1 });
    const byCount = measure(release, work, { cpus: 1, seconds: 0.4, path: countingQemu(work) });
    const part = (map, what) => `${Math.round((1000 * map.get(what)) / map.get("none")) / 10}%`;
    return [
      `In a guest of ${release}:`,
      "",
      "| a flood of UDP packets through a dummy device | packets a second | of those without guard | instructions a packet | packets for as many instructions |",
      "|---|---|---|---|---|",
      ...cases.map(([name, what]) => `| ${name} | ${byClock.get(what)} | ${part(byClock, what)} | ${Math.round(1e9 / byCount.get(what))} | ${part(byCount, what)} |`),
      "",
    ].join("\n");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) console.log(benchGuard(process.argv[2] ?? "6.1.0-56-amd64"));
