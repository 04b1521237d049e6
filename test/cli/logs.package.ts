import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { oopscope, root } from "../support/cli.ts";
import { randomForTest } from "../support/seed.ts";

const forms = `${root}test/fixtures/forms/`;
const plain = readFileSync(`${forms}plain.log`);
const other = readFileSync(`${root}test/oops/logs/kasan-use-after-free.log`);
const third = readFileSync(`${root}test/oops/logs/i386.log`);
const folder = mkdtempSync(join(tmpdir(), "oopscope-logs-"));
afterAll(() => rmSync(folder, { recursive: true }));
const decoding = ["decode", "--release", "0", "--no-code", "-q"];
type Found = { readonly reports: readonly { readonly title: string; readonly lines: readonly [number, number] }[]; readonly loose: readonly unknown[] };
const titles = (lines: string): string[] => lines.split("\n").filter((line) => line !== "").flatMap((line) => (JSON.parse(line) as Found).reports.map(({ title }) => title));
const expected = oopscope([...decoding, "-"], plain).stdout;

test("compressed logs", () => {
  const packed: Record<string, Buffer> = { gz: gzipSync(plain) };
  for (const [name, tool] of [["xz", "xz"], ["zst", "zstd"]] as const) {
    const made = spawnSync(tool, ["-c"], { input: plain });
    if (made.status === 0) packed[name] = made.stdout;
  }
  for (const [name, bytes] of Object.entries(packed)) {
    const file = join(folder, `log.${name}`);
    writeFileSync(file, bytes);
    expect(oopscope([...decoding, file]).stdout, name).toBe(expected);
    expect(oopscope([...decoding, "-"], bytes).stdout, name).toBe(expected);
    writeFileSync(file, bytes.subarray(0, 12));
    expect(oopscope([...decoding, file])).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(new RegExp(`^oopscope: error: failed to unfold ${file}: `)) as string });
  }
});

test("a compressed log that was cut off: what came before, and a warning", () => {
  const next = randomForTest("noise");
  const noise = Array.from({ length: 20_000 }, (_, k) => `[${k + 10}.000000] driver: event ${next.below(2 ** 31).toString(16)}${next.below(2 ** 31).toString(16)}\n`).join("");
  const log = Buffer.concat([plain, Buffer.from(noise)]);
  const packed: Record<string, Buffer> = { gz: gzipSync(log) };
  for (const [name, tool] of [["xz", "xz"], ["zst", "zstd"]] as const) {
    const made = spawnSync(tool, ["-c"], { input: log });
    if (made.status === 0) packed[name] = made.stdout;
  }
  for (const [name, bytes] of Object.entries(packed)) {
    const file = join(folder, `cut.log.${name}`);
    writeFileSync(file, bytes.subarray(0, (bytes.length * 3) >> 2));
    const { status, stdout, stderr } = oopscope([...decoding, file]);
    expect(status, name).toBe(1);
    expect(`${expected}${noise}`.startsWith(stdout), name).toBe(true);
    expect(stdout.length, name).toBeGreaterThan(expected.length);
    expect(stderr).toMatch(new RegExp(`(?:^|\\n)oopscope: warning: ${file} is cut off or damaged: only what comes before is read \\(`));
    const json = oopscope([...decoding, "--format", "json", file]);
    expect(json.status, name).toBe(1);
    expect((JSON.parse(json.stdout) as Found).reports, name).toHaveLength(1);
  }
});

test("systemd-pstore's folder of several crashes", () => {
  const crashes = join(folder, "systemd-pstore");
  for (const [at, log] of [["17953600", plain], ["17953601/001", other]] as const) {
    mkdirSync(join(crashes, at), { recursive: true });
    writeFileSync(join(crashes, at, "dmesg.txt"), log);
  }
  expect(titles(oopscope([...decoding, "--format", "ndjson", crashes]).stdout)).toEqual([
    "BUG: unable to handle kernel NULL pointer dereference in nc_admit",
    ...titles(oopscope([...decoding, "--format", "ndjson", "-"], other).stdout),
  ]);
  const empty = join(folder, "empty");
  mkdirSync(empty);
  expect(oopscope([...decoding, empty])).toMatchObject({ status: 1, stderr: `oopscope: error: failed to read ${empty}: it is a folder without parts of pstore (dmesg-…)\n` });
});

test("a folder of pstore, and parts that the kernel left compressed", () => {
  const parts = join(folder, "pstore");
  mkdirSync(parts);
  const lines = plain.toString("latin1").split(/(?<=\n)/);
  const third = Math.ceil(lines.length / 3);
  const part = (k: number) => Buffer.from(lines.slice(k * third, (k + 1) * third).join(""), "latin1");
  writeFileSync(join(parts, "dmesg-efi-179536001101"), Buffer.concat([Buffer.from("Oops#1 Part1\n"), part(2)]));
  writeFileSync(join(parts, "dmesg-efi-179536002101.enc.z"), Buffer.concat([Buffer.from("Oops#1 Part2\n"), deflateRawSync(part(1))]));
  writeFileSync(join(parts, "dmesg-efi-179536003101.enc.z"), Buffer.concat([Buffer.from("Oops#1 Part3\n"), deflateSync(part(0))]));
  writeFileSync(join(parts, "console-ramoops-0"), "not this\n");
  expect(oopscope([...decoding, parts]).stdout).toBe(`Oops#1 Part3\n${expected}`);
  writeFileSync(join(parts, "dmesg.txt"), plain);
  expect(oopscope([...decoding, parts]).stdout).toBe(expected);
  writeFileSync(join(folder, "dmesg-x-0.enc.z"), "nothing of the kind");
  expect(oopscope([...decoding, join(folder, "dmesg-x-0.enc.z")])).toMatchObject({ status: 1, stderr: expect.stringContaining("it is no deflate stream") as string });
});

