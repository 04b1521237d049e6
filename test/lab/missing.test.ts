import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildModule } from "../../src/lab/build.ts";
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

/** From here on `setpriv` is the only program that is found. */
function onlySetpriv(): void {
  const setpriv = (before.PATH ?? "").split(":").map((path) => join(path, "setpriv"));
  mkdirSync(join(folder, "bin"));
  for (const path of setpriv.filter((one) => existsSync(one)).slice(0, 1)) symlinkSync(path, join(folder, "bin/setpriv"));
  process.env["PATH"] = join(folder, "bin");
}

describe("what is missing is named, with the command that brings it", () => {
  it("busybox", async () => {
    const plan = { drivers: [], modules: [], root: "busybox", script: "", folder: "/", env: {}, arch: "x86_64", busybox: "/nope/busybox" } as const;
    await expect(buildInitramfs(plan)).rejects.toThrow("no static busybox at `/nope/busybox`; on Debian and Ubuntu: apt-get install busybox-static");
  });

  it("QEMU", async () => {
    onlySetpriv();
    await expect(guest()).rejects.toThrow("QEMU did not start: `qemu-system-x86_64` is not installed; on Debian and Ubuntu: apt-get install qemu-system-x86");
  });

  it("setpriv", async () => {
    process.env["PATH"] = folder;
    await expect(guest()).rejects.toThrow("cannot start QEMU: `setpriv` (of util-linux) is not installed");
  });

  it("make, and its like", async () => {
    const tree = join(folder, "6.6.6/lib/modules/6.6.6");
    mkdirSync(join(tree, "build"), { recursive: true });
    const build = (): Promise<void> => buildModule({ release: "6.6.6", image: "/nope", arch: "x86_64", modules: tree }, "lab/modules/null_chain", join(folder, "null_chain.ko"), "null_chain");
    onlySetpriv();
    await expect(build()).rejects.toThrow("cannot build `null_chain`: `make` is not installed; on Debian and Ubuntu: apt-get install make gcc");
    process.env["PATH"] = folder;
    await expect(build()).rejects.toThrow("cannot build `null_chain`: `setpriv` (of util-linux) is not installed");
    process.env["TMPDIR"] = join(folder, "nope");
    await expect(build()).rejects.toThrow(`cannot make a temporary folder in \`${folder}/nope\` to build \`null_chain\`: ENOENT`);
    await expect(buildModule({ release: "6.6.6", image: "/nope", arch: "x86_64", modules: folder }, "lab/modules/null_chain", "/nope", "null_chain")).rejects.toThrow(
      "no headers for kernel 6.6.6; on Debian and Ubuntu: apt-get install linux-headers-6.6.6",
    );
  });

  it("a place for temporary files", async () => {
    process.env["TMPDIR"] = join(folder, "nope");
    await expect(guest()).rejects.toThrow(`cannot make a temporary file in \`${folder}/nope\`: ENOENT`);
  });
});
