import { existsSync } from "node:fs";
import { join } from "node:path";
import { messageOf, OopscopeError } from "../base/index.ts";
import { btfFromBytes, openBtf, type Btf } from "../btf/index.ts";
import { moduleKey } from "../kernel/index.ts";
import { kernelConfig, machineArch, readLive, runningKernel, tracefsFolder, type KernelConfig, type Refused } from "../system/index.ts";
import { readBlacklist, readFilterFunctions, readKallsyms, type KernelSymbols, type NameCounts } from "./lists.ts";

/** Something that could not be read, what is therefore unknown, and what to do about it. */
export type Lacking = { readonly what: "symbols" | "ftrace" | "blacklist" | "btf" | "module-btf"; readonly text: string; readonly command: string | null };

/** What a kernel that runs says of its functions, each part as far as it may be read. */
export type ProbeSources = {
  readonly root: string;
  readonly release: string | null;
  /** The kernel's name of the architecture: `x86_64`. */
  readonly arch: string;
  readonly symbols: KernelSymbols | null;
  /** Functions that ftrace has a site in; null where that is not known. */
  readonly ftrace: NameCounts | null;
  readonly blacklist: NameCounts | null;
  readonly config: KernelConfig | null;
  readonly kernelBtf: Btf | null;
  readonly lacking: readonly Lacking[];
};

export type SourceOptions = { /** Where /proc, /sys and /boot are. */ readonly root?: string; readonly arch?: string; /** What was read already: lists, or the lines of them that matter, and types. */ readonly known?: KnownSources };

/** Lines of /proc/kallsyms and of available_filter_functions (null: to be read), and the kernel's types. */
export type KnownSources = { readonly kallsyms: Uint8Array; readonly ftrace: Uint8Array | null; readonly kernelBtf: Btf };

/** Reads all of it, in about a tenth of a second. What cannot be read is told in `lacking`, and is no error. Throws what a damaged list or BTF throws. */
export function readProbeSources({ root = "/", arch = machineArch(), known }: SourceOptions = {}): ProbeSources {
  const lacking: Lacking[] = [];
  const running = runningKernel(root);
  const release = /^Linux version (\S+)/.exec(running?.banner ?? "")?.[1] ?? null;

  const kallsyms = known?.kallsyms ?? readLive(join(root, "proc/kallsyms"));
  let symbols = isRefused(kallsyms) ? null : readKallsyms(join(root, "proc/kallsyms"), kallsyms);
  if (symbols?.names.length === 0) symbols = null;
  if (!symbols) lacking.push({ what: "symbols", text: `${join(root, "proc/kallsyms")} ${isRefused(kallsyms) ? refusal(kallsyms) : "has no functions"}: which functions there are is known from BTF alone`, command: null });

  const tracefs = tracefsFolder(root);
  let ftrace: NameCounts | null = null;
  let blacklist: NameCounts | null = null;
  if (tracefs === null) lacking.push({ what: "ftrace", text: "tracefs is not mounted: which functions ftrace can patch is unknown", command: "sudo mount -t tracefs nodev /sys/kernel/tracing" });
  else {
    const path = join(tracefs.path, "available_filter_functions");
    const list = known?.ftrace ?? readLive(path);
    if (!isRefused(list)) ftrace = readFilterFunctions(path, list);
    else lacking.push({ what: "ftrace", text: `${path} ${refusal(list)}: which functions have a site for ftrace is unknown`, command: list.why === "denied" ? again : null });
  }
  const path = join(root, "sys/kernel/debug/kprobes/blacklist");
  const list = readLive(path);
  if (!isRefused(list)) blacklist = readBlacklist(path, list);
  else if (list.why === "absent" && isRefused(readLive(join(root, "sys/kernel/debug/kprobes/enabled")))) {
    lacking.push({ what: "blacklist", text: `${path} is not there (debugfs is not mounted, or the kernel has no kprobes): which functions kprobes keep out of is unknown`, command: "sudo mount -t debugfs nodev /sys/kernel/debug" });
  } else lacking.push({ what: "blacklist", text: `${path} ${refusal(list)}: which functions kprobes keep out of is unknown`, command: list.why === "denied" ? again : null });

  if (known) return { root, release, arch, symbols, ftrace, blacklist, config: release === null ? null : kernelConfig(release, root), kernelBtf: known.kernelBtf, lacking };
  let kernelBtf: Btf | null = null;
  const btfPath = join(root, "sys/kernel/btf/vmlinux");
  const bytes = readLive(btfPath);
  if (!isRefused(bytes)) kernelBtf = btfFromBytes(btfPath, bytes);
  else lacking.push({ what: "btf", text: bytes.why === "absent" ? `${btfPath} is not there: the kernel was built without CONFIG_DEBUG_INFO_BTF, so it has no prototypes and no fentry` : `${btfPath} ${refusal(bytes)}: prototypes are unknown`, command: null });
  return { root, release, arch, symbols, ftrace, blacklist, config: release === null ? null : kernelConfig(release, root), kernelBtf, lacking };
}

const again = "run it again as root (sudo oopscope functions …)";

/** The BTF of a loaded module; null where the kernel has none for it. */
export async function moduleBtf({ root, kernelBtf }: ProbeSources, module: string): Promise<{ readonly btf: Btf | null; readonly why: string | null }> {
  // A module's name comes from the kernel, and becomes part of a path.
  if (kernelBtf === null || !/^[\w-]+$/.test(module)) return { btf: null, why: null };
  const path = join(root, "sys/kernel/btf", moduleKey(module));
  if (!existsSync(path)) return { btf: null, why: null };
  try {
    return { btf: (await openBtf(path, kernelBtf)).btf, why: null };
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
    return { btf: null, why: messageOf(error) };
  }
}

export const isRefused = (read: Uint8Array | Refused): read is Refused => "why" in read;

function refusal({ why, code }: Refused): string {
  return why === "absent" ? "is not there" : why === "denied" ? "may not be read (it takes root)" : `could not be read (${code})`;
}
