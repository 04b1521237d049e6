import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { cacheFolder, findProgram, runProgram, runningKernel, runningModuleBuildId, symbolsFolder } from "../../src/system/index.ts";
import { buildIdNote } from "../support/elfwriter.ts";

const root = mkdtempSync(join(tmpdir(), "oopscope-system-"));
afterAll(() => rmSync(root, { recursive: true }));
function put(path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
}

test("the cache: named, else the desktop's, else the home's; an empty variable is none", () => {
  expect(cacheFolder({ OOPSCOPE_CACHE: "/o", XDG_CACHE_HOME: "/x" })).toBe("/o");
  expect(cacheFolder({ OOPSCOPE_CACHE: "", XDG_CACHE_HOME: "/x" })).toBe("/x/oopscope");
  expect(cacheFolder({})).toBe(join(homedir(), ".cache/oopscope"));
  expect(symbolsFolder({ OOPSCOPE_CACHE: "/o" })).toBe("/o/symbols");
  // A container's user who is in no list of users.
  const homeless = () => {
    throw new Error("uv_os_homedir returned ENOENT");
  };
  const modules = vi.spyOn(process, "getBuiltinModule").mockReturnValue({ homedir: homeless });
  expect(cacheFolder({})).toBe("/nonexistent/.cache/oopscope");
  modules.mockRestore();
});

test("what the running kernel says of itself", () => {
  expect(runningKernel(root)).toBeNull();
  put("proc/version", "Linux version 6.1.0 (a@b) #1 SMP\n");
  expect(runningKernel(root)).toEqual({ banner: "Linux version 6.1.0 (a@b) #1 SMP", buildId: null, kallsyms: join(root, "proc/kallsyms") });
  const xen = Buffer.from("040000000400000006000000586e65006c696e78", "hex");
  put("sys/kernel/notes", Buffer.concat([xen, buildIdNote("ab".repeat(20))]));
  put("sys/module/nf_tables/notes/.note.gnu.build-id", buildIdNote("cd".repeat(20)));
  expect(runningKernel(root)?.buildId).toBe("ab".repeat(20));
  expect([runningModuleBuildId("nf-tables", root), runningModuleBuildId("gtp", root), runningModuleBuildId("../x", root)]).toEqual(["cd".repeat(20), null, null]);
});

test("programs: found, run in English, missing, too long, aborted", async () => {
  expect(findProgram("sh")).toMatch(/\/sh$/);
  expect(findProgram("no-such-program-of-oopscope")).toBeNull();
  expect(await runProgram("sh", ["-c", "echo out $LC_ALL $X; echo err >&2; exit 3"], { env: { X: "x" } })).toEqual({ status: 3, stdout: "out C x\n", stderr: "err\n" });
  await expect(runProgram("no-such-program-of-oopscope", [])).rejects.toMatchObject({ code: "missing-tool", message: "the program no-such-program-of-oopscope is not installed" });
  await expect(runProgram("sleep", ["60"], { timeout: 50 })).rejects.toMatchObject({ code: "over-budget", message: "sleep 60 ran for more than 0.05 s" });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 30);
  await expect(runProgram("sleep", ["60"], { signal: controller.signal })).rejects.toThrow("enough");
  await expect(runProgram("sh", ["-c", "yes"])).rejects.toMatchObject({ code: "over-budget", message: "sh wrote more than 16 MB" });
});
