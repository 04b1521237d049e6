import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runGuest } from "../../src/lab/guest.ts";
import { buildInitramfs } from "../../src/lab/init.ts";

const before = { PATH: process.env["PATH"], TMPDIR: process.env["TMPDIR"] };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oopscope-missing-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const guest = (): ReturnType<typeof runGuest> =>
  runGuest({
    machine: { kernel: { release: "9.9", image: "/nope", arch: "x86_64", modules: null }, memory: 64, cpus: 1, append: "", hostRoot: false },
    initramfs: new Uint8Array(16),
    timeout: 10_000,
  });

describe("what is missing is named, with the command that brings it", () => {
  it("busybox", async () => {
    const plan = { drivers: [], modules: [], root: "busybox", script: "", folder: "/", env: {}, arch: "x86_64", busybox: "/nope/busybox" } as const;
    await expect(buildInitramfs(plan)).rejects.toThrow("no static busybox at `/nope/busybox`; on Debian and Ubuntu: apt-get install busybox-static");
  });

  it("QEMU", async () => {
    const setpriv = (before.PATH ?? "").split(":").map((path) => join(path, "setpriv"));
    mkdirSync(join(folder, "bin"));
    for (const path of setpriv.filter((one) => existsSync(one)).slice(0, 1)) symlinkSync(path, join(folder, "bin/setpriv"));
    process.env["PATH"] = join(folder, "bin");
    await expect(guest()).rejects.toThrow("QEMU did not start: `qemu-system-x86_64` is not installed; on Debian and Ubuntu: apt-get install qemu-system-x86");
  });

  it("setpriv", async () => {
    process.env["PATH"] = folder;
    await expect(guest()).rejects.toThrow("cannot start QEMU: `setpriv` (of util-linux) is not installed");
  });

  it("a place for temporary files", async () => {
    process.env["TMPDIR"] = join(folder, "nope");
    await expect(guest()).rejects.toThrow(`cannot make a temporary file in \`${folder}/nope\`: ENOENT`);
  });
});
