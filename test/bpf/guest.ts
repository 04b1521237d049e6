import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { expect } from "vitest";
import { cacheFolder } from "../../src/system/index.ts";
import { testKernel } from "../lab/kernel.ts";
import { runLab, type LabOptions, type LabResult } from "../../src/lab/index.ts";

/** What tests make, files side by side each their own; below node_modules/, so that programs there find koffi. */
export const made = join(import.meta.dirname, "../../node_modules/.cache/oopscope-test", process.env["VITEST_POOL_ID"] ?? "0");

/** Compiles a BPF program of test/bpf/programs. */
export function compileBpf(name: string, ...flags: string[]): string {
  mkdirSync(made, { recursive: true });
  const out = join(made, `${name}.bpf.o`);
  const arch = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const defines = [`-D__TARGET_ARCH_${process.arch === "arm64" ? "arm64" : "x86"}`, `-I/usr/include/${arch}`];
  execFileSync("clang", ["--target=bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror", ...defines, ...flags, "-c", join(import.meta.dirname, "programs", `${name}.bpf.c`), "-o", out]);
  return out;
}

/** A program of test/bpf/programs in TypeScript, as one file that Node runs anywhere. */
export async function bundle(name: string): Promise<string> {
  const outfile = join(made, `${name}.mjs`);
  await build({ entryPoints: [join(import.meta.dirname, "programs", `${name}.ts`)], bundle: true, platform: "node", format: "esm", target: "node20.19", external: ["koffi", "iced-x86", "xz-decompress", "fzstd"], outfile, logLevel: "warning" });
  return outfile;
}

/** What a guest says of its tasks shortly before its time is up: who waits for what. */
const stuck = `echo "no end after $(cut -d' ' -f1 /proc/uptime) s; tasks:"
for task in /proc/[0-9]*/task/*; do
  case $(cat $task/comm) in kworker*|cpuhp*|ksoftirqd*|migration*|idle_inject*) continue ;; esac
  echo "$(cat $task/comm) $(cut -d' ' -f3 $task/stat) $(cat $task/wchan)"
  head -5 $task/stack
done`;

/**
 * `runLab`, once more if the emulator stopped the kernel: QEMU 7.2 at times runs a byte that the kernel has replaced already where it patches its own code under two processors (a hook is attached), which the
 * kernel then takes for a breakpoint that nobody set. Breakpoints of probes never look so.
 */
export async function bootGuest(options: Parameters<typeof runLab>[0]): Promise<LabResult> {
  const result = await runLab(options);
  if (!/(?:^|[\n\] ])(?:Oops: )?int3: 0000 \[#1\]/.test(result.console.toString("latin1"))) return result;
  process.stderr.write("the emulator ran a byte of code that was replaced (int3): the guest is booted once more\n");
  return runLab(options);
}

/** Runs a shell script in a guest and gives the values of the lines `@@ JSON` that it writes, in order. Other output is shown if it fails. */
export async function inGuest(name: string, script: string, options: LabOptions): Promise<unknown[]> {
  mkdirSync(made, { recursive: true });
  const path = join(made, `${name}.sh`);
  // Messages of the kernel would stand in the middle of lines. What waits for the end is no child of the script's, which may `wait` for all that it has.
  const { timeout = 240 } = options;
  writeFileSync(path, `#!/bin/sh\ndmesg -n 1\n( (sleep ${Math.round(timeout * 0.9)}\n${stuck}) & )\n${script}\n`, { mode: 0o755 });
  const result = await bootGuest({ script: path, memory: 1536, ...options, timeout });
  const console = result.console.toString("utf8");
  if (process.env["OOPSCOPE_SHOW_GUEST"]) process.stderr.write(console);
  expect({ outcome: result.outcome, status: result.status, console: result.status === 0 ? "" : console.slice(-6000) }).toEqual({ outcome: "finished", status: 0, console: "" });
  return [...console.matchAll(/^@@ (.*?)\r?$/gm)].map(([, json]) => JSON.parse(json!) as unknown);
}

/** Releases of the kernels that these tests boot: 6.1, and 6.12 if the cache has it (`make matrix` fetches it), or what OOPSCOPE_TEST_SUITE says. */
export function suites(): string[] {
  const own = testKernel();
  const newer = readdirSync(join(cacheFolder(), "kernels")).filter((name) => name.startsWith("6.12.") && name.endsWith("-amd64")).sort().at(-1);
  return process.env["OOPSCOPE_TEST_SUITE"] !== undefined || newer === undefined ? [own] : [own, newer];
}

/** 7.x, too, if the cache has one. */
export function allSuites(): string[] {
  const newest = readdirSync(join(cacheFolder(), "kernels")).filter((name) => /^7\..*-amd64$/.test(name)).sort().slice(-1);
  return [...new Set([...suites(), ...(process.env["OOPSCOPE_TEST_SUITE"] === undefined ? newest : [])])];
}

/** The function that removes a file. */
export function unlinkOf(kernel: string): string {
  return kernel.startsWith("7.") ? "filename_unlinkat" : "do_unlinkat";
}

/** A module of the kernel's own, which sends packets nowhere. */
export function dummyOf(kernel: string): string {
  return moduleOf(kernel, "drivers/net/dummy");
}

export function moduleOf(kernel: string, name: string): string {
  const path = join(cacheFolder(), "kernels", kernel, "lib/modules", kernel, "kernel", `${name}.ko`);
  return existsSync(path) ? path : `${path}.xz`;
}
