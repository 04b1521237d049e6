import { existsSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import type { Case } from "../case/index.ts";
import { decode, type DecodeOptions, type LackingFile } from "../decode/index.ts";
import { bootImagePlaces, isRunning, moduleKey, type KernelClues } from "../kernel/index.ts";
import { debuginfodFolder, runningKernel, runningModuleBuildId, symbolsFolder } from "../system/index.ts";
import { interruptible } from "./interrupt.ts";
import { say } from "./output.ts";
import { progressLine } from "./progress.ts";

export type FetchFlags = { readonly debuginfod?: boolean; readonly quiet?: boolean; readonly verbose?: boolean };

/** Where every decode looks: what was fetched before, and what the running kernel says of itself. */
export function fetchedPlaces(): NonNullable<DecodeOptions["also"]> {
  const running = runningKernel();
  return { fetched: symbolsFolder(), debuginfod: debuginfodFolder(), ...(running ? { running } : {}) };
}

/** The options with which a log decodes once debuginfod's files are here, if that is asked. */
export async function withDebuginfod(bytes: Uint8Array, options: DecodeOptions, flags: FetchFlags): Promise<DecodeOptions> {
  if (flags.debuginfod !== true) return options;
  const { lacking, case: found } = await decode(bytes, { ...options, code: "none" });
  if (lacking.length === 0) return options;
  const { release, version, arch } = found.kernel;
  const clues: KernelClues = { release, version, banner: null, buildId: null, arch };
  const running = options.also?.running;
  const buildIds = await interruptible((signal) => fetchLacking(lacking, clues, isRunning(running, clues) ? running.buildId : null, signal, flags));
  return { ...options, also: { ...options.also, buildIds } };
}

/** Which build ids' debug files are in the cache now, by module key, vmlinux's as "". What is not to be had is said. */
async function fetchLacking(lacking: readonly LackingFile[], clues: KernelClues, running: string | null, signal: AbortSignal, flags: FetchFlags): Promise<Map<string, string>> {
  const { buildIdOfBootImage, debuginfodOptions, fetchDebuginfo } = await import("../fetch/index.ts");
  const fetched = new Map<string, string>();
  const line = progressLine(flags.quiet === true);
  const options = { ...debuginfodOptions(), signal, onProgress: line.show, onNote: (text: string) => void (flags.quiet !== true && say("note", text)) };
  if (options.urls.length === 0) {
    say("warning", "--debuginfod needs the address of a server, and neither DEBUGINFOD_URLS nor /etc/debuginfod names one", "DEBUGINFOD_URLS=https://SERVER oopscope decode --debuginfod LOG");
    return fetched;
  }
  for (const { module, buildId } of lacking) {
    const what = module === null ? `vmlinux${clues.release === null ? "" : ` ${clues.release}`}` : `module ${module}`;
    const image = module === null && clues.release !== null && buildId === null && running === null && !clues.release.includes("/") ? bootImagePlaces(clues.release).find((path) => existsSync(path)) : undefined;
    const id = buildId ?? (module === null ? (running ?? (image === undefined ? null : await buildIdOfBootImage(image))) : running === null ? null : runningModuleBuildId(module));
    if (id === null) {
      say("warning", `debuginfod has files by their build ids, and that of ${what} is not known: neither the log nor a file at hand tells it${module === null && image !== undefined ? ` (${image} has none)` : ""}`);
      continue;
    }
    try {
      await fetchDebuginfo(id, what, options);
      fetched.set(module === null ? "" : moduleKey(module), id);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof OopscopeError)) throw error;
      say("warning", error.message);
    } finally {
      line.done();
    }
  }
  return fetched;
}

/** Keeps what was used longer in the cache. */
export async function noteUsed({ image: { vmlinux, modules } }: Case): Promise<void> {
  const folder = symbolsFolder();
  const used = [...(vmlinux ? [vmlinux] : []), ...modules].find(({ path }) => path.startsWith(`${folder}/`));
  if (used) (await import("../fetch/index.ts")).noteUse(folder, used.path);
}
