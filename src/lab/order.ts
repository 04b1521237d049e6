import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { OopscopeError } from "../base/index.ts";
import type { BootKernel } from "./kernels.ts";
import { moduleName, readModule, type KernelModule } from "./modinfo.ts";

/** What a kernel's tree of modules holds: `modules.order` names what can be loaded, `modules.builtin` what need not be. */
export type ModuleTree = { readonly paths: ReadonlyMap<string, string>; readonly builtin: ReadonlySet<string> };

export async function readModuleTree(kernel: BootKernel): Promise<ModuleTree> {
  if (kernel.modules === null) return { paths: new Map(), builtin: new Set() };
  const { modules } = kernel;
  const [order, builtin] = await Promise.all(["modules.order", "modules.builtin"].map((name) => readFile(join(modules, name), "utf8").catch(() => "")));
  const paths = new Map<string, string>();
  for (const line of order!.split("\n")) if (line !== "") paths.set(moduleName(line), join(modules, line));
  return { paths, builtin: new Set(builtin!.split("\n").filter((line) => line !== "").map(moduleName)) };
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
      if (!tree.builtin.has(name)) missing.push(name);
      return;
    }
    const module = await readModule(await existingForm(path));
    for (const dependency of module.depends) await visit(dependency);
    modules.push(module);
  };
  for (const goal of goals) await visit(goal);
  return { modules, missing };
}

/** modules.order says `.ko` also where the installed file is compressed. */
async function existingForm(path: string): Promise<string> {
  for (const suffix of ["", ".xz", ".zst", ".gz"]) {
    try {
      await access(path + suffix);
      return path + suffix;
    } catch {
      continue;
    }
  }
  throw new OopscopeError("not-found", `\`${path}\` stands in modules.order but is not there, nor a compressed form of it`, { file: path });
}
