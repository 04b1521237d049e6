import { existsSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { decode, type DecodeOptions, type Decoded, type LackingFile } from "../decode/index.ts";
import { bootImagePlaces, isRunning, moduleKey, type KernelClues } from "../kernel/index.ts";
import { debuginfodFolder, runningKernel, runningModuleBuildId, symbolsFolder } from "../system/index.ts";
import { interruptible } from "./interrupt.ts";
import { say } from "./output.ts";
import { progressLine } from "./progress.ts";

export type FetchFlags = { readonly debuginfod?: boolean; readonly quiet?: boolean; readonly verbose?: boolean };

/** Decodes with what was fetched before, and with what debuginfod has if that is asked. */
export async function decodeFetching(bytes: Uint8Array, options: DecodeOptions, flags: FetchFlags): Promise<Decoded> {
  const running = runningKernel();
  const also = { fetched: symbolsFolder(), debuginfod: debuginfodFolder(), ...(running ? { running } : {}) };
  const decoded = await decode(bytes, { ...options, also });
  if (flags.debuginfod !== true || decoded.lacking.length === 0) return noted(decoded);
  const { release, version, arch } = decoded.case.kernel;
  const clues: KernelClues = { release, version, banner: null, buildId: null, arch };
  const buildIds = await interruptible((signal) => fetchLacking(decoded.lacking, clues, isRunning(running ?? undefined, clues) ? running!.buildId : null, signal, flags));
  return noted(buildIds.size === 0 ? decoded : await decode(bytes, { ...options, also: { ...also, buildIds } }));
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
async function noted(decoded: Decoded): Promise<Decoded> {
  const folder = symbolsFolder();
  const { vmlinux, modules } = decoded.case.image;
  const used = [...(vmlinux ? [vmlinux] : []), ...modules].find(({ path }) => path.startsWith(`${folder}/`));
  if (used) (await import("../fetch/index.ts")).noteUse(folder, used.path);
  return decoded;
}
