import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decode } from "../../src/decode/index.ts";
import { openElf } from "../../src/elf/index.ts";
import { findInApt } from "../../src/fetch/apt.ts";
import { unpackDeb } from "../../src/fetch/deb.ts";
import { buildIdOfBootImage, fetchDebuginfo, type DebuginfodOptions } from "../../src/fetch/index.ts";
import { root } from "../support/cli.ts";
import { debianKernel } from "../support/kernel.ts";

const kernel = debianKernel();
const home = mkdtempSync(join(tmpdir(), "oopscope-fetch-"));
afterAll(() => rmSync(home, { recursive: true }));

/** A log of this kernel, whatever release it was made on. */
const log = Buffer.from(readFileSync(`${root}test/fixtures/logs/null-chain.log`, "latin1").replaceAll("6.1.0-56-amd64", kernel.release), "latin1");

test("names alone: every frame has the name and the address that vmlinux gives it", async () => {
  const map = join(dirname(kernel.vmlinux), `System.map-${kernel.release}`);
  // Names and addresses of vmlinux, as nm has them, where the debug package is unpacked without its System.map.
  const list = join(home, "System.map");
  if (spawnSync("test", ["-s", map]).status === 0) copyFileSync(map, list);
  else writeFileSync(list, spawnSync("nm", ["-n", kernel.vmlinux], { encoding: "utf8", maxBuffer: 1 << 28 }).stdout);
  const options = { root: null, code: "none", modules: [`${root}test/fixtures/modules/6.1.0-56-amd64`] } as const;
  const frames = async (vmlinux: string) => (await decode(log, { ...options, vmlinux })).case.reports[0]!.stacks.flatMap((stack) => stack.frames).filter(({ module }) => module === null);
  const byNames = await frames(list);
  const byLines = await frames(kernel.vmlinux);
  expect(byNames.filter(({ functions }) => functions.length > 0).length).toBeGreaterThan(5);
  expect(byNames.map(({ symbol, address, functions }) => [symbol, address, functions.at(-1)?.function])).toEqual(byLines.map(({ symbol, address, functions }) => [symbol, address, functions.at(-1)?.function]));
  expect(new Set(byNames.flatMap(({ functions, unresolved }) => (functions.length === 0 ? [] : [unresolved?.reason])))).toEqual(new Set(["no-debug-info"]));
});

test("the boot image tells vmlinux's build id", async () => {
  const elf = await openElf(kernel.vmlinux);
  expect(await buildIdOfBootImage(kernel.image)).toBe(elf.buildId());
  elf.close();
});

test.each(["xz", "zstd", "gzip", "none"])("packages that dpkg-deb makes: %s", async (compression) => {
  const tree = join(home, `tree-${compression}`);
  const long = `usr/lib/debug/lib/modules/${kernel.release}/kernel/${"deep/".repeat(30)}module.ko`;
  mkdirSync(join(tree, "DEBIAN"), { recursive: true });
  writeFileSync(join(tree, "DEBIAN/control"), "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n");
  mkdirSync(dirname(join(tree, long)), { recursive: true });
  copyFileSync(`${root}test/fixtures/modules/6.1.0-56-amd64/null_chain.ko`, join(tree, long));
  const deb = join(home, `${compression}.deb`);
  expect(spawnSync("dpkg-deb", ["-b", `-Z${compression}`, tree, deb]).status).toBe(0);
  const bytes = readFileSync(deb);
  for (const path of [process.env["PATH"], ""]) {
    const before = process.env["PATH"];
    process.env["PATH"] = path;
    try {
      // eslint-disable-next-line @typescript-eslint/require-await
      const source = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += 5000) yield bytes.subarray(at, at + 5000);
      };
      const out = mkdtempSync(join(home, "out-"));
      const files = await unpackDeb(deb, source(), (name) => name.endsWith(".ko"), out);
      expect(files.map((file) => file.path)).toEqual([long]);
      expect(readFileSync(join(out, long)).equals(readFileSync(join(tree, long)))).toBe(true);
    } finally {
      process.env["PATH"] = before;
    }
  }
});

