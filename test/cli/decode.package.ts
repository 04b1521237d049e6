import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { oopscope, root } from "../support/cli.ts";

const modules = "test/fixtures/modules/6.1.0-56-amd64";
const log = "test/fixtures/logs/null-chain.log";
const bytes = readFileSync(`${root}${log}`);
const module = `${modules}/null_chain.ko`;
const folder = mkdtempSync(join(tmpdir(), "oopscope-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A log whose frames are all of one module, so that nothing is missing. */
const small = `BUG: unable to handle page fault for address: ffff888000000000\nRIP: 0010:nc_admit+0x2e/0x50 [null_chain]\nCall Trace:\n nc_write+0x1f/0x80 [null_chain]\n`;
const run = (...args: Parameters<typeof oopscope>) => {
  const { status, stdout, stderr } = oopscope(...args);
  return { status, stdout, stderr: stderr.replaceAll(folder, "FOLDER") };
};

test("exit status and talk", () => {
  const done = run(["decode", "--modules", module, "-"], small);
  expect(done).toMatchObject({ status: 0, stderr: "" });
  expect(run(["decode", "--modules", module], small)).toEqual(done);
  const explained = run(["explain", "--modules", module, "-"], small);
  expect(explained).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("uses an address that is not mapped") as string });
  expect(run(["--modules", module, "-"], small)).toEqual(explained);
  expect(run(["explain", "--fail-on", "bad-access", "--modules", module, "-"], small)).toEqual({ ...explained, status: 1 });
  expect(run(["explain", "--fail-on", "any", "--modules", module, "-"], small)).toEqual({ ...explained, status: 1 });
  expect(run(["explain", "--fail-on", "double-free", "--modules", module, "-"], small)).toEqual(explained);
  expect(run(["explain", "--fail-on", "nosuch", "-"], small)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining('--fail-on "nosuch": the kinds are ') as string });
  expect(run(["decode", "--modules", modules, "--no-code", log])).toMatchObject({
    status: 3,
    stderr: `oopscope: warning: no vmlinux of 6.1.0-56-amd64 was found; Debian's package linux-image-6.1.0-56-amd64-dbg has it\n  try: oopscope symbols fetch ${log}\n`,
  });
  expect(run(["decode"], "nothing\n")).toEqual({ status: 0, stdout: "nothing\n", stderr: "oopscope: note: the log has no crash in it\n" });
  expect(run(["decode", "-q"], "nothing")).toEqual({ status: 0, stdout: "nothing", stderr: "" });
  expect(JSON.parse(run(["decode", "--format", "json"], "").stdout)).toMatchObject({ schema: "oopscope.case/1", reports: [] });
});

