import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

let cache: string;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), "oopscope-list-"));
  for (const release of ["9.9.1-test", "9.9.2-oopscope-kcsan", "9.9.3-\x1b[31m"]) {
    mkdirSync(join(cache, "kernels", release, "boot"), { recursive: true });
    writeFileSync(join(cache, "kernels", release, "boot", `vmlinuz-${release}`), "image");
  }
});
afterAll(() => rmSync(cache, { recursive: true }));

function lab(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/cli/main.cjs", "lab", ...args], { encoding: "utf8", env: { ...process.env, OOPSCOPE_CACHE: cache } });
  return { status, out: stdout, err: stderr };
}

it("lists the kernels and scenarios in columns, names that command a terminal made visible", () => {
  const { status, out, err } = lab("list");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  const lines = out.split("\n").map((line) => line.replace(/ {2,}(?=\S)/g, "  "));
  expect(lines[0]).toBe("kernels");
  // Kernels that are installed on this machine stand there as well, and the running one would be the default.
  expect(lines).toContain(`  9.9.2-oopscope-kcsan  x86_64  ${cache}/kernels/9.9.2-oopscope-kcsan/boot/vmlinuz-9.9.2-oopscope-kcsan`);
  expect(out).toContain("9.9.3-\\x1b[31m");
  expect(out).not.toContain("\x1b");
  const scenarios = lines.slice(lines.indexOf("scenarios") + 1);
  expect(scenarios).toContain("  null-chain  null-dereference  process  A NULL dereference through a chain of pointers");
  expect(scenarios).toContain("  flag-race  data-race  process  A data race of a timer and a thread on a flag (a kcsan kernel)");
  expect(scenarios).toContain("  kmalloc-double-free-slub-debug  double-free  process  A double free of a kmalloc object (slub_debug=FU)");
  expect(new Set(out.slice(out.indexOf("scenarios")).split("\n").flatMap((line) => (line.startsWith("  ") ? [/(?:process|softirq)  /.exec(line)!.index] : []))).size).toBe(1);
});

it("what is wrong is said before a boot, with the command that helps", () => {
  expect(lab("run")).toEqual({ status: 2, out: "", err: "oopscope: error: nothing to run: name a scenario, a script or a module\n  try: oopscope lab list\n" });
  const { status, err } = lab("run", "null");
  expect({ status, err: err.replace(/\d+ there/, "N there") }).toEqual({
    status: 2,
    err: "oopscope: error: no scenario `null` among the N there are; like it: init-null, null-call, null-chain, null-chain-kasan\n  try: oopscope lab list\n",
  });
  expect(lab("boot")).toEqual({ status: 2, out: "", err: "oopscope: error: `lab boot` is a shell and needs a terminal; for a script: oopscope lab run --script FILE\n" });
});
