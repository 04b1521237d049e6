import { access, constants, readFile, stat } from "node:fs/promises";
import { createHash } from "node:crypto";
import { release } from "node:os";
import { dirname, join, resolve } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import { cacheFolder } from "../system/index.ts";
import { buildForm, buildModule } from "./build.ts";
import { quote, type GuestPlan } from "./init.ts";
import { checkerOf, findKernel, listKernels, type Arch, type BootKernel } from "./kernels.ts";
import { readModule, requireRelease, type KernelModule } from "./modinfo.ts";
import { loadOrder, readModuleTree, type ModuleTree } from "./order.ts";
import type { Machine } from "./qemu.ts";
import { readScenarios, type Scenario } from "./scenario.ts";
import { scenariosFolder } from "./scenarios-folder.ts";
import { sourceName } from "./truth.ts";

/** What to boot and what to do there; everything may be left out. */
export type LabOptions = {
  /** A scenario of lab/modules: its module is built and loaded, and its commands are run unless there is a script. */
  readonly scenario?: string;
  /** A release, or the path of an image. Default: the running kernel's release if it is at hand, else the newest that is. */
  readonly kernel?: string;
  /** Modules (.ko, compressed too), loaded in this order, each after those of the kernel's own tree that it needs. */
  readonly modules?: readonly string[];
  /** A script of the host, run as root in the guest. */
  readonly script?: string;
  /** The script's working folder; default: this process's. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** More words for the kernel's command line. */
  readonly append?: string;
  /** MiB; default 1024, or what the scenario wants. */
  readonly memory?: number;
  readonly cpus?: number;
  /** Two network cards (virtio_net) that are wired to each other and to nothing else. */
  readonly wired?: boolean;
  /** Seconds; default 120, or what the scenario wants. */
  readonly timeout?: number;
  /** The guest's root: the host's file system, read-only below an overlay in memory (the default), or busybox alone (the default for a scenario). */
  readonly root?: "host" | "busybox";
  /** A static busybox. */
  readonly busybox?: string;
  readonly signal?: AbortSignal;
  /** Called with a sentence before each step that may take long. */
  readonly onProgress?: (step: string) => void;
};

export type LabPlan = {
  readonly kernel: BootKernel;
  readonly scenario: Scenario | null;
  readonly machine: Machine;
  readonly guest: GuestPlan;
  /** Milliseconds. */
  readonly timeout: number;
};

/** What the host's file system needs in the guest, and the kernel options that give it. */
const hostRootNeeds: readonly (readonly [module: string, option: string])[] = [
  ["virtio_pci", "CONFIG_VIRTIO_PCI"],
  ["9pnet_virtio", "CONFIG_NET_9P_VIRTIO"],
  ["9p", "CONFIG_9P_FS"],
  ["overlay", "CONFIG_OVERLAY_FS"],
];

/** Checks everything that can be checked before a guest is booted. `interactive`: no script, a shell. */
export async function planLab(options: LabOptions, interactive: boolean): Promise<LabPlan> {
  const scenario = options.scenario === undefined ? null : await findScenario(options.scenario);
  const kernel = scenario?.needs == null ? await findKernel(options.kernel ?? null, release()) : await checkedKernel(scenario, scenario.needs, options.kernel);
  const { arch } = kernel;
  const root = options.root ?? (arch !== hostArch || (scenario !== null && options.script === undefined && !interactive) ? "busybox" : "host");
  if (root === "host" && arch !== hostArch) throw new OopscopeError("bad-argument", `the host's programs do not run on ${arch}: kernel ${kernel.release} needs root \`busybox\``, { arch });
  const folder = resolve(options.folder ?? process.cwd());
  const script = interactive ? null : await scriptOf(options.script, scenario, root);
  const tree = await readModuleTree(kernel);
  const drivers = await driversOf(kernel, tree, root, arch);

  const paths = [...(options.modules ?? []).map((path) => resolve(path))];
  if (scenario !== null) paths.unshift(await builtScenario(scenario, kernel, options));
  const modules = await withDependencies(kernel, tree, paths, drivers);
  return {
    kernel,
    scenario,
    machine: {
      kernel,
      memory: positive("memory", options.memory ?? scenario?.memory ?? 1024),
      cpus: positive("cpus", options.cpus ?? scenario?.cpus ?? 1),
      append: [scenario?.append ?? "", options.append ?? ""].filter((words) => words !== "").join(" "),
      hostRoot: root === "host",
      wired: options.wired === true,
    },
    guest: { drivers, modules, root, script, folder, env: options.env ?? {}, arch, busybox: options.busybox ?? (await busyboxFor(kernel)) },
    timeout: positive("timeout", options.timeout ?? scenario?.timeout ?? 120) * 1000,
  };
}

/** The kernel that a scenario for a checked kernel is played on: the one that is named, or the first at hand that is built so. */
async function checkedKernel(scenario: Scenario, needs: string, wanted: string | undefined): Promise<BootKernel> {
  const suits = (kernel: BootKernel): boolean => checkerOf(kernel) === needs;
  const kernel = wanted === undefined ? (await listKernels()).find(suits) : await findKernel(wanted);
  if (kernel !== undefined && suits(kernel)) return kernel;
  const which = kernel === undefined ? "none at hand is" : `${kernel.release} is not`;
  throw new OopscopeError("bad-argument", `scenario \`${scenario.name}\` needs a kernel that is built with ${needs}, which ${which} (in oopscope's repository: scripts/lab-kernel.sh ${needs})`, {
    scenario: scenario.name,
    ...(kernel === undefined ? {} : { release: kernel.release }),
  });
}

