import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { oopscope } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";

const module = "test/fixtures/modules/6.1.0-56-amd64/null_chain.ko";
const places = ["nc_write+0x1f/0x80", "nc_write+0x1f", "nc_write", "nc_write+0x1f/0x90", "nc_write+0x80/0x80", "nc_write+0x81", "nc_admit+0x2e/0x50", "absent+0x1/0x2", "absent", "++", "init_module", "add"];

test.each([["text", []], ["json", []], ["text", ["--return-addresses"]], ["text", ["--base-path", "."]]] as const)("names as %s %s", (format, flags) => {
  const { status, stdout, stderr } = oopscope(["symbolize", "--object", module, "--format", format, ...flags, ...places]);
  expect(status).toBe(3);
  expectGolden(`${stdout}${stderr}`, new URL(`names${flags.join("").replace(".", "")}.${format}.txt`, import.meta.url));
  // By pipe the same.
  expect(oopscope(["symbolize", "--object", module, "--format", format, ...flags, "-"], places.join("\n")).stdout).toBe(stdout);
});

test("a GSYM says the same, but for columns and discriminators", () => {
  const folder = mkdtempSync(join(tmpdir(), "oopscope-symbolize-"));
  const gsym = join(folder, "null_chain.ko.gsym");
  expect(oopscope(["symbols", "pack", "-q", module, "-o", gsym]).status).toBe(0);
  const own = oopscope(["symbolize", "--object", module, ...places]);
  expect(oopscope(["symbolize", "--object", gsym, ...places])).toMatchObject({ status: own.status, stdout: own.stdout });
  expect(oopscope(["symbolize", "--vmlinux", gsym, "--section", ".text", "0x6e"])).toMatchObject({ status: 0, stdout: oopscope(["symbolize", "--object", module, "--section", ".text", "0x6e"]).stdout });
  rmSync(`${gsym}.elf`);
  expect(oopscope(["symbolize", "--object", gsym, "nc_admit+0x17"])).toMatchObject({
    status: 0, stdout: oopscope(["symbolize", "--object", module, "nc_admit+0x17"]).stdout, stderr: `oopscope: note: ${gsym}.elf is missing, which has the kernel's version, symbols and code\n`,
  });
  rmSync(folder, { recursive: true });
});

test("addresses of a section, and outside of it", () => {
  const { status, stdout, stderr } = oopscope(["symbolize", "--object", module, "--section", ".text", "--format", "json", "0x0", "0x6e", "6e", "0x10000", "0xffffffffffffffff"]);
  expect(status).toBe(3);
  expectGolden(`${stdout}${stderr}`, new URL("addresses.txt", import.meta.url));
});

test("what is wrong with the call", () => {
  const cases: [string[], number, string][] = [
    [["symbolize", "0x1"], 2, "oopscope: error: name the file to look up in: --vmlinux FILE or --object FILE\n  try: oopscope symbolize --help\n"],
    [["symbolize", "--vmlinux", "a", "--object", "b", "0x1"], 2, "oopscope: error: name the file to look up in: --vmlinux FILE or --object FILE\n  try: oopscope symbolize --help\n"],
    [["symbolize", "--object", module, "0x1"], 2, `oopscope: error: ${module} is relocatable: an address in it counts from the start of a section, as in --section .text\n`],
    [["symbolize", "--object", module, "--section", ".absent", "0x1"], 1, `oopscope: error: ${module} has no section .absent\n`],
    [["symbolize", "--object", "absent.ko", "0x1"], 1, "oopscope: error: failed to open absent.ko: no such file\n"],
  ];
  for (const [args, status, stderr] of cases) expect(oopscope(args), args.join(" ")).toMatchObject({ status, stdout: "", stderr });
  expect(oopscope(["symbolize", "--object", module, "-"], "")).toMatchObject({ status: 0, stdout: "", stderr: "" });
});
