import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, realpath, rename, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import type { BootKernel } from "./kernels.ts";

/** Changes whenever the same source is built to other bytes: results in the cache carry it. */
export const buildForm = "2";

/**
 * Builds a module for a kernel with the kernel's own headers and puts the .ko at `output`. The sources are built in a temporary copy, and DWARF
 * names them by `sourceName`, relative to nowhere, and the headers as if they were installed, so that the result says nothing about the
 * machine it was made on.
 */
export async function buildModule(kernel: BootKernel, source: string, output: string, sourceName: string, signal?: AbortSignal): Promise<void> {
  const module = basename(source);
  const headers = kernel.modules === null ? null : await realpath(join(kernel.modules, "build")).catch(() => null);
  if (headers === null) {
    throw new OopscopeError("missing-tool", `no headers for kernel ${kernel.release}; on Debian and Ubuntu: apt-get install linux-headers-${kernel.release}`, {
      release: kernel.release,
    });
  }
  const folder = await mkdtemp(join(tmpdir(), "oopscope-build-"));
  try {
    const copy = join(folder, module);
    await cp(source, copy, { recursive: true });
    // The headers' own place stands before their folder's name: …/usr/src/linux-headers-…. Of several maps that fit gcc takes the last.
    const installed = headers.replace(/\/usr\/src\/.*$/, "");
    const maps = [
      [`${installed}/usr`, "/usr"],
      [headers, "."],
      [copy, sourceName],
    ].map(([from, to]) => `-ffile-prefix-map=${from}=${to}`);
    await make(["-C", headers, `M=${copy}`, `KCFLAGS=${maps.join(" ")}`, `-j${availableParallelism()}`, "modules"], module, signal);
    await mkdir(join(output, ".."), { recursive: true });
    const partial = `${output}.${process.pid}`;
    await cp(join(copy, `${module}.ko`), partial);
    await rename(partial, output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function make(args: readonly string[], module: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn("make", args, { stdio: ["ignore", "pipe", "pipe"], ...(signal === undefined ? {} : { signal }) });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.on("error", (cause) =>
      failed(new OopscopeError("missing-tool", `cannot run make to build \`${module}\`: ${messageOf(cause)}; on Debian and Ubuntu: apt-get install make gcc`, { module }, cause)),
    );
    child.on("close", (status) => {
      if (status === 0) done();
      else failed(new OopscopeError("unsupported", `the build of \`${module}\` failed (make exited with ${status}):\n${said.trim()}`, { module, status: status ?? undefined }));
    });
  });
}