/** The lab plays on x86-64 hosts and, where a kernel asks for it, other processors on them. */
const hostArch: Arch = process.arch === "arm64" ? "arm64" : "x86_64";

/** The host's own busybox, or the one that was fetched with a kernel for another processor. */
async function busyboxFor(kernel: BootKernel): Promise<string> {
  const own = "/bin/busybox";
  if (kernel.arch === hostArch) return own;
  const tree = dirname(dirname(kernel.image));
  for (const path of ["bin/busybox", "usr/bin/busybox"].map((name) => join(tree, name))) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  throw new OopscopeError("missing-tool", `no static busybox for ${kernel.arch} in \`${tree}\``, { arch: kernel.arch });
}

function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new OopscopeError("bad-argument", `${name} must be a number above 0, not ${value}`, { [name]: value });
}

async function findScenario(name: string): Promise<Scenario> {
  const all = await readScenarios(scenariosFolder());
  const found = all.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const alike = all.filter((scenario) => scenario.name.includes(name) || name.includes(scenario.name)).map((scenario) => scenario.name);
  throw new OopscopeError("not-found", `no scenario \`${name}\` among the ${all.length} there are${alike.length > 0 && alike.length < 9 ? `; like it: ${alike.join(", ")}` : ""}`, { scenario: name });
}

/** The guest's script, as text: that of the host by its path (so that its own first line counts), or the scenario's commands. */
async function scriptOf(path: string | undefined, scenario: Scenario | null, root: "host" | "busybox"): Promise<string> {
  if (path === undefined) return `#!/bin/sh\n${scenario?.script ?? ""}\n`;
  const absolute = resolve(path);
  try {
    if (!(await stat(absolute)).isFile()) throw new Error("it is not a file");
    if (root === "busybox") return await readFile(absolute, "utf8");
    const executable = await access(absolute, constants.X_OK).then(
      () => true,
      () => false,
    );
    return `#!/bin/sh\nexec ${executable ? "" : "sh "}${quote(absolute)}\n`;
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : messageOf(cause);
    throw new OopscopeError("not-found", `cannot run the script \`${absolute}\`: ${why}`, { file: absolute }, cause);
  }
}

async function driversOf(kernel: BootKernel, tree: ModuleTree, root: "host" | "busybox", arch: Arch): Promise<readonly KernelModule[]> {
  const needs = [...(root === "host" ? hostRootNeeds : []), ...(arch === "arm64" ? ([["virtio_pci", "CONFIG_VIRTIO_PCI"], ["virtio_console", "CONFIG_VIRTIO_CONSOLE"]] as const) : [])];
  const { modules, missing } = await loadOrder(tree, needs.map(([name]) => name));
  // Without modules.builtin nobody knows what is built into the image; the guest will tell.
  if (tree.builtin === null || missing.length === 0) return modules;
  const options = needs.flatMap(([name, option]) => (missing.includes(name) ? [option] : []));
  throw new OopscopeError(
    "unsupported",
    `kernel ${kernel.release} cannot mount the host's file system: it has neither built in nor as a module ${missing.join(", ")} (${options.join(", ")})`,
    { release: kernel.release, missing: missing.join(" ") },
  );
}

/** The user's modules, each after what it needs of the kernel's tree and is not loaded already. */
async function withDependencies(kernel: BootKernel, tree: ModuleTree, paths: readonly string[], drivers: readonly KernelModule[]): Promise<KernelModule[]> {
  const given = await Promise.all(paths.map(readModule));
  for (const module of given) requireRelease(module, kernel.release);
  const loaded = new Set([...drivers, ...given].map((module) => module.name));
  const all: KernelModule[] = [];
  for (const module of given) {
    const { modules, missing } = await loadOrder(tree, module.depends.filter((name) => !loaded.has(name)));
    if (missing.length > 0 && tree.builtin !== null) {
      throw new OopscopeError("not-found", `\`${module.path}\` depends on ${missing.join(", ")}, which kernel ${kernel.release} does not have; name it with --module before this one`, {
        file: module.path,
        missing: missing.join(" "),
      });
    }
    for (const dependency of modules) if (!loaded.has(dependency.name)) all.push(dependency);
    for (const dependency of modules) loaded.add(dependency.name);
    all.push(module);
  }
  return all;
}

/** The scenario's module for this kernel: from the cache, where it stands under a hash of its source, or built now. */
async function builtScenario(scenario: Scenario, kernel: BootKernel, options: LabOptions): Promise<string> {
  const hash = createHash("sha256").update(buildForm);
  for (const name of [`${scenario.module}.c`, "Kbuild"]) hash.update(await readFile(join(scenario.folder, name)));
  const path = join(cacheFolder(), "lab", kernel.release, hash.digest("hex").slice(0, 16), `${scenario.module}.ko`);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there) return path;
  options.onProgress?.(`building ${scenario.module} for ${kernel.release}`);
  await buildModule(kernel, scenario.folder, path, sourceName(scenario).replace(/\/[^/]*$/, ""), options.signal);
  return path;
}
