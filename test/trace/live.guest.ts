import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildModule, findKernel, listKernels } from "../../src/lab/index.ts";
import { inGuest, made, moduleOf, suites } from "../bpf/guest.ts";
import { cacheFolder } from "../../src/system/index.ts";
import { root } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";
import { bundleOf } from "./bundle.ts";

/** The kernel's own debug file, where it was fetched. */
function debugFile(kernel: string): string {
  const path = join(cacheFolder(), "kernels", kernel, "usr/lib/debug/boot", `vmlinux-${kernel}`);
  return existsSync(path) ? path : "";
}

/** `make soak` has all functions of the module attached and detached 1,000 times; else it is 20 times on 6.1, where it takes longest, and twice on others. */
const rounds = Number(process.env["OOPSCOPE_ROUNDS"] ?? 0);

/** The command that traces packets of a tunnel; what makes the tunnel is compiled. */
async function gtp(folder: string): Promise<string> {
  const tunnel = join(folder, "gtp-tunnel");
  execFileSync("gcc", ["-Wall", "-Werror", "-static", "-o", tunnel, join(import.meta.dirname, "gtp-tunnel.c")]);
  return `exec ${process.execPath} ${await bundleOf("gtp")} ${root}dist/cli/main.cjs ${tunnel}`;
}

// The truth is the source of the module (trace_zoo/trace_zoo.c): what it passes to its functions, and what they give back.
async function traceIn(kernel: string, program: string, golden: string): Promise<void> {
  const folder = join(made, `trace-${kernel}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const module = join(folder, "trace_zoo.ko");
  await buildModule(await findKernel(kernel), join(import.meta.dirname, "trace_zoo"), module, "test/trace/trace_zoo");
  const script = `mount -t tracefs t /sys/kernel/tracing 2>/dev/null; mount -t debugfs d /sys/kernel/debug 2>/dev/null
cp ${module} /tmp/trace_zoo.ko
if [ ${program} = live ] && ! readelf -SW /tmp/trace_zoo.ko | grep -q ' \\.BTF '; then pahole -J --btf_base /sys/kernel/btf/vmlinux /tmp/trace_zoo.ko; fi
busybox insmod /tmp/trace_zoo.ko
${process.execPath} ${await bundleOf(program)} /tmp/trace_zoo.ko || exit 1
${program === "live" ? `for how in pinned unpinned; do ${process.execPath} ${await bundleOf("rounds")} $how || exit 1; done` : ""}
${hasMulti(kernel) ? `${process.execPath} ${await bundleOf("many")} || exit 1` : ""}
${program === "live" ? `${process.execPath} ${await bundleOf("commands")} ${root}dist/cli/main.cjs /tmp/trace_zoo.ko ${debugFile(kernel)} || exit 1` : ""}
${await gtp(folder)}`;
  const said = await inGuest(`trace-${kernel}`, script, { kernel, timeout: 480 + 8 * rounds, env: { OOPSCOPE_ROUNDS: String(rounds || (hasMulti(kernel) ? 2 : 20)) }, modules: [moduleOf(kernel, "drivers/net/gtp")] });
  expect(said.length).toBeGreaterThan(10);
  expectGolden(`${said.map((line) => JSON.stringify(line)).join("\n")}\n`, new URL(`live/${golden}.txt`, import.meta.url));
}

/** Kernels that attach many functions at once; Debian's 6.1 was built without (CONFIG_FPROBE). */
const hasMulti = (kernel: string): boolean => !/^(?:5|6\.1)\./.test(kernel);
const series = (kernel: string): string => kernel.split(".").slice(0, 2).join(".");

it.each(suites())("%s: calls of functions with known arguments, by fentry and by kprobes", async (kernel) => {
  await traceIn(kernel, "live", series(kernel));
}, 540_000 + 8000 * rounds);

// Modules have no types there, kprobes no cookies: `make matrix` fetches it.
const old = (await listKernels()).filter(({ release }) => release.startsWith("5.10.") && release.endsWith("-amd64")).map(({ release }) => release);
it.each(old)("%s: the oldest kernel", async (kernel) => {
  await traceIn(kernel, "old", series(kernel));
}, 540_000 + 8000 * rounds);

// No module of ours: what builds those is newer than this system's compiler. `make matrix` fetches it.
const newest = (await listKernels()).filter(({ release }) => release.startsWith("7.") && release.endsWith("-amd64")).map(({ release }) => release).sort().slice(-1);
it.each(newest)("%s: the newest kernel", async (kernel) => {
  const folder = join(made, `trace-${kernel}`);
  mkdirSync(folder, { recursive: true });
  const said = await inGuest(`trace-${kernel}`, `mount -t tracefs t /sys/kernel/tracing 2>/dev/null; mount -t debugfs d /sys/kernel/debug 2>/dev/null\n${process.execPath} ${await bundleOf("many")} || exit 1\n${await gtp(folder)}`, { kernel, timeout: 240, modules: [moduleOf(kernel, "drivers/net/gtp")] });
  expect(said).toHaveLength(5);
  expectGolden(`${said.map((line) => JSON.stringify(line)).join("\n")}\n`, new URL(`live/${series(kernel)}.txt`, import.meta.url));
}, 300_000);
