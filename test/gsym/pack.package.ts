import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { oopscope, root } from "../support/cli.ts";

const work = mkdtempSync(join(tmpdir(), "oopscope-pack-"));
afterAll(() => rmSync(work, { recursive: true }));
const module = "test/fixtures/modules/6.1.0-56-amd64/null_chain.ko";
const compressed = "test/fixtures/modules/5.10.0-46-amd64/null_chain.ko.xz";
const log = "examples/null-chain/panic.log";
const run = (...args: string[]) => {
  const { status, stdout, stderr } = oopscope(["symbols", "pack", ...args]);
  return { status, stdout, stderr: stderr.replaceAll(work, "WORK") };
};

test("packs to a file, to a folder, and for a log", () => {
  expect(run(module, "-o", join(work, "one.gsym"))).toEqual({ status: 0, stdout: "", stderr: expect.stringMatching(/^oopscope: note: WORK\/one\.gsym: 7 functions, 0\.\d kB; one\.gsym\.elf: \d+\.\d kB\n$/) as string });
  expect(run("-q", module, compressed.replace("null_chain", "warn_credit"), "-o", join(work, "new/folder"))).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(readdirSync(join(work, "new/folder")).sort()).toEqual(["null_chain.ko.gsym", "null_chain.ko.gsym.elf", "warn_credit.ko.gsym", "warn_credit.ko.gsym.elf"]);
  expect(readFileSync(join(work, "new/folder/null_chain.ko.gsym")).equals(readFileSync(join(work, "one.gsym")))).toBe(true);
  expect(run("-q", "--for", log, module, "-o", join(work, "needed"))).toEqual({ status: 0, stdout: "", stderr: "" });
  for (const symbols of [join(work, "one.gsym"), join(work, "new/folder"), join(work, "needed")]) {
    const decoded = oopscope(["decode", "-q", "--symbols", symbols, "--format", "json", log]);
    expect(decoded.stdout).toContain('"file": "lab/modules/null_chain/null_chain.c"');
  }
  expect(oopscope(["decode", "--symbols", "examples/null-chain/symbols", log])).toMatchObject({ status: 0, stderr: "" });
});

test("what is wrong is said in one sentence, and nothing is left half-written", () => {
  writeFileSync(join(work, "empty.log"), "nothing\n");
  writeFileSync(join(work, "plain"), "");
  const cases: [string[], number, string][] = [
    [["-o", join(work, "x")], 2, "oopscope: error: name the files to pack: a vmlinux or modules with debug information\n  try: oopscope symbols pack --help\n"],
    [[module], 2, "oopscope: error: required option '-o, --output <OUT>' not specified\n"],
    [["nosuch.ko", "-o", join(work, "x")], 1, "oopscope: error: failed to open nosuch.ko: no such file\n"],
    [[module, compressed, "-o", join(work, "two.gsym")], 2, `oopscope: error: WORK/two.gsym is one file, and ${compressed} is another image: name a folder\n`],
    [[join(work, "one.gsym.elf"), "-o", join(work, "x")], 1, "oopscope: error: WORK/one.gsym.elf has no debug information\n"],
    [["--for", join(work, "empty.log"), module, "-o", join(work, "x")], 1, `oopscope: error: nothing to pack: WORK/empty.log names nothing of ${module}\n`],
    [["-q", module, "-o", join(work, "plain/x.gsym")], 1, "oopscope: error: failed to write WORK/plain/x.gsym.elf: what should be its folder is a file\n"],
    [["-q", module, "-o", join(work, "plain/sub")], 1, "oopscope: error: failed to make the folder WORK/plain/sub: not a directory\n"],
    [["-q", module, "-o", join(work, "nowhere/x.gsym")], 1, "oopscope: error: failed to write WORK/nowhere/x.gsym.elf: no such folder\n"],
  ];
  for (const [args, status, stderr] of cases) {
    const ran = run(...args);
    expect([ran.status, ran.stderr.replace(/^oopscope: note.*\n/gm, "")]).toEqual([status, stderr]);
  }
  expect(existsSync(join(work, "x"))).toBe(false);
});

test("a disk that is full leaves what was there", () => {
  const folder = join(work, "full");
  mkdirSync(folder);
  expect(run("-q", module, "-o", folder).status).toBe(0);
  const before = readFileSync(join(folder, "null_chain.ko.gsym"));
  // A limit on the size of files stands for the disk: the signal that comes with it is ignored.
  const { status, stderr } = spawnSync("sh", ["-c", `trap '' XFSZ; ulimit -f 4; exec "$0" dist/cli/main.cjs symbols pack -q ${module} -o ${folder}`, process.execPath], { cwd: root, encoding: "utf8" });
  expect([status, stderr.replaceAll(work, "WORK")]).toEqual([1, "oopscope: error: failed to write WORK/full/null_chain.ko.gsym.elf: larger than files may be here (after 12 kB)\n"]);
  expect(readdirSync(folder).sort()).toEqual(["null_chain.ko.gsym", "null_chain.ko.gsym.elf"]);
  expect(readFileSync(join(folder, "null_chain.ko.gsym")).equals(before)).toBe(true);
});
