import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../support/cli.ts";
import { writeDeb } from "../support/debwriter.ts";
import { writeElf } from "../support/elfwriter.ts";
import { startServer, type TestServer } from "../support/server.ts";

const release = "6.1.0-56-amd64";
const module = readFileSync(`${root}test/fixtures/modules/${release}/null_chain.ko`);
const log = `${root}test/fixtures/logs/null-chain.log`;
const vmlinux = writeElf({ sections: [{ name: ".text", flags: 6, address: 0x1000n, bytes: new Uint8Array(16) }, { name: ".debug_info", bytes: new Uint8Array(0) }] });
const deb = writeDeb([
  { path: `./usr/lib/debug/boot/vmlinux-${release}`, bytes: vmlinux },
  { path: `./usr/lib/debug/lib/modules/${release}/kernel/null_chain.ko`, bytes: module },
]);

let home: string;
let server: TestServer;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "oopscope-fetch-"));
  writeFileSync(join(home, "x.deb"), deb);
  server = await startServer((_request, response) => void response.writeHead(404).end());
});
afterEach(async () => {
  await server.close();
  rmSync(home, { recursive: true });
});

const environment = () => ({ ...process.env, HOME: home, XDG_CACHE_HOME: "", OOPSCOPE_CACHE: join(home, "cache"), DEBUGINFOD_CACHE_PATH: join(home, "client"), DEBUGINFOD_URLS: server.url, DEBUGINFOD_TIMEOUT: "2", NO_COLOR: "1" });
const shown = (text: string) => text.replaceAll(home, "HOME").replaceAll(server.url, "URL").replaceAll(root, "").replaceAll(/\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?/g, "DATE").replaceAll(/\d+\.\d MB of at most/g, "SIZE of at most").replaceAll(/ {2}\d+\.\d MB/g, "  SIZE");
type Ran = { status: number | null; stdout: string; stderr: string };
/** Without blocking the server of this process. `shell` runs before it in the same shell. */
async function run(args: readonly string[], shell = ""): Promise<Ran> {
  const child = spawn("bash", ["-c", `${shell} exec "$0" "$@"`, process.execPath, `${root}dist/cli/main.cjs`, ...args], { env: environment(), stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (part: Buffer) => (out.stdout += part.toString()));
  child.stderr.on("data", (part: Buffer) => (out.stderr += part.toString()));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, stdout: shown(out.stdout), stderr: shown(out.stderr) };
}
const symbols = (path = "") => join(home, "cache/symbols", path);
const left = (folder: string) => (existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).replace(`${folder}/`, "")).sort() : []);

test("fetch for a log, decode from it, the cache, clear", async () => {
  expect(await run(["cache"])).toEqual({ status: 0, stdout: "HOME/cache/symbols: SIZE of at most 8.00 GB\n", stderr: "" });
  expect(await run(["symbols", "fetch", "--from", join(home, "x.deb"), log])).toEqual({
    status: 0,
    stdout: `HOME/cache/symbols/${release}\n`,
    stderr: "oopscope: note: fetching x.deb; nobody but the archive vouches for it\n",
  });
  expect((await run(["symbols", "fetch", log])).stderr).toBe("oopscope: note: it is there already\n");
  const decoded = await run(["decode", "--format", "json", log]);
  const found = JSON.parse(decoded.stdout) as { image: { modules: { path: string; match: string }[] }; reports: { stacks: { frames: { functions: { file: string | null; line: number | null }[] }[] }[] }[] };
  expect(found.image.modules.map(({ path, match }) => [path, match])).toEqual([[`HOME/cache/symbols/${release}/usr/lib/debug/lib/modules/${release}/kernel/null_chain.ko`, "verified"]]);
  expect(found.reports[0]!.stacks[0]!.frames[0]!.functions[0]).toMatchObject({ file: "lab/modules/null_chain/null_chain.c", line: 65 });
  expect((await run(["cache"])).stdout).toBe(`HOME/cache/symbols: SIZE of at most 8.00 GB\n  ${release}  SIZE  2 files  last used DATE  linux-image-${release}-dbg 6.1.192-2\n`);
  const listed = JSON.parse((await run(["cache", "--format", "json"])).stdout) as { entries: { release: string; modules: string[]; files: number }[] };
  expect(listed.entries.map(({ release: of, modules, files }) => [of, modules, files])).toEqual([[release, ["null_chain"], 2]]);
  expect((await run(["cache", "clear"])).status).toBe(0);
  expect(left(symbols())).toEqual([]);
  expect((await run(["cache", "clear", "--format", "json"])).stdout).toBe('{\n  "removed": [],\n  "bytes": 0\n}\n');
});

