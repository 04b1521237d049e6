import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cacheFolder } from "../../src/system/index.ts";
import { guestsOf, testKernel, until } from "./kernel.ts";

let kernel: string;
let folder: string;
/** The built command line (`make build`). */
const program = "dist/cli/main.cjs";

beforeAll(() => {
  kernel = testKernel();
  folder = mkdtempSync(join(tmpdir(), "oopscope-guest-"));
  mkdirSync(join(folder, "tmp"));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Ended = { status: number | null; out: string; err: string };

function start(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended>; out: () => string } {
  const child = spawn(process.execPath, [program, "lab", ...args], { env: { ...process.env, TMPDIR: join(folder, "tmp") }, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("latin1").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return { child, out: () => out, ended: new Promise((done) => child.on("close", (status) => done({ status, out, err }))) };
}

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

const left = (): string[] => readdirSync(join(folder, "tmp"));

it("a panic: exit 10, the log saved, the crash decoded", async () => {
  const log = join(folder, "panic.log");
  const { status, out, err } = await start(["run", "null-chain", "--kernel", kernel, "-o", log]).ended;
  expect(status).toBe(10);
  expect(err).toContain("Kernel panic - not syncing: Fatal exception");
  expect(readFileSync(log, "latin1")).toContain("BUG: kernel NULL pointer dereference");
  const line = readFileSync("lab/modules/null_chain/null_chain.c", "utf8").split("\n").findIndex((text) => text.includes("/* GUILTY")) + 1;
  expect(out).toContain(`RIP: 0010:nc_admit (lab/modules/null_chain/null_chain.c:${line} in nc_half_queue, `);
  expect(left()).toEqual([]);
});

it("a script that fails: exit 1, its status in the JSON", async () => {
  const { status, out } = await start(["run", "--kernel", kernel, "--script", script("fails.sh", "#!/bin/sh\nexit 9\n"), "--format", "json"]).ended;
  expect(status).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ outcome: "finished", status: 9, kernel: { release: kernel }, case: null });
});

it("a full disk: the log is not complete, exit 1", async () => {
  const { status, err } = await start(["run", "--kernel", kernel, "--script", script("talks.sh", "#!/bin/sh\necho hello\n"), "-o", "/dev/full", "-q"]).ended;
  expect(status).toBe(1);
  expect(err).toBe("oopscope: error: the log `/dev/full` is not complete: ENOSPC: no space left on device, write\n");
});

it("a full temporary folder: what needs the space is named, and nothing stays", () => {
  // A file system of 4 kB, in a mount namespace that ends with the command.
  const inner = `mount -t tmpfs -o size=4k none "$TMPDIR" && "$0" ${program} lab run null-chain --kernel ${kernel} -q; status=$?; ls "$TMPDIR"; exit $status`;
  const { status, stdout, stderr } = spawnSync("unshare", [...(process.getuid?.() === 0 ? [] : ["--map-root-user"]), "--mount", "sh", "-c", inner, process.execPath], {
    env: { ...process.env, TMPDIR: join(folder, "tmp") },
    encoding: "utf8",
  });
  expect(stderr).toMatch(/^oopscope: error: cannot write the guest's \d+ bytes of initramfs to `.*\/tmp`: ENOSPC: no space left on device, write\n$/);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  // The same for a build: with a cache that is empty but for the kernels.
  const cache = join(folder, "cache");
  mkdirSync(cache);
  symlinkSync(join(cacheFolder(), "kernels"), join(cache, "kernels"));
  const build = spawnSync("unshare", [...(process.getuid?.() === 0 ? [] : ["--map-root-user"]), "--mount", "sh", "-c", inner, process.execPath], {
    env: { ...process.env, TMPDIR: join(folder, "tmp"), OOPSCOPE_CACHE: cache },
    encoding: "utf8",
  });
  expect(build.stderr).toMatch(/^oopscope: error: (?:cannot build|the build of) `null_chain`.*: .*no space left on device/i);
  expect({ status: build.status, stdout: build.stdout }).toEqual({ status: 1, stdout: "" });
});

/** Starts a command of the lab on a terminal of its own. */
function onTerminal(args: readonly string[]): { type: (text: string) => void; ended: Promise<number | null>; shown: () => string } {
  const command = [process.execPath, program, "lab", ...args].map((word) => `'${word}'`).join(" ");
  const terminal = spawn("script", ["--quiet", "--return", "--command", `stty rows 30 cols 132; ${command}`, "/dev/null"], { env: { ...process.env, TMPDIR: join(folder, "tmp") }, stdio: ["pipe", "pipe", "inherit"] });
  let shown = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
  return { type: (text) => terminal.stdin.write(text), shown: () => shown, ended: new Promise((done) => terminal.on("close", done)) };
}

it("a shell in a guest: on the user's terminal, in the user's folder, until it ends", async () => {
  const mark = `oopscope_test=shell-${process.pid}`;
  const { type, ended, shown } = onTerminal(["boot", "--kernel", kernel, "--append", mark]);
  await until("there is a prompt", () => /# (?:\x1b\[[0-9;?]*\w)*$/.test(shown()));
  type('echo "I am $(id -un) in $PWD on $(uname -r), $(stty size)"; exit 3\n');
  expect(await ended).toBe(0);
  expect(shown()).toContain(`I am root in ${process.cwd()} on ${kernel}, 30 132\r`);
  expect(guestsOf(null, mark)).toEqual([]);
  expect(left()).toEqual([]);
});

it("on a terminal: what the guest prints cannot command it, the log has every byte, and Ctrl-C ends all", async () => {
  const mark = `oopscope_test=terminal-${process.pid}`;
  const log = join(folder, "terminal.log");
  const path = script("hostile.sh", "#!/bin/sh\nprintf 'title \\033]0;gone\\007 \\302\\233 \\377 \\303\\251\\tend\\n'\necho waiting now\nsleep 1000\n");
  const { type, ended, shown } = onTerminal(["run", "--kernel", kernel, "--script", path, "--append", mark, "-o", log]);
  await until("the script runs", () => shown().includes("waiting now"));
  expect(shown().split("\r\n")).toContain("title \\x1b]0;gone\\x07 \\x9b \\xff é\tend");
  expect(/[\x00-\x08\x0b\x0c\x0e-\x1f]/.exec(shown())).toBe(null);
  type("\x03");
  expect(await ended).toBe(130);
  expect(readFileSync(log).includes(Buffer.from("title \x1b]0;gone\x07 \xc2\x9b \xff \xc3\xa9\tend\r\n", "latin1"))).toBe(true);
  await until("QEMU is gone", () => guestsOf(null, mark).length === 0);
  expect(left()).toEqual([]);
});

for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 130], ["SIGKILL", null]] as const) {
  it(`${signal} ends the guest too, and nothing stays`, async () => {
    const mark = `oopscope_test=${signal}-${process.pid}`;
    const { child, ended, out } = start(["run", "--kernel", kernel, "--script", script("waits.sh", "#!/bin/sh\necho waiting now\nsleep 1000\n"), "--append", mark]);
    await until("the script runs", () => out().includes("waiting now"));
    expect(guestsOf(child.pid!, mark)).toHaveLength(1);
    child.kill(signal);
    expect((await ended).status).toBe(status);
    await until("QEMU is gone", () => guestsOf(null, mark).length === 0);
    expect(left()).toEqual([]);
  });
}
