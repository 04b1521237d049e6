import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import { quote } from "./init.ts";
import type { BootKernel } from "./kernels.ts";

/** Changes whenever the same source is built to other bytes: results in the cache carry it. */
export const buildForm = "4";

/**
 * Builds a module for a kernel with the kernel's own headers and puts the .ko at `output`. The sources are built in a temporary copy, and DWARF
 * names them by `sourceName`, relative to nowhere, and the headers as if they were installed, so that the result says nothing about the machine it
 * was made on.
 *
 * A kernel in the cache may have a link `.toolchain` to an unpacked root of its suite (scripts/toolchain.sh); make then runs in that root.
 */
export async function buildModule(kernel: BootKernel, source: string, output: string, sourceName: string, signal?: AbortSignal): Promise<void> {
  const module = basename(source);
  const headers = kernel.modules === null ? null : await realpath(join(kernel.modules, "build")).catch(() => null);
  if (headers === null) {
    throw new OopscopeError("missing-tool", `no headers for kernel ${kernel.release}; on Debian and Ubuntu: apt-get install linux-headers-${kernel.release}`, {
      release: kernel.release,
    });
  }
  // The headers' own place stands before their folder's name: …/usr/src/linux-headers-….
  const tree = headers.replace(/\/usr\/src\/.*$/, "");
  const toolchain = await realpath(join(tree, ".toolchain")).catch(() => null);
  const folder = await mkdtemp(join(tmpdir(), "oopscope-build-")).catch((cause: unknown) => {
    throw new OopscopeError("unwritable", `cannot make a temporary folder in \`${tmpdir()}\` to build \`${module}\`: ${messageOf(cause)}`, { folder: tmpdir() }, cause);
  });
  try {
    const copy = join(folder, module);
    await cp(source, copy, { recursive: true });
    // A kernel that was built from its source has no headers of its own, but a link to the source.
    const kernelSource = await realpath(join(headers, "source")).catch(() => null);
    const more = kernelSource === null ? [] : ([[kernelSource, `/usr/src/${basename(kernelSource)}`]] as const);
    if (toolchain === null) await run("make", makeArguments(kernel, headers, tree, copy, sourceName, more), module, signal);
    else await makeInRoot(kernel, toolchain, tree, headers, copy, sourceName, module, signal);
    await mkdir(join(output, ".."), { recursive: true });
    const partial = `${output}.${basename(folder)}`;
    await writeFile(partial, withoutFolder(await readFile(join(copy, `${module}.ko`)), copy, sourceName));
    await rename(partial, output);
  } catch (cause) {
    if (cause instanceof OopscopeError) throw cause;
    throw new OopscopeError("unwritable", `cannot build \`${module}\`: ${messageOf(cause)}`, { module, folder }, cause);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * KASAN's records of global variables hold the source's path as the compiler was called with it, which no prefix map changes. It is a C string, so the
 * shorter name with NULs behind it takes its place.
 */
function withoutFolder(ko: Buffer, folder: string, sourceName: string): Buffer {
  for (let at = ko.indexOf(`${folder}/`); at >= 0; at = ko.indexOf(`${folder}/`, at + 1)) {
    const end = ko.indexOf(0, at);
    const name = ko.toString("latin1", at, end).replace(folder, sourceName);
    if (name.length <= end - at) ko.fill(0, at, end).write(name, at, "latin1");
  }
  return ko;
}

function makeArguments(kernel: BootKernel, headers: string, tree: string, copy: string, sourceName: string, more: readonly (readonly [string, string])[] = []): string[] {
  // Of several maps that fit gcc takes the last.
  const maps = [
    ...more,
    [`${tree}/usr`, "/usr"],
    [headers, "."],
    [copy, sourceName],
  ].map(([from, to]) => `-ffile-prefix-map=${from}=${to}`);
  const cross = kernel.arch === "arm64" && process.arch !== "arm64" ? ["ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-"] : [];
  return ["-C", headers, ...cross, `M=${copy}`, `KCFLAGS=${maps.join(" ")}`, `-j${availableParallelism()}`, "modules"];
}

/** Runs make in an unpacked root, in a mount namespace of its own, which ends with it: the kernel's tree is /kernel there, the source /module. */
async function makeInRoot(kernel: BootKernel, root: string, tree: string, headers: string, copy: string, sourceName: string, module: string, signal: AbortSignal | undefined): Promise<void> {
  const args = makeArguments(kernel, headers.replace(tree, "/kernel"), "/kernel", "/module", sourceName);
  const script = [
    `mount --bind ${quote(tree)} ${quote(join(root, "kernel"))}`,
    `mount --bind ${quote(copy)} ${quote(join(root, "module"))}`,
    `mount --rbind /dev ${quote(join(root, "dev"))}`,
    `mount --rbind /proc ${quote(join(root, "proc"))}`,
    `mount -t tmpfs tmp ${quote(join(root, "tmp"))}`,
    `exec chroot ${quote(root)} /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin make ${args.map(quote).join(" ")}`,
  ].join(" && ");
  await run("unshare", [...(process.getuid?.() === 0 ? [] : ["--map-root-user"]), "--mount", "sh", "-c", script], module, signal);
}

/** Runs one program, which ends with this process even if it is killed (make then ends its own). */
function run(program: string, args: readonly string[], module: string, signal: AbortSignal | undefined): Promise<void> {
  const aborted = (cause: unknown): OopscopeError => new OopscopeError("aborted", `the build of \`${module}\` was ended before its time`, { module }, cause);
  return new Promise((done, failed) => {
    const child = spawn("setpriv", ["--pdeathsig", "TERM", program, ...args], { stdio: ["ignore", "pipe", "pipe"], ...(signal === undefined ? {} : { signal }) });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.on("error", (cause) => {
      if (signal?.aborted === true) failed(aborted(cause));
      else failed(new OopscopeError("missing-tool", `cannot build \`${module}\`: \`setpriv\` (of util-linux) is not installed`, { module, program: "setpriv" }, cause));
    });
    child.on("close", (status) => {
      if (status === 0) done();
      else if (signal?.aborted === true) failed(aborted(signal.reason));
      else if (status === 127 && said.startsWith("setpriv: ")) {
        failed(new OopscopeError("missing-tool", `cannot build \`${module}\`: \`${program}\` is not installed; on Debian and Ubuntu: apt-get install make gcc`, { module, program }));
      } else failed(new OopscopeError("unsupported", `the build of \`${module}\` failed (make exited with ${status}): ${gist(said)}`, { module, status: status ?? undefined, output: said }));
    });
  });
}

/** The lines of a build's output that tell what was wrong: the first few that speak of an error, or else the last. */
function gist(output: string): string {
  const lines = output.trim().split("\n");
  const errors = lines.filter((line) => /\b(?:error|fatal)\b|not found|No such file|No space left/i.test(line) && !/^make/.test(line));
  return (errors.length > 0 ? errors.slice(0, 3) : lines.slice(-1)).join("; ");
}
