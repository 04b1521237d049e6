import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildModule, findKernel } from "../../src/lab/index.ts";
import { inGuest, made, suites } from "../bpf/guest.ts";
import { expectGolden } from "../support/golden.ts";
import { bundleOf } from "./bundle.ts";

// The truth is the source of the module (trace_zoo/trace_zoo.c): what it passes to its functions, and what they give back.
it.each(suites())("%s: calls of functions with known arguments, by fentry and by kprobes", async (kernel) => {
  const folder = join(made, `trace-${kernel}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const module = join(folder, "trace_zoo.ko");
  await buildModule(await findKernel(kernel), join(import.meta.dirname, "trace_zoo"), module, "test/trace/trace_zoo");
  const script = `mount -t tracefs t /sys/kernel/tracing 2>/dev/null; mount -t debugfs d /sys/kernel/debug 2>/dev/null
cp ${module} /tmp/trace_zoo.ko
if ! readelf -SW /tmp/trace_zoo.ko | grep -q ' \\.BTF '; then pahole -J --btf_base /sys/kernel/btf/vmlinux /tmp/trace_zoo.ko; fi
busybox insmod /tmp/trace_zoo.ko
exec ${process.execPath} ${await bundleOf("live")} /tmp/trace_zoo.ko`;
  const said = await inGuest(`trace-${kernel}`, script, { kernel });
  const [major, minor] = kernel.split(".");
  expect(said.length).toBeGreaterThan(20);
  expectGolden(`${said.map((line) => JSON.stringify(line)).join("\n")}\n`, new URL(`live/${major}.${minor}.txt`, import.meta.url));
});
