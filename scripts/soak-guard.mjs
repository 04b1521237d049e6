// How often guard's evidence outlives the machine: boots each double free of the lab under guard so many times, and prints a table for docs/guard.md.
// `node scripts/soak-guard.mjs [BOOTS] [RELEASE...]`
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const cli = join(root, "dist/cli/main.cjs");
const [boots = "10", ...wanted] = process.argv.slice(2);
const oopscope = (...args) => spawnSync(process.execPath, [cli, ...args], { cwd: root, encoding: "utf8", maxBuffer: 1 << 27 });
const releases = wanted.length > 0 ? wanted : [...oopscope("lab", "list").stdout.matchAll(/^[ *]*(\d+\.\d+\S*-amd64)\b/gm)].map(([, release]) => release);

/** What brings the second free about, the functions that guard has to name, and their places. */
const up = "ip addr add 10.9.0.1/24 dev tun9; ip link set tun9 up; ";
const cases = [
  { scenario: "skb-double-free", module: "skb_double_free", context: "process", script: `${up}/dev/.oopscope/busybox ping -c 1 -W 1 10.9.0.2`, guilty: "st_xmit", earlier: ["st_drop", "st_handle_ipv4"] },
  { scenario: "skb-double-free-forward", module: "skb_double_free", context: "softirq", script: `${up}ip addr add 10.8.0.1/24 dev tin0; ip link set tin0 up; echo 1 > /proc/sys/net/ipv4/ip_forward; echo 2 > /sys/module/skb_double_free/parameters/inject`, guilty: "st_xmit", earlier: ["st_drop", "st_handle_ipv4"] },
  { scenario: "kmalloc-double-free", module: "kmalloc_double_free", context: "process", script: "echo 0 > /proc/kmalloc_double_free", guilty: "df_session_destroy", earlier: ["df_session_setup"] },
];

const work = mkdtempSync(join(tmpdir(), "oopscope-soak-guard-"));
try {
  console.log("| kernel | double free | context | complete evidence | by the black box alone |\n|---|---|---|---|---|");
  for (const release of releases) {
    for (const one of cases) {
      const good = { hold: 0, box: 0 };
      for (let boot = 0; boot < Number(boots); boot++) for (const way of ["hold", "box"]) if (complete(release, one, way)) good[way]++;
      console.log(`| ${release} | ${one.scenario} | ${one.context} | ${good.hold} of ${boots} | ${good.box} of ${boots} |`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Boots once; whether the console alone tells both frees. */
function complete(release, { scenario, module, script, guilty, earlier }, way) {
  const file = join(work, "guest.sh");
  // In an emulated machine beside others a third of a second is short.
  const options = way === "hold" ? "--hold 3000 -o case.json" : "--hold 0 --black-box";
  writeFileSync(file, `#!/bin/sh
export HOME=/tmp; cd /tmp; cp /dev/.oopscope/modules/*-${module}.ko ${module}.ko
${process.execPath} ${cli} guard ./${module}.ko ${options} > out 2> err & guard=$!
for try in $(seq 300); do grep -qE 'guarding|error' err && break; sleep 0.2; done
${way === "box" ? "kill -STOP $guard" : ""}
${script}; sleep 5
`, { mode: 0o755 });
  const log = join(work, "log");
  const run = JSON.parse(oopscope("lab", "run", scenario, "--kernel", release, "--cpus", "2", "--memory", "1536", "--timeout", "150", "--no-decode", "--format", "json", "--script", file, "-o", log).stdout.replace(/^[^{]*/, "") || "{}");
  const { reports = [] } = JSON.parse(oopscope("explain", ...(run.modules ?? []).flatMap((path) => ["--modules", path]), "--format", "json", log).stdout || "{}");
  const report = reports.find(({ title }) => title.startsWith("oopscope-guard: "));
  const found = report?.verdict?.guilty?.function === guilty && earlier.includes(report.verdict.earlier[0]?.function);
  if (!found) process.stderr.write(`${release} ${scenario} ${way}: ${report === undefined ? "no evidence" : `${report.verdict?.guilty?.function}, ${report.verdict?.earlier[0]?.function}`}\n${process.env.OOPSCOPE_SHOW_GUEST ? readFileSync(log, "latin1").slice(-3000) : ""}`);
  return found;
}
