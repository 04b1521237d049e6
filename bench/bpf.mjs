// eBPF in a guest, beside bpftrace and a consumer in C: ratios of one run, since a guest's own times say little. `node bench/bpf.mjs [RELEASE]`
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const cli = join(root, "dist/cli/main.cjs");

/** Markdown. */
export function benchBpf(release) {
  const work = mkdtempSync(join(tmpdir(), "oopscope-bench-bpf-"));
  try {
    const object = join(work, "events.bpf.o");
    const probe = join(work, "enters.bpf.o");
    for (const [out, source] of [[object, "events"], [probe, "enters"]]) execFileSync(process.execPath, [cli, "bpf", "build", "-q", "-o", out, join(root, `bench/bpf/${source}.bpf.c`)], { stdio: "inherit" });
    execFileSync(process.execPath, [cli, "bpf", "types", "-q", "-o", join(work, "events.mjs.js"), object], { stdio: "inherit" });
    writeFileSync(join(work, "package.json"), '{"type":"module"}');
    for (const name of ["producer", "consumer"]) execFileSync("gcc", ["-O2", "-o", join(work, name), join(root, `bench/bpf/${name}.c`), "-lbpf"], { stdio: "inherit" });
    const script = join(work, "bench.sh");
    writeFileSync(script, `#!/bin/sh\ndmesg -n 1\nexec ${process.execPath} ${root}bench/bpf/guest.mjs ${object} ${probe} ${join(work, "producer")} ${join(work, "consumer")} ${join(work, "events.mjs.js")}\n`, { mode: 0o755 });
    const { stdout } = spawnSync(process.execPath, [cli, "lab", "run", "--kernel", release, "--memory", "1536", "--timeout", "300", "--no-decode", "--script", script], { encoding: "utf8", maxBuffer: 1 << 26 });
    const line = /^@@ (.*?)\r?$/m.exec(stdout);
    if (!line) throw new Error(`the guest did not come to an end:\n${stdout.slice(-3000)}`);
    const { start, drain } = JSON.parse(line[1]);
    const rate = (value) => `${(value / 1e6).toFixed(2)} million/s`;
    return [
      `In a guest of ${release}:`,
      "",
      "| start to attached, one fentry program | ms | × bpftrace |",
      "|---|---|---|",
      ...[["bpftrace", start.bpftrace], ["an empty Node", start.node], ["`oopscope bpf run`", start.run], ["a generated program (`GeneratedProgram`)", start.generated]].map(([name, time]) => `| ${name} | ${time} | ${(time / start.bpftrace).toFixed(2)} |`),
      "",
      "| events of 64 bytes through a ring | written and read | × C | reading alone | × C |",
      "|---|---|---|---|---|",
      ...[["libbpf in C", drain.c], ["read in place (`ring.read`)", drain.lazy], ["objects by BTF (`eventDecoder`)", drain.decoded], ["objects by the decoder of `bpf types`", drain.generated]].map(([name, value]) => `| ${name} | ${rate(value.whole)} | ${(value.whole / drain.c.whole).toFixed(2)} | ${rate(value.alone)} | ${(value.alone / drain.c.alone).toFixed(3)} |`),
      "",
    ].join("\n");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) console.log(benchBpf(process.argv[2] ?? "6.1.0-56-amd64"));