test("apt is asked for the debug package of a release, and one that it does not know is none", async () => {
  const name = `linux-image-${kernel.release}-dbg`;
  if (spawnSync("apt-cache", ["show", "--no-all-versions", name]).status !== 0) spawnSync("apt-get", ["-qq", "update"], { timeout: 120_000 });
  const found = await findInApt(name, "amd64", null);
  expect(found).toMatchObject({ package: name, version: expect.stringMatching(/^6\.1\./) as string, url: expect.stringMatching(/^https?:\/\/.*\.deb$/) as string, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  expect(found!.size).toBeGreaterThan(5e8);
  expect(await findInApt(name, "amd64", found!.version)).toEqual(found);
  expect(await findInApt(name, "amd64", "6.1.0-0")).toBeNull();
  expect(await findInApt("linux-image-9.9.9-oopscope-dbg", "amd64", null)).toBeNull();
});

describe("Debian's debuginfod", () => {
  let server: ChildProcess;
  let url: string;
  let said = "";
  const files = join(home, "files");
  beforeAll(async () => {
    mkdirSync(files);
    for (const name of ["null_chain", "init_null"]) copyFileSync(`${root}test/fixtures/modules/6.1.0-56-amd64/${name}.ko`, join(files, `${name}.debug`));
    // A package as it is in an archive.
    for (const name of readdirSync(home)) if (name === "xz.deb") copyFileSync(join(home, name), join(files, "x.deb"));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    server = spawn("debuginfod", ["-p", String(port), "-d", ":memory:", "-F", "-U", "-t", "0", "-v", files], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, DEBUGINFOD_URLS: "", HOME: home } });
    const hear = (part: Buffer) => void (said += part.toString());
    server.stdout!.on("data", hear);
    server.stderr!.on("data", hear);
    server.on("error", (error) => (said += String(error)));
    await metric(/groom\{|thread_work_total\{role="groom"\}|scanned_files_total\{source="\.debug file"\} 2|file_fdcache|scanned_bytes_total/);
  });
  afterAll(() => server.kill("SIGKILL"));

  async function metric(wanted: RegExp): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      const text = spawnSync(process.execPath, ["-e", `fetch("${url}/metrics").then((r) => r.text()).then(console.log, () => {})`], { encoding: "utf8", timeout: 10_000 }).stdout;
      const scanned = /thread_work_pending\{role="scan"\} 0/.test(text) && /thread_work_total\{role="scan"\} [1-9]/.test(text);
      if (scanned && wanted.test(text)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`debuginfod (package debuginfod) did not come up: ${said.slice(-2000)}`);
  }

  const options = (cache: string): DebuginfodOptions => ({ urls: [url], cache, parts: join(home, "symbols"), timeout: 20, largest: 1e9 });

  test("what we fetch, debuginfod's own client has, and the other way round", async () => {
    const elf = await openElf(join(files, "init_null.debug"));
    const id = elf.buildId()!;
    elf.close();
    const ours = join(home, "ours");
    const path = await fetchDebuginfo(id, "module init_null", options(ours));
    expect(path).toBe(join(ours, id, "debuginfo"));
    expect(readFileSync(path).equals(readFileSync(join(files, "init_null.debug")))).toBe(true);
    const find = (cache: string, urls: string) => spawnSync("debuginfod-find", ["debuginfo", id], { encoding: "utf8", timeout: 20_000, env: { ...process.env, HOME: home, DEBUGINFOD_CACHE_PATH: cache, DEBUGINFOD_URLS: urls } });
    // A server that does not exist: it must be in the cache.
    expect(find(ours, "http://127.0.0.1:1").stdout.trim()).toBe(path);
    const theirs = join(home, "theirs");
    expect(find(theirs, url)).toMatchObject({ status: 0, stdout: `${join(theirs, id, "debuginfo")}\n` });
    expect(await fetchDebuginfo(id, "module init_null", { ...options(theirs), urls: ["http://127.0.0.1:1"] })).toBe(join(theirs, id, "debuginfo"));
  });

  test("out of a package, and what it does not have", async () => {
    const elf = await openElf(`${root}test/fixtures/modules/6.1.0-56-amd64/null_chain.ko`);
    const id = elf.buildId()!;
    elf.close();
    expect(readFileSync(await fetchDebuginfo(id, "module null_chain", options(join(home, "packaged")))).equals(readFileSync(`${root}test/fixtures/modules/6.1.0-56-amd64/null_chain.ko`))).toBe(true);
    await expect(fetchDebuginfo("12".repeat(20), "vmlinux", options(join(home, "none")))).rejects.toMatchObject({ code: "unreachable", message: `no debug file of vmlinux (build id ${"12".repeat(20)}): ${url}/buildid/${"12".repeat(20)}/debuginfo: it has no such file (404)` });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
