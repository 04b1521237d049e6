import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findKernel, runLab, type LabOptions, type LabResult } from "../../src/lab/index.ts";
import { guestsOf, testKernel } from "./kernel.ts";

let kernel: string;
let folder: string;
let temporary: string;
const before = process.env["TMPDIR"];

beforeAll(() => {
  kernel = testKernel();
  folder = mkdtempSync(join(tmpdir(), "oopscope-guest-"));
  temporary = join(folder, "tmp");
  mkdirSync(temporary);
  process.env["TMPDIR"] = temporary;
});
afterAll(() => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  rmSync(folder, { recursive: true });
});

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

function run(options: Parameters<typeof runLab>[0]): Promise<LabResult> {
  return runLab({ kernel, ...options } satisfies LabOptions);
}

const textOf = (result: LabResult): string => result.console.toString("latin1");

it("runs a script on the host's file system, and nothing it writes stays", async () => {
  const path = script("writes.sh", '#!/bin/sh\necho "at $PWD with $GREETING as $(id -u) on $(uname -r)"\necho changed > "$PWD/written" && cat "$PWD/written"\nexit 7\n');
  const result = await run({ script: path, folder, env: { GREETING: "a 'quoted' word" } });
  expect(result).toMatchObject({ outcome: "finished", status: 7, why: null });
  expect(textOf(result)).toContain(`at ${folder} with a 'quoted' word as 0 on ${kernel}`);
  expect(textOf(result)).toContain("changed");
  expect(existsSync(join(folder, "written"))).toBe(false);
  expect(guestsOf(process.pid)).toEqual([]);
});

it("ends a guest that hangs at its time limit, with what the console had", async () => {
  const result = await run({ script: script("hangs.sh", "#!/bin/sh\necho before the hang\nsleep 1000\n"), timeout: 30 });
  expect(result).toMatchObject({ outcome: "timed-out", status: null, why: "the guest had not ended within 30 s" });
  expect(textOf(result)).toContain("before the hang");
  expect(guestsOf(process.pid)).toEqual([]);
});

it("ends a guest that prints without end", async () => {
  const result = await run({ script: script("floods.sh", "#!/bin/sh\nyes this goes on\n"), consoleLimit: 100_000 });
  expect(result).toMatchObject({ outcome: "flooded", why: "the console passed its limit of 100000 bytes" });
});

it("says that a guest did not boot, and why", async () => {
  const result = await run({ root: "busybox", append: "rdinit=/nope root=/dev/nope" });
  expect(result.outcome).toBe("did-not-boot");
  expect(result.why).toMatch(/^the kernel panicked before it ran the first program: Kernel panic - not syncing: /);
});

it("says that a guest went down before its script ended", async () => {
  expect(await run({ root: "busybox", script: script("leaves.sh", "#!/bin/sh\npoweroff -f\nsleep 60\n") })).toMatchObject({ outcome: "stopped", status: null });
});

it("names the step of the guest that failed", async () => {
  // The fixture's module loads once; its name is taken the second time.
  const ko = `test/fixtures/modules/${kernel}/null_chain.ko`;
  const result = await run({ root: "busybox", modules: [ko, ko] });
  expect(result).toMatchObject({ outcome: "finished", status: 1, why: "in the guest this failed: insmod null_chain: File exists" });
});

it("a lone image without virtio and 9p: what it lacks is named", async () => {
  const image = join(folder, `vmlinuz-${kernel}`);
  copyFileSync((await findKernel(kernel)).image, image);
  // Debian's drivers are modules, and beside this image there are none; on a machine with this very kernel installed those would be found.
  const why = existsSync(`/lib/modules/${kernel}`)
    ? null
    : "in the guest this failed: mount of the host's file system: the kernel has no virtio (CONFIG_VIRTIO_PCI), 9p (CONFIG_NET_9P_VIRTIO, CONFIG_9P_FS), overlay (CONFIG_OVERLAY_FS), and no modules were found for it";
  expect(await run({ kernel: image, script: script("never.sh", "#!/bin/sh\n") })).toMatchObject({ outcome: why === null ? "finished" : "did-not-boot", why });
});

it("refuses an image that QEMU cannot boot", async () => {
  const path = join(folder, "vmlinuz-0.0.0");
  writeFileSync(path, Buffer.from(`Linux version 0.0.0 ${"x".repeat(2000)}`));
  await expect(run({ kernel: path, root: "busybox" })).rejects.toThrow("QEMU did not start: ");
});

it("two run side by side", async () => {
  const [one, other] = await Promise.all(["one", "other"].map((name) => run({ root: "busybox", script: script(`${name}.sh`, `#!/bin/sh\necho I am ${name}\n`) })));
  expect([one!.outcome, other!.outcome]).toEqual(["finished", "finished"]);
  expect(textOf(one!)).toContain("I am one");
  expect(textOf(one!)).not.toContain("I am other");
  expect(textOf(other!)).toContain("I am other");
});

it("an abort ends the guest and leaves nothing", async () => {
  const controller = new AbortController();
  const running = run({ root: "busybox", signal: controller.signal, onConsole: () => controller.abort() });
  await expect(running).rejects.toMatchObject({ code: "aborted" });
  expect(guestsOf(process.pid)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});