test("NDJSON is a line a report", () => {
  expect(titles(oopscope([...decoding, "--format", "ndjson", "-"], Buffer.concat([plain, other, third])).stdout)).toHaveLength(3);
  expect(oopscope([...decoding, "--format", "ndjson", "-"], "nothing\n")).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test("a log of many pieces", () => {
  const noise = "[    1.000000] usb 1-1: new high-speed USB device number 5 using xhci_hcd\n".repeat(30_000);
  const log = Buffer.concat([Buffer.from(noise), plain, Buffer.from(noise), other, Buffer.from(noise)]);
  const { status, stdout } = oopscope([...decoding, "-"], log);
  expect(status).toBe(3);
  expect(stdout).toBe(`${noise}${expected}${noise}${oopscope([...decoding, "-"], other).stdout}${noise}`);
  const found = oopscope([...decoding, "--format", "ndjson", "-"], log).stdout.trim().split("\n").map((line) => JSON.parse(line) as Found);
  expect(found.map(({ reports }) => reports[0]!.lines[0])).toEqual([30_002, 60_000 + plain.toString("latin1").split("\n").length]);
});

test("--format json has no end to wait for", () => {
  expect(oopscope(["decode", "--follow", "--format", "json", "-"], "")).toMatchObject({ status: 2, stdout: "" });
});

/** Waits for the next report that the process tells. */
class Follower {
  readonly #process;
  #out = "";
  #told = 0;
  #wake: () => void = () => {};
  readonly ended: Promise<number | null>;

  constructor(args: string[]) {
    this.#process = spawn(process.execPath, ["dist/cli/main.cjs", ...args], { cwd: root, stdio: ["pipe", "pipe", "ignore"] });
    this.#process.stdout.on("data", (part: Buffer) => {
      this.#out += part.toString("latin1");
      this.#wake();
    });
    this.ended = new Promise((resolve) => this.#process.on("close", (status) => {
      resolve(status);
      this.#wake();
    }));
  }

  write(bytes: Buffer): void {
    this.#process.stdin.write(bytes);
  }

  close(): void {
    this.#process.stdin.end();
  }

  interrupt(): void {
    this.#process.kill("SIGINT");
  }

  async next(): Promise<string> {
    for (;;) {
      const all = titles(this.#out.slice(0, this.#out.lastIndexOf("\n") + 1));
      if (all.length > this.#told) return all[this.#told++]!;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const oops = "BUG: unable to handle kernel NULL pointer dereference in nc_admit";
const kasan = "KASAN: slab-use-after-free Read in nl_session_show";

test("--follow of a pipe tells a report before the pipe ends", async () => {
  const follower = new Follower([...decoding, "--follow", "--format", "ndjson", "-"]);
  follower.write(plain);
  expect(await follower.next()).toBe(oops);
  follower.write(other.subarray(0, 3000));
  follower.write(other.subarray(3000));
  expect(await follower.next()).toBe(kasan);
  follower.close();
  expect(await follower.ended).toBe(3);
}, 60_000);

test("--follow of a file: growing, cut short, rotated, interrupted", async () => {
  const file = join(folder, "growing.log");
  copyFileSync(`${forms}plain.log`, file);
  const follower = new Follower([...decoding, "--follow", "--format", "ndjson", file]);
  expect(await follower.next()).toBe(oops);
  appendFileSync(file, other);
  expect(await follower.next()).toBe(kasan);
  truncateSync(file);
  await new Promise((resolve) => setTimeout(resolve, 600));
  appendFileSync(file, third);
  expect(await follower.next()).toContain("list_one");
  appendFileSync(file, "half a line");
  renameSync(file, `${file}.1`);
  writeFileSync(file, plain);
  expect(await follower.next()).toBe(oops);
  follower.interrupt();
  expect(await follower.ended).toBe(130);
}, 60_000);

test("--follow as text writes every line, in order", async () => {
  const child = spawn(process.execPath, ["dist/cli/main.cjs", ...decoding, "--follow", "-"], { cwd: root, stdio: ["pipe", "pipe", "ignore"] });
  let out = "";
  child.stdout.on("data", (part: Buffer) => (out += part.toString("latin1")));
  const ended = new Promise((resolve) => child.on("close", resolve));
  for (let at = 0; at < plain.length; at += 700) child.stdin.write(plain.subarray(at, at + 700));
  child.stdin.end("no line feed");
  expect(await ended).toBe(3);
  expect(out).toBe(`${expected}no line feed`);
}, 60_000);

test("a folder of pstore that is larger than a mail keeps its order", () => {
  const parts = join(folder, "large");
  mkdirSync(parts);
  const noise = "<6>[    1.000000] usb 1-1: new high-speed USB device number 5 using xhci_hcd\n".repeat(60_000);
  const half = plain.indexOf("\n", plain.length >> 1) + 1;
  writeFileSync(join(parts, "dmesg-erst-1"), Buffer.concat([Buffer.from("Oops#1 Part1\n"), plain.subarray(half)]));
  writeFileSync(join(parts, "dmesg-erst-2"), Buffer.concat([Buffer.from(`Oops#1 Part2\n${noise}`), plain.subarray(0, half)]));
  expect(oopscope([...decoding, parts]).stdout).toBe(`Oops#1 Part2\n${noise}${expected}`);
});