test("what is wrong is said in one sentence", () => {
  writeFileSync(join(folder, "noelf"), "#!/bin/sh\n".repeat(20));
  writeFileSync(join(folder, "truncated"), readFileSync(`${root}${module}`).subarray(0, 4096));
  const boot = Buffer.alloc(0x1000);
  boot.write("HdrS", 0x202, "latin1");
  boot.writeUInt16LE(0x300, 0x20e);
  boot.write("6.1.0-56-amd64 (x@y) #1 SMP Debian 6.1.192-2\0", 0x500, "latin1");
  writeFileSync(join(folder, "vmlinuz"), boot);
  mkdirSync(join(folder, "empty"));
  const cases: [string[], number, string][] = [
    [["decode", "nosuch.log"], 1, "oopscope: error: failed to read nosuch.log: no such file\n"],
    [["nosuchcommand"], 1, "oopscope: error: failed to read nosuchcommand: no such file\n"],
    [["./lab-no"], 1, "oopscope: error: failed to read ./lab-no: no such file\n"],
    [["decode", "test"], 1, "oopscope: error: failed to read test: it is a folder without parts of pstore (dmesg-…)\n"],
    [["decode", "--vmlinux", "nosuch", log], 1, "oopscope: error: failed to open nosuch: no such file\n"],
    [["decode", "--vmlinux", "test", log], 1, "oopscope: error: test: not a regular file\n"],
    [["decode", "--vmlinux", join(folder, "noelf"), log], 1, "oopscope: error: FOLDER/noelf: not an ELF file: it does not begin with 7f 45 4c 46\n"],
    [["decode", "--vmlinux", join(folder, "vmlinuz"), log], 1, "oopscope: error: FOLDER/vmlinuz is a boot image of 6.1.0-56-amd64, without symbols and lines; Debian's package linux-image-6.1.0-56-amd64-dbg has the vmlinux that holds them\n  try: oopscope symbols fetch 6.1.0-56-amd64\n"],
    [["decode", "--modules", "nosuch", log], 1, "oopscope: error: nosuch: no such file or directory\n"],
    [["decode", "--modules", log, log], 2, `oopscope: error: ${log}: neither a folder nor a module: its name does not end in .ko\n`],
    [["decode", log, log], 2, `oopscope: error: one log at a time: ${JSON.stringify(log)} is too many\n  try: oopscope decode --help\n`],
    [["decode", module, log], 2, `oopscope: error: with a vmlinux as the first argument the second is a base path, and ${log} is a file: the log is standard input\n  try: oopscope decode --vmlinux ${module} ${log}\n`],
    [["decode", "--format", "xml", log], 2, "oopscope: error: option '--format <FORMAT>' argument 'xml' is invalid. Allowed choices are text, json, ndjson.\n"],
    [["decode", "--nosuch"], 2, "oopscope: error: unknown option '--nosuch'\n"],
  ];
  for (const [args, status, stderr] of cases) expect(run(args), args.join(" ")).toEqual({ status, stdout: "", stderr });
  expect(run(["decode", "--vmlinux", join(folder, "truncated"), log]).stderr).toMatch(/^oopscope: error: FOLDER\/truncated: bytes 0x[0-9a-f]+ to 0x[0-9a-f]+ lie past the file's end at 0x1000\n$/);
});

test("a file of another build is a warning, a mark on each frame, and status 3", () => {
  const { status, stdout, stderr } = run(["decode", "--modules", modules, "--no-code", "-"], bytes.toString("latin1").replaceAll("6.1.0-56-amd64", "6.1.0-57-amd64"));
  expect(status).toBe(3);
  expect(stderr).toContain(`oopscope: warning: ${module} is not this kernel's null_chain: the log's kernel is 6.1.0-57-amd64, the module was built for 6.1.0-56-amd64. Lines taken from it may be wrong.\n`);
  expect(stdout).toMatch(/nc_write \(lab\/modules\/null_chain\/null_chain\.c:\d+; by a file of another build\) \[null_chain\]/);
});

test("a second run changes nothing, in either form", () => {
  const text = oopscope(["decode", "--modules", modules, log]).stdout;
  expect(oopscope(["decode", "--modules", modules, "-"], text).stdout).toBe(text);
  const script = oopscope(["decode", module, "auto", modules], bytes).stdout;
  expect(oopscope(["decode", "--modules", modules, "-"], script).stdout).toBe(script);
});

test("NDJSON is one line, JSON the same object", () => {
  const lines = oopscope(["decode", "--modules", modules, "--format", "ndjson", log]).stdout.split("\n");
  expect(lines.length).toBe(2);
  expect(JSON.parse(lines[0]!)).toEqual(JSON.parse(oopscope(["decode", "--modules", modules, "--format", "json", log]).stdout));
});

/** By a shell, for what the other end of standard output is. */
const shell = (command: string) => {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", command], { cwd: root, encoding: "latin1", timeout: 60_000, env: { ...process.env, O: `${process.execPath} dist/cli/main.cjs`, L: log, M: modules, F: folder } });
  return { status, stdout, stderr };
};

test("standard output that is closed early, full or a terminal", () => {
  expect(shell('$O decode --modules $M -q $L 2>/dev/null | head -1 | wc -l; echo "${PIPESTATUS[0]}"')).toEqual({ status: 0, stdout: "1\n3\n", stderr: "" });
  expect(shell("$O decode -q $L 2>/dev/null > /dev/full").status).toBe(1);
  expect(shell("$O decode -q nosuch 2>&1 > /dev/full").stdout).toBe("oopscope: error: failed to read nosuch: no such file\n");
  expect(shell("$O decode -q - > /dev/full <<< 'x'").stderr).toBe("oopscope: error: failed to write to standard output: no space left on device\n");
  writeFileSync(join(folder, "hostile.log"), small.replace("BUG", "\x1b]0;x\x07\xc2\x9b31m\xff\0BUG"), "latin1");
  const terminal = shell('script -qec "$O decode --modules $M $F/hostile.log" /dev/null < /dev/null');
  expect(terminal.stdout).toContain("\\x1b]0;x\\x07\\x9b31m\\xff\\x00BUG: unable");
  expect(terminal.stdout).not.toMatch(/[\x00\x07\x1b\xff]|\xc2\x9b/);
});
