import type { BootKernel } from "./kernels.ts";
import { runGuest, type GuestEnd } from "./guest.ts";
import { buildInitramfs } from "./init.ts";
import { moduleName, readModule } from "./modinfo.ts";
import { loadOrder, readModuleTree, type LoadedModule } from "./order.ts";
import type { Scenario } from "./scenario.ts";

/** Plays a scenario with the built module, on nothing but busybox: no host file system, so it is the same on every machine. */
export async function playScenario(
  scenario: Scenario,
  kernel: BootKernel,
  ko: string,
  options: { readonly busybox?: string; readonly onConsole?: (bytes: Uint8Array) => void; readonly signal?: AbortSignal } = {},
): Promise<GuestEnd> {
  const module: LoadedModule = { name: moduleName(ko), path: ko, bytes: await readModule(ko) };
  const tree = await readModuleTree(kernel);
  const { modules: drivers } = await loadOrder(tree, []);
  const initramfs = await buildInitramfs({
    drivers,
    modules: [module],
    root: "busybox",
    script: `#!/bin/sh\n${scenario.script}\n`,
    folder: "/",
    env: {},
    busybox: options.busybox ?? "/bin/busybox",
  });
  return runGuest({
    machine: { arch: "x86_64", kernel, memory: scenario.memory, cpus: scenario.cpus, append: scenario.append, hostRoot: false },
    initramfs,
    timeout: scenario.timeout * 1000,
    ...(options.onConsole === undefined ? {} : { onConsole: options.onConsole }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}
