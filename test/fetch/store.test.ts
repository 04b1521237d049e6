import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clearStore, isStorable, listStore, noteUse, partsOfStore, repairStore, storeSize, trimStore } from "../../src/fetch/index.ts";
import { withLock } from "../../src/fetch/lock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oopscope-store-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The id of a process that is gone. */
const dead = () => spawnSync("true").pid;

function put(path: string, text: string, daysAgo = 0): void {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  const time = new Date(Date.now() - daysAgo * 24 * 3600_000);
  utimesSync(full, time, time);
}
function release(name: string, size: number, daysAgo: number): void {
  put(`${name}/usr/lib/debug/boot/vmlinux-${name}`, "x".repeat(size));
  put(`${name}/.oopscope.json`, JSON.stringify({ package: "p", version: "1", arch: "amd64", modules: ["a"], packed: false }), daysAgo);
}
const left = () => readdirSync(folder).sort();

test("lists releases, the last used first; use keeps them", () => {
  release("6.1.0", 100, 5);
  release("6.2.0", 200, 2);
  put("notes/readme", "not ours");
  put("6.3.0/.oopscope.json", "torn");
  expect(listStore(folder).map(({ release: name, files, bytes, note }) => [name, files, bytes, note.version])).toEqual([["6.2.0", 1, 200, "1"], ["6.1.0", 1, 100, "1"]]);
  noteUse(folder, join(folder, "6.1.0/usr/lib/debug/boot/vmlinux-6.1.0"));
  noteUse(folder, "/elsewhere/6.2.0/x");
  expect(listStore(folder).map(({ release: name }) => name)).toEqual(["6.1.0", "6.2.0"]);
  expect(listStore(join(folder, "absent"))).toEqual([]);
});

test("what was used the longest time ago goes first, and never what is kept", () => {
  for (const [name, days] of [["6.1.0", 9], ["6.2.0", 5], ["6.3.0", 1]] as const) release(name, 1000, days);
  expect(trimStore(folder, 5000, null)).toEqual({ releases: [], bytes: 0 });
  expect(trimStore(folder, 2500, "6.1.0")).toEqual({ releases: ["6.2.0"], bytes: 1000 });
  expect(left()).toEqual(["6.1.0", "6.3.0"]);
  expect(trimStore(folder, 0, null)).toEqual({ releases: ["6.1.0", "6.3.0"], bytes: 2000 });
  expect(left()).toEqual([]);
});

test("repair: what an interruption left goes, what lives and what can go on stays", () => {
  release("6.1.0", 10, 0);
  put("6.2.0/usr/lib/debug/boot/vmlinux-6.2.0", "without its note");
  put("6.3.0/usr/x", "being fetched");
  put("6.4.0/home/of/someone", "not ours");
  put(".locks/6.3.0", `${process.pid} x\n`);
  put(".locks/6.9.0", `${dead()} x\n`);
  put(`.partial/6.2.0.${dead()}/usr/x`, "half");
  put(`.partial/6.3.0.${process.pid}/usr/x`, "half");
  put(".partial/abcdef12", "a download", 1);
  put(".partial/abcdef12.from", "{}", 1);
  put(".partial/0123abcd", "an old one", 30);
  const { removed, bytes } = repairStore(folder);
  expect(removed.map((path) => path.replace(/\.\d{2,}$/, ".PID"))).toEqual([".locks/6.9.0", ".partial/0123abcd", ".partial/6.2.0.PID", "6.2.0"]);
  expect(bytes).toBeGreaterThan(20);
  expect(left()).toEqual([".locks", ".partial", "6.1.0", "6.3.0", "6.4.0"]);
  expect(repairStore(folder).removed).toEqual([]);
  expect(partsOfStore(folder).files).toBe(3);
});

test("clear removes what is ours and nothing else", () => {
  release("6.1.0", 100, 0);
  put("6.1.0/mine", "of someone");
  put(".partial/abcdef12", "12345");
  put("../kernels/x", "the lab's");
  put("notes", "of someone");
  try {
    expect(clearStore(folder)).toEqual({ releases: ["6.1.0"], bytes: 105 });
    expect(left()).toEqual(["6.1.0", "notes"]);
    expect(readdirSync(join(folder, "6.1.0"))).toEqual(["mine"]);
    expect(existsSync(join(folder, "../kernels/x"))).toBe(true);
  } finally {
    rmSync(join(folder, "../kernels"), { recursive: true });
  }
  expect(clearStore(join(folder, "absent"))).toEqual({ releases: [], bytes: 0 });
});

test.each([["8G", 8e9], ["500M", 5e8], ["1.5t", 1.5e12], ["123", 123], ["2kB", 2000], ["", 8e9], ["much", 8e9], ["-1", 8e9]])("OOPSCOPE_CACHE_SIZE=%s", (text, wanted) => {
  expect(storeSize({ OOPSCOPE_CACHE_SIZE: text })).toBe(wanted);
});

test.each([["6.1.0-56-amd64", true], ["..", false], ["6/1", false], [".partial", false], ["", false], ["kernels", false], ["6.1\n", false]])("%j is a release: %s", (name, wanted) => {
  expect(isStorable(name)).toBe(wanted);
});

describe("locks", () => {
  test("one after the other", async () => {
    const order: string[] = [];
    const waits: number[] = [];
    const task = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push(`${name} ends`);
      return name;
    };
    const lock = join(folder, "locks/x");
    const one = withLock(lock, {}, task("one"));
    const two = withLock(lock, { onWait: (pid) => waits.push(pid) }, task("two"));
    expect(await Promise.all([one, two])).toEqual(["one", "two"]);
    expect(order).toEqual(["one begins", "one ends", "two begins", "two ends"]);
    expect(waits).toEqual([process.pid]);
    expect(existsSync(lock)).toBe(false);
  });

  test("of a process that is gone, one that is silent, and a torn one: taken over", async () => {
    for (const [text, daysAgo] of [[`${dead()} x\n`, 0], [`${process.pid} x\n`, 1], ["", 1]] as const) {
      put("x", text, daysAgo);
      expect(await withLock(join(folder, "x"), {}, () => Promise.resolve(readFileSync(join(folder, "x"), "utf8").split(" ")[0]))).toBe(String(process.pid));
    }
    expect(left()).toEqual([]);
  });

  test("is given back after an error, and not waited for after an abort", async () => {
    await expect(withLock(join(folder, "x"), {}, () => Promise.reject(new TypeError("no")))).rejects.toThrow(TypeError);
    expect(left()).toEqual([]);
    put("x", "1 x\n");
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 30);
    await expect(withLock(join(folder, "x"), { signal: controller.signal }, () => Promise.resolve())).rejects.toThrow("enough");
  });
});
