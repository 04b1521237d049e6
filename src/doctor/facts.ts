import { accessSync, closeSync, constants, existsSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { capabilities, distribution, findProgram, kernelConfig, lockdown, runningKernel, sysctl, tracefsFolder, type Capability, type Distribution, type KernelConfig } from "../system/index.ts";

/** A machine as far as it may be looked at. Nothing is started and nothing is loaded to learn it. */
export type Facts = {
  readonly root: string;
  readonly release: string | null;
  readonly version: string | null;
  readonly arch: string;
  readonly distribution: Distribution | null;
  readonly config: KernelConfig | null;
  /** Null where /proc does not tell. */
  readonly capabilities: ReadonlySet<Capability> | null;
  readonly lockdown: ReturnType<typeof lockdown>;
  readonly lsm: readonly string[] | null;
  /** What says that this is a container; null for none. */
  readonly container: string | null;
  readonly sysfs: boolean;
  readonly tracefs: ReturnType<typeof tracefsFolder>;
  /** `readable`, `refused`, or `absent`. */
  readonly filterFunctions: Access;
  readonly kernelBtf: Access;
  /** How many modules have BTF; null where /sys/kernel/btf is not there. */
  readonly moduleBtf: number | null;
  readonly kprobesEnabled: "1" | "0" | null;
  /** Whether addresses of /proc/kallsyms are shown. */
  readonly kallsyms: "shown" | "hidden" | "absent";
  readonly libbpf: { readonly path: string; readonly version: string | null } | null;
  readonly env: NodeJS.ProcessEnv;
  sysctl(name: string): string | null;
  program(name: string): string | null;
  access(path: string): Access;
};

export type Access = "readable" | "refused" | "absent";

export type FactsOptions = {
  /** Where /proc, /sys, /etc, /boot and /usr are. */
  readonly root?: string;
  /** The kernel's name of the processor. */
  readonly arch?: string;
  readonly env?: NodeJS.ProcessEnv;
};

const archNames: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "arm64", riscv64: "riscv64", s390x: "s390x", ppc64: "ppc64", loong64: "loongarch64", arm: "arm", ia32: "i386" };

export function readFacts({ root = "/", arch = archNames[process.arch] ?? process.arch, env = process.env }: FactsOptions = {}): Facts {
  const banner = runningKernel(root)?.banner ?? null;
  const release = /^Linux version (\S+)/.exec(banner ?? "")?.[1] ?? null;
  const access = (path: string): Access => accessOf(join(root, path));
  const tracefs = tracefsFolder(root);
  return {
    root,
    release,
    version: banner === null ? null : (/(#\d.*)$/.exec(banner)?.[1] ?? null),
    arch,
    distribution: distribution(root),
    config: release === null ? null : kernelConfig(release, root),
    capabilities: capabilities(root),
    lockdown: lockdown(root),
    lsm: text(join(root, "sys/kernel/security/lsm"))?.trim().split(",") ?? null,
    container: containerOf(root),
    sysfs: existsSync(join(root, "sys/kernel")),
    tracefs,
    filterFunctions: tracefs === null ? "absent" : accessOf(join(tracefs.path, "available_filter_functions")),
    kernelBtf: access("sys/kernel/btf/vmlinux"),
    moduleBtf: entries(join(root, "sys/kernel/btf"))?.filter((name) => name !== "vmlinux").length ?? null,
    kprobesEnabled: zeroOrOne(text(join(root, "sys/kernel/debug/kprobes/enabled"))),
    kallsyms: kallsymsOf(join(root, "proc/kallsyms")),
    libbpf: findLibrary(root, "libbpf.so.1"),
    env,
    sysctl: (name) => sysctl(name, root),
    program: (name) => findProgram(name, root === "/" ? env : { PATH: ["usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin"].map((folder) => join(root, folder)).join(":") }),
    access,
  };
}

function accessOf(path: string): Access {
  try {
    accessSync(path, constants.R_OK);
    // Some files of the kernel's may be opened by nobody whatever their mode says.
    if (statSync(path).isFile()) readStart(path);
    return "readable";
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? "absent" : "refused";
  }
}

function readStart(path: string): Buffer {
  const descriptor = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(4096);
    return bytes.subarray(0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

function text(path: string): string | null {
  try {
    return readFileSync(path, "latin1").slice(0, 1 << 16);
  } catch {
    return null;
  }
}

function entries(path: string): string[] | null {
  try {
    return readdirSync(path);
  } catch {
    return null;
  }
}

const zeroOrOne = (value: string | null): "1" | "0" | null => (value?.startsWith("1") ? "1" : value?.startsWith("0") ? "0" : null);

function kallsymsOf(path: string): Facts["kallsyms"] {
  try {
    const start = readStart(path).toString("latin1");
    if (start === "") return "absent";
    return start.split("\n").slice(0, -1).every((line) => /^0+ /.test(line)) ? "hidden" : "shown";
  } catch {
    return "absent";
  }
}

function containerOf(root: string): string | null {
  if (existsSync(join(root, ".dockerenv"))) return "/.dockerenv";
  if (existsSync(join(root, "run/.containerenv"))) return "/run/.containerenv";
  const named = /(?:^|\0)container=([\w.-]{1,32})/.exec(text(join(root, "proc/1/environ")) ?? "")?.[1];
  return named === undefined ? null : `container=${named}`;
}

/** A shared library by its soname, in the usual folders and those that ldconfig knows; it is not loaded. The version is what the link leads to. */
function findLibrary(root: string, soname: string): Facts["libbpf"] {
  const folders = ["lib", "usr/lib", "lib64", "usr/lib64", "usr/local/lib", "usr/local/lib64"].flatMap((folder) => [folder, ...["x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu", "s390x-linux-gnu", "powerpc64le-linux-gnu"].map((triplet) => `${folder}/${triplet}`)]);
  const cached = new RegExp(`(/[\\w./+-]+/${soname.replaceAll(".", "\\.")})\\0`).exec(binary(join(root, "etc/ld.so.cache")) ?? "")?.[1];
  for (const path of [...folders.map((folder) => join(root, folder, soname)), ...(cached === undefined ? [] : [join(root, cached)])]) {
    if (!existsSync(path)) continue;
    return { path, version: /\.so\.(\d+(?:\.\d+)+)$/.exec(basename(realpathSync(path)))?.[1] ?? null };
  }
  return null;
}

function binary(path: string): string | null {
  try {
    return statSync(path).size > 1 << 24 ? null : readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
