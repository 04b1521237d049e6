import { release } from "node:os";
import { runGuest, type GuestEnd } from "./guest.ts";
import { buildInitramfs } from "./init.ts";
import { findKernel, listKernels, type BootKernel } from "./kernels.ts";
import { planLab, type LabOptions, type LabPlan } from "./plan.ts";
import { readScenarios, type Scenario } from "./scenario.ts";
import { scenariosFolder } from "./scenarios-folder.ts";

/** How a run ended, and all that the guest's console said. */
export type LabResult = GuestEnd & {
  readonly kernel: BootKernel;
  readonly scenario: Scenario | null;
  /** Paths of the modules that were loaded for the user, in order. */
  readonly modules: readonly string[];
};

/**
 * Boots a guest, loads the modules, runs the script as root, and waits for the panic or the script's end. Nothing on the host changes and nothing stays
 * behind, however it ends. Throws `bad-argument`, `not-found`, `unsupported` or `missing-tool` before the guest is booted, `aborted` when the signal says so.
 */
export async function runLab(options: LabOptions & { readonly onConsole?: (bytes: Uint8Array) => void; readonly consoleLimit?: number }): Promise<LabResult> {
  const plan = await planLab(options, false);
  options.onProgress?.(`booting ${plan.kernel.release}${plan.guest.root === "busybox" && plan.scenario === null ? " with busybox alone" : ""}`);
  const end = await runGuest({
    ...(await guestOf(plan)),
    ...(options.onConsole === undefined ? {} : { onConsole: options.onConsole }),
    ...(options.consoleLimit === undefined ? {} : { consoleLimit: options.consoleLimit }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { ...end, kernel: plan.kernel, scenario: plan.scenario, modules: plan.guest.modules.map((module) => module.path) };
}

/** A root shell in a guest, on this terminal, until it ends (`exit`, `poweroff`, a panic). */
export async function bootLab(options: LabOptions): Promise<LabResult> {
  const plan = await planLab(options, true);
  options.onProgress?.(`booting ${plan.kernel.release}; leave with \`exit\``);
  const end = await runGuest({ ...(await guestOf(plan)), timeout: null, interactive: true, ...(options.signal === undefined ? {} : { signal: options.signal }) });
  return { ...end, kernel: plan.kernel, scenario: plan.scenario, modules: plan.guest.modules.map((module) => module.path) };
}

async function guestOf(plan: LabPlan): Promise<{ machine: LabPlan["machine"]; initramfs: Buffer; timeout: number }> {
  return { machine: plan.machine, initramfs: await buildInitramfs(plan.guest), timeout: plan.timeout };
}

/** The kernels and scenarios at hand. `chosen` is the release that is booted if none is named; null if there is none. */
export async function listLab(): Promise<{ kernels: BootKernel[]; chosen: string | null; scenarios: Scenario[] }> {
  const [kernels, chosen, scenarios] = await Promise.all([listKernels(), findKernel(null, release()).catch(() => null), readScenarios(scenariosFolder())]);
  return { kernels, chosen: chosen?.release ?? null, scenarios };
}