test("what cannot be fetched: the reason, and the command that helps", async () => {
  expect(await run(["symbols", "fetch", "6.6.8-200.fc39.x86_64"])).toEqual({ status: 1, stdout: "", stderr: "oopscope: error: 6.6.8-200.fc39.x86_64 is Fedora's, whose packages this command does not fetch: it does so for Debian and Ubuntu\n  try: sudo dnf debuginfo-install kernel-core-6.6.8-200.fc39.x86_64\n" });
  expect(await run(["symbols", "fetch", "no such log"])).toEqual({ status: 1, stdout: "", stderr: 'oopscope: error: "no such log" is neither a log nor a kernel release\n' });
  writeFileSync(join(home, "x.deb"), deb.subarray(0, 500));
  expect(await run(["symbols", "fetch", "-q", "--from", join(home, "x.deb"), release])).toMatchObject({ status: 1, stderr: expect.stringMatching(/^oopscope: error: file:\/\/HOME\/x\.deb: .*(?:too early|unexpected end of file)\n$/) as string });
  expect(left(symbols())).toEqual([]);
});

test("a file that may not grow, and a disk that is full: nothing half-written is kept", async () => {
  const limited = await run(["symbols", "fetch", "-q", "--from", join(home, "x.deb"), release, "--module", "null_chain"], "ulimit -f 8;");
  expect(limited).toMatchObject({ status: 1, stderr: expect.stringContaining("it is larger than a file may be here (ulimit -f)\n  try: oopscope cache clear\n") as string });
  expect(left(symbols())).toEqual([]);
  // A disk of one megabyte, where this user may mount one in a namespace of its own.
  mkdirSync(join(home, "cache"), { recursive: true });
  const mount = `mount -t tmpfs -o size=1m none ${join(home, "cache")}`;
  if (spawnSync("unshare", ["-rm", "sh", "-c", mount]).status !== 0) return;
  const full = spawnSync("unshare", ["-rm", "bash", "-c", `${mount} && "$0" "$@"; status=$?; find ${symbols()} -type f >&2; exit $status`, process.execPath, `${root}dist/cli/main.cjs`, "symbols", "fetch", "-q", "--from", join(home, "x.deb"), release], { env: environment(), encoding: "utf8", timeout: 60_000 });
  expect({ status: full.status, stderr: shown(full.stderr) }).toEqual({ status: 1, stderr: expect.stringMatching(/^oopscope: error: the kernel's vmlinux needs 666 MB in HOME\/cache\/symbols\/\.partial\/\S+, and 1\.0 MB are free\n {2}try: oopscope cache clear\n$/) as string });
});

test("decode --debuginfod: by the build ids of the log and of modules at hand; a server that has nothing costs a warning", async () => {
  // The module as it is installed: stripped.
  copyFileSync(`${root}test/fixtures/modules/${release}/null_chain.ko`, join(home, "null_chain.ko"));
  const strip = spawnSync("objcopy", ["--strip-debug", join(home, "null_chain.ko")]);
  const own = spawnSync("readelf", ["-n", join(home, "null_chain.ko")], { encoding: "utf8" }).stdout?.match(/Build ID: ([0-9a-f]+)/)?.[1];
  if (strip.status !== 0 || own === undefined) return;
  server.answer = (request, response) => void (request.url === `/buildid/${own}/debuginfo` ? response.writeHead(200).end(module) : response.writeHead(404).end());
  const { stdout, stderr } = await run(["decode", "--debuginfod", "--modules", join(home, "null_chain.ko"), log]);
  expect(stdout).toContain("nc_admit (lab/modules/null_chain/null_chain.c:65 in nc_half_queue");
  expect(stderr).toContain(`oopscope: warning: debuginfod has files by their build ids, and that of vmlinux ${release} is not known`);
  expect(left(join(home, "client"))).toEqual([`${own}/debuginfo`]);
  // And from then on without being asked.
  server.answer = (_request, response) => void response.writeHead(500).end();
  expect((await run(["decode", "--modules", join(home, "null_chain.ko"), log])).stdout).toContain("nc_admit (lab/modules/null_chain/null_chain.c:65");
});

test("decode --debuginfod without a server, and with --follow", async () => {
  const without = await run(["decode", "--debuginfod", log], "DEBUGINFOD_URLS= ;");
  expect(without.stderr).toContain("oopscope: warning: --debuginfod needs the address of a server, and neither DEBUGINFOD_URLS nor /etc/debuginfod names one\n  try: DEBUGINFOD_URLS=https://SERVER oopscope decode --debuginfod LOG\n");
  expect(await run(["decode", "--debuginfod", "--follow", log])).toMatchObject({ status: 2 });
});

test("interrupted: exit status 130, and nothing half-fetched", async () => {
  server.answer = (_request, response) => void response.writeHead(200, { "content-length": deb.length }).write(deb.subarray(0, 400));
  const child = spawn(process.execPath, [`${root}dist/cli/main.cjs`, "symbols", "fetch", "--from", `${server.url}/x.deb`, release], { env: environment(), stdio: "ignore" });
  while (server.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  setTimeout(() => child.kill("SIGINT"), 300);
  expect(await new Promise<number | null>((resolve) => child.on("close", resolve))).toBe(130);
  expect(left(symbols())).toEqual([]);
});
