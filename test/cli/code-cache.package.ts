import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../support/cli.ts";

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "oopscope-code-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** From 22.1 Node does it itself. */
const byNode = "enableCompileCache" in createRequire(import.meta.url)("node:module");
const log = join(root, "test/fixtures/logs/skb-double-free-forward.5.10.0-46-amd64.log");

function decode(more: Record<string, string> = {}, shell = 'exec "$0" "$@"'): { status: number | null; stdout: string; stderr: string } {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, TMPDIR: home, XDG_CACHE_HOME: "", OOPSCOPE_CACHE: "", NO_COLOR: "1", ...more };
  delete env["NODE_COMPILE_CACHE"];
  const { status, stdout, stderr } = spawnSync("bash", ["-c", shell, process.execPath, `${root}dist/cli/main.cjs`, "decode", "-q", log], { cwd: root, encoding: "utf8", timeout: 60_000, env });
  return { status, stdout, stderr };
}

const code = () => join(home, ".cache/oopscope/code");
const folders = () => (statSync(code(), { throwIfNoEntry: false }) === undefined ? [] : readdirSync(code()));
const kept = () => folders().flatMap((name) => readdirSync(join(code(), name)).map((file) => join(code(), name, file)));
const modes = (paths: readonly string[]) => [...new Set(paths.map((path) => (statSync(path).mode & 0o777).toString(8)))];

test("what was compiled is kept, this user's alone, and gives the same", () => {
  const plain = decode({ NODE_DISABLE_COMPILE_CACHE: "1" });
  expect({ ...plain, stdout: plain.stdout.length > 1000 }).toEqual({ status: 3, stdout: true, stderr: expect.any(String) as string });
  expect([kept(), readdirSync(home)]).toEqual([[], []]);
  expect(decode()).toEqual(plain);
  if (byNode) {
    expect([kept(), readdirSync(join(home, "node-compile-cache")).length]).toEqual([[], 1]);
    return;
  }
  const files = kept();
  expect(files.map((file) => file.replace(/.*\//, "")).filter((name) => /^(decode|program)\.cjs\.v8$/.test(name))).toEqual(["decode.cjs.v8", "program.cjs.v8"]);
  expect([modes(files), modes([code()]), folders().length]).toEqual([["600"], ["700"], 1]);
  const before = files.map((file) => [file, statSync(file).mtimeMs, statSync(file).size]);
  expect(decode()).toEqual(plain);
  expect(kept().map((file) => [file, statSync(file).mtimeMs, statSync(file).size])).toEqual(before);
});

test.runIf(!byNode)("what is damaged, or could be another's, is not run, and is made anew", () => {
  const plain = decode();
  const whole = new Map(kept().map((file) => [file, readFileSync(file)]));
  const spoil: ((file: string, bytes: Buffer) => void)[] = [
    (file) => writeFileSync(file, ""),
    (file) => writeFileSync(file, "abc"),
    (file, bytes) => writeFileSync(file, bytes.subarray(0, bytes.length >> 1)),
    (file, bytes) => writeFileSync(file, Buffer.alloc(bytes.length)),
    (file, bytes) => writeFileSync(file, Buffer.from(bytes).fill(0x5a, bytes.length >> 1, (bytes.length >> 1) + 8)),
    (file) => chmodSync(file, 0o666),
  ];
  for (const way of spoil) {
    for (const [file, bytes] of whole) way(file, bytes);
    expect(decode()).toEqual(plain);
    expect(kept()).toEqual([...whole.keys()]);
    expect(modes(kept())).toEqual(["600"]);
    for (const file of kept()) expect(readFileSync(file).length).toBeGreaterThan(1000);
    expect(decode()).toEqual(plain);
  }
});

test.runIf(!byNode)("of other builds the latest two stay; a folder that others can write, no room, no place: nothing is kept, and all works", () => {
  const plain = decode();
  const [own] = folders();
  rmSync(code(), { recursive: true });
  const others = ["1", "2", "3", "4"].map((digit) => own!.replace(/^[0-9a-f]+/, digit.repeat(16)));
  const otherNode = "0123456789abcdef-v18.0.0-x64";
  for (const name of [...others, otherNode]) mkdirSync(join(code(), name), { recursive: true });
  for (const [index, name] of others.entries()) utimesSync(join(code(), name), 1_000_000 + index, 1_000_000 + index);
  decode();
  expect(folders().sort()).toEqual([own, others[2], others[3], otherNode].sort());
  for (const file of kept()) rmSync(file);
  chmodSync(join(code(), own!), 0o777);
  expect(decode()).toEqual(plain);
  expect(kept()).toEqual([]);
  chmodSync(join(code(), own!), 0o700);
  expect(decode({}, 'ulimit -f 8; exec "$0" "$@"')).toEqual(plain);
  expect(kept()).toEqual([]);
  rmSync(join(home, ".cache"), { recursive: true });
  writeFileSync(join(home, ".cache"), "");
  expect(decode()).toEqual(plain);
  for (const place of ["/proc/none", "/dev/full", "/nonexistent"]) expect(decode({ OOPSCOPE_CACHE: place })).toEqual(plain);
});
