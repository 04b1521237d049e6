import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeCpio } from "../../src/lab/cpio.ts";

it("writes the newc form", () => {
  const archive = writeCpio([{ path: "a", kind: "file", content: Buffer.from("hello"), executable: true }]);
  const text = archive.toString("latin1");
  // magic, inode, mode, uid, gid, links, time, size, four device numbers, size of the name, checksum
  expect(text.slice(0, 110)).toBe("070701" + "00000001" + "000081ed" + "00000000".repeat(2) + "00000001" + "00000000" + "00000005" + "00000000".repeat(4) + "00000002" + "00000000");
  expect(text.slice(110, 120)).toBe("a\0hello\0\0\0");
  expect(text.slice(120)).toContain("TRAILER!!!");
  expect(archive.length % 4).toBe(0);
});

it("gives the same bytes for the same entries", () => {
  const entries = [{ path: "x", kind: "link", target: "y" } as const];
  expect(writeCpio(entries).equals(writeCpio(entries))).toBe(true);
});

const busybox = (() => {
  try {
    execFileSync("busybox", ["cpio", "--help"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

it.runIf(busybox)("is read back by busybox's cpio", () => {
  const folder = mkdtempSync(join(tmpdir(), "oopscope-cpio-"));
  try {
    const content = Buffer.alloc(12345, 7);
    const archive = writeCpio([
      { path: "d", kind: "folder" },
      { path: "d/file", kind: "file", content, executable: true },
      { path: "d/odd", kind: "file", content: Buffer.from("abc") },
      { path: "link", kind: "link", target: "d/file" },
    ]);
    execFileSync("busybox", ["cpio", "-i"], { cwd: folder, input: archive, stdio: ["pipe", "ignore", "ignore"] });
    expect(readFileSync(join(folder, "d/file")).equals(content)).toBe(true);
    expect(statSync(join(folder, "d/file")).mode & 0o777).toBe(0o755);
    expect(readFileSync(join(folder, "d/odd"), "utf8")).toBe("abc");
    expect(readlinkSync(join(folder, "link"))).toBe("d/file");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
