import { existsSync } from "node:fs";
import { messageOf, OopscopeError } from "../base/index.ts";
import { openElf, type ElfFile } from "../elf/index.ts";
import { closeFound, findModules, findVmlinux, hasDebugInformation, moduleKey, moduleOfFile, type FoundFile, type KernelClues, type SearchPlaces } from "../kernel/index.ts";
import { debuginfodFolder, runningKernel, runningModuleBuildId, symbolsFolder } from "../system/index.ts";
import { abilitiesOf, liveFunctions, type FunctionTable } from "./functions.ts";
import { moduleFile } from "./modulefile.ts";
import { nearestNames } from "./nearest.ts";
import { parsePattern, type FunctionPattern } from "./pattern.ts";
import { fentryLimits, functionIds } from "./prototype.ts";
import { readProbeSources, type Lacking } from "./sources.ts";

export type CatalogueOptions = {
  /** Which functions (`parsePattern`); null: all. A module's name, or a module's file, alone stands for all of its functions. */
  readonly pattern: string | null;
  /** A module by name, or a module's file: only its functions. */
  readonly module?: string | null;
  /** Where /proc, /sys, /lib and /boot are. */
  readonly root?: string;
  /** The kernel's name of the architecture; the machine's, if absent. */
  readonly arch?: string;
  readonly signal?: AbortSignal;
};

/** Functions of the running kernel, or of a module's file, with what is needed to ask further. Close it when done. */
export type Catalogue = {
  readonly table: FunctionTable;
  /** What of it was asked for. */
  readonly pattern: FunctionPattern | null;
  /** Module key; null for all. */
  readonly module: string | null;
  /** `no`: the table is of a module's file. */
  readonly loaded: "yes" | "no";
  readonly notes: readonly string[];
  readonly lacking: readonly Lacking[];
  /** Debug information of the kernel (null) or a module; null where none is at hand. */
  readonly debug: (module: string | null) => Promise<ElfFile | null>;
  readonly close: () => void;
};

const isFile = (name: string): boolean => (name.includes("/") || name.includes(".ko")) && moduleOfFile(name.slice(name.lastIndexOf("/") + 1)) !== null;

/**
 * Reads what there is to know about the functions that are asked for. Throws `bad-argument` for a pattern that is none, `not-found` for a module that is neither loaded nor among the
 * files of this kernel (`nearest` of the facts has names that may be meant), and what reading damaged files throws.
 */
export async function openCatalogue({ pattern: text, module: named = null, root = "/", arch, signal }: CatalogueOptions): Promise<Catalogue> {
  const file = named !== null && isFile(named) ? named : text !== null && isFile(text) && existsSync(text) ? text : null;
  const pattern = text === null || text === file ? null : parsePattern(text);
  const sources = readProbeSources({ root, ...(arch === undefined ? {} : { arch }) });
  signal?.throwIfAborted();
  const running = runningKernel(root);
  const clues: KernelClues = { release: sources.release, version: null, banner: running?.banner ?? null, buildId: running?.buildId ?? null, arch: sources.arch };
  const places: SearchPlaces = { root, fetched: symbolsFolder(), debuginfod: debuginfodFolder(), ...(running ? { running } : {}) };
  const open: (() => void)[] = [];
  const found = new Map<string, Promise<FoundFile | null>>();
  const find = (module: string | null): Promise<FoundFile | null> => {
    const key = module === null ? "" : moduleKey(module);
    let one = found.get(key);
    if (!one) {
      one = (async () => {
        if (module === null) return findVmlinux(clues, places);
        const buildId = runningModuleBuildId(key, root);
        const files = await findModules([{ name: module, buildId }], clues, places, new Map());
        return files.get(key) ?? null;
      })();
      found.set(key, one);
      void one.then((result) => result && open.push(() => closeFound(result)), () => {});
    }
    return one;
  };
  const close = (): void => {
    for (const one of open.splice(0)) one();
  };
  const rest = { pattern, lacking: sources.lacking, close };

  const ofFile = async (elf: ElfFile): Promise<Catalogue> => {
    const kernel = sources.kernelBtf;
    const vermagic = elf.modinfo().get("vermagic")?.[0]?.split(" ")[0] ?? null;
    const ours = vermagic === null || vermagic === sources.release;
    const names = new Set(sources.symbols?.names ?? []);
    const ids = kernel && functionIds(kernel).ids;
    const limits = kernel ? fentryLimits(kernel, elf.header.arch, (name) => names.has(name) || ids!.has(name)) : { arguments: 12, words: elf.header.arch === "x86_64" ? 6 : 8, struct: 16 };
    const result = await moduleFile(elf, { kernelBtf: ours ? kernel : null, limits, abilities: abilitiesOf(sources) });
    const notes = [...result.notes];
    if (!ours) notes.push(`${elf.path} was built for ${vermagic}, and this kernel is ${sources.release ?? "unknown"}: what it takes is judged by this kernel`);
    return { ...rest, lacking: sources.lacking.filter(({ what }) => what === "btf"), table: result.table, module: null, loaded: "no", notes, debug: (module) => (module === null || moduleKey(module) !== moduleKey(result.module) ? debugOf(find(module)) : Promise.resolve(hasDebugInformation(elf) ? elf : null)) };
  };
  try {
    if (file !== null) {
      const elf = await openElf(file);
      open.push(() => elf.close());
      return await ofFile(elf);
    }
    const loaded = new Set((sources.symbols?.moduleNames ?? []).flatMap((name) => name ?? []));
    const exact = named !== null ? moduleKey(named) : (pattern?.exactModule ?? null);
    let wanted = exact;
    let all = false;
    // A module's name alone stands for its functions, unless a function has that very name.
    if (wanted === null && text !== null && pattern?.exactName != null && !sources.symbols?.names.includes(pattern.exactName)) {
      if (loaded.has(moduleKey(text))) [wanted, all] = [moduleKey(text), true];
      else if (/^[\w-]+$/.test(text) && (await find(text))) [wanted, all] = [moduleKey(text), true];
    }
    if (wanted !== null && wanted !== "vmlinux" && !loaded.has(wanted)) {
      const elf = /^[\w-]+$/.test(wanted) ? ((await find(wanted))?.code ?? null) : null;
      if (!elf) {
        const near = nearestNames(wanted, loaded, 3);
        throw new OopscopeError("not-found", `no module ${wanted} is loaded, and none is among the files of ${sources.release ?? "this kernel"}${near.length === 0 ? "" : `; loaded is ${near.join(", ")}`}`, { module: wanted });
      }
      return { ...(await ofFile(elf)), pattern: all ? null : pattern };
    }
    const { table, damaged } = await liveFunctions(sources, wanted === null ? (pattern?.module ? (name) => pattern.module!(name) : null) : (name) => moduleKey(name) === wanted);
    return { ...rest, pattern: all ? null : pattern, table, module: wanted, loaded: "yes", notes: damaged, debug: (module) => debugOf(find(module)) };
  } catch (error) {
    close();
    throw error;
  }
}

/** Debug information serves here, nothing else; a file that cannot be read is as one that is not there. */
async function debugOf(found: Promise<FoundFile | null>): Promise<ElfFile | null> {
  try {
    const file = await found;
    return file && hasDebugInformation(file.elf) ? file.elf : null;
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw new Error(messageOf(error), { cause: error });
    return null;
  }
}
