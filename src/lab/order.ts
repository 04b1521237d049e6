import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BootKernel } from "./kernels.ts";
import { moduleName, readModule, type KernelModule } from "./modinfo.ts";

/** What a kernel's tree of modules holds, by name: files, and what is built in; null if the tree does not say that. */
export type ModuleTree = { readonly paths: ReadonlyMap<string, string>; readonly builtin: ReadonlySet<string> | null };

/** Reads the tree itself: modules.dep and modules.order are not in every package, and depmod has not run for a kernel that is only unpacked. */
export async function readModuleTree(kernel: BootKernel): Promise<ModuleTree> {
  if (kernel.modules === null) return { paths: new Map(), builtin: null };
  const { modules } = kernel;
  const [files, builtin] = await Promise.all([
    readdir(modules, { recursive: true }).catch(() => []),
    readFile(join(modules, "modules.builtin"), "utf8").catch(() => null),
  ]);
  const paths = new Map<string, string>();
  // `build` and `source` lead to other trees; readdir does not follow them. The user's own (updates, extra) win over the kernel's, as for depmod.
  for (const file of files.sort()) {
    if (!/\.ko(\.(gz|xz|zst))?$/.test(file)) continue;
    const name = moduleName(file);
    if (!paths.has(name) || !file.startsWith("kernel/")) paths.set(name, join(modules, file));
  }
  return { paths, builtin: builtin === null ? null : new Set(builtin.split("\n").filter((line) => line !== "").map(moduleName)) };
}

/**
 * The modules that `goals` need, each after those that it depends on (`depends=` of its `.modinfo`), as modprobe would load them. A goal that
 * is built into the kernel needs nothing; one that the kernel does not have at all goes to `missing`.
 */
export async function loadOrder(tree: ModuleTree, goals: readonly string[]): Promise<{ modules: KernelModule[]; missing: string[] }> {
  const modules: KernelModule[] = [];
  const missing: string[] = [];
  const seen = new Set<string>();
  const visit = async (name: string): Promise<void> => {
    if (seen.has(name)) return;
    seen.add(name);
    const path = tree.paths.get(name);
    if (path === undefined) {
      if (tree.builtin?.has(name) !== true) missing.push(name);
      return;
    }
    const module = await readModule(path);
    for (const dependency of module.depends) await visit(dependency);
    modules.push(module);
  };
  for (const goal of goals) await visit(goal);
  return { modules, missing };
}
