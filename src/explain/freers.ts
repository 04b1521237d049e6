/**
 * A deep step for uses of freed memory whose report has no stack of the free: which functions of the module free anything at all? If it is but one, it is the
 * likeliest culprit, and blamed with low confidence; if there are several, they become suspects. For a module that was unloaded too early: its exit function.
 *
 * Calls of the kernel's free functions are the module's relocations against their names, tail jumps included. Left out are init and exit code, and for timers and
 * work items functions whose address code hands out (timer_setup(), INIT_WORK()): what a pending timer would have run has not run yet.
 */
import { posix } from "node:path";
import { OopscopeError, type ImageOffset } from "../base/index.ts";
import type { CaseVerdict } from "../case/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR, type ElfFile, type Section } from "../elf/index.ts";
import { closeFound, findModules, type SearchPlaces } from "../kernel/index.ts";
import { imageOf, type Image, type ResolvedFunction } from "../symbolize/index.ts";
import { roleOf } from "./plumbing.ts";
import type { Deepen, DeepStep } from "./types.ts";
import { placeInWords } from "./words.ts";

const frees = /^_{0,2}(?:kfree(?:_sensitive|_const|_skb\w*)?|kzfree|kvfree(?:_sensitive|_call_rcu)?|vfree|kmem_cache_free(?:_bulk)?|kfree_bulk|free_pages\w*|consume_skb|dev_kfree_skb\w*|napi_consume_skb|sk_skb_reason_drop|mempool_free|put_page|folio_put|free_netdev|free_percpu)$/;
/** Rules whose reports show the use of freed memory, and not its free. */
const wanting = new Set(["use-after-free-poison", "timer-after-free", "work-after-free", "jump-to-data", "list-poison"]);
/** More than these are no suspicion. */
const mostSuspects = 4;

/** A place in a module: a call that frees, or a function. */
type Site = { readonly function: string; readonly file: string | null; readonly line: number | null };

/** The step, which looks for module files where `places` says (as decoding does). */
export function blameFreers(places: SearchPlaces): Deepen {
  return async (step) => {
    const { verdict } = step;
    const unloaded = verdict.rule === "unloaded-code";
    const name = unloaded ? (verdict.guilty?.module ?? null) : wanting.has(verdict.rule) && verdict.earlier.length === 0 ? moduleOf(step) : null;
    if (name === null) return verdict;
    const image = await openModule(name, step, places);
    if (image === null) return verdict;
    const delayed = verdict.rule === "timer-after-free" || verdict.rule === "work-after-free";
    const short = (site: Site): Site => ({ ...site, file: site.file === null ? null : shortened(site.file, step.case.image.basePath) });
    try {
      if (!unloaded) return withFreers(verdict, name, freersIn(image, delayed).map(short), delayed);
      const exit = exitOf(image);
      return exit === null ? verdict : withExit(verdict, name, short(exit));
    } catch (error) {
      // A damaged module tells nothing.
      if (error instanceof OopscopeError) return verdict;
      throw error;
    } finally {
      image.close();
    }
  };
}

/** As the case's other paths are: without the root of the kernel's sources, and without `./`. */
function shortened(file: string, base: string | null): string {
  return posix.normalize(base !== null && file.startsWith(`${base}/`) ? file.slice(base.length + 1) : file);
}

/** The module that the verdict is about: the guilty one's, a suspect's, or the only one of the report that is not of the tree. */
function moduleOf({ verdict, report }: DeepStep): string | null {
  const named = verdict.guilty?.module ?? verdict.suspects.find(({ module }) => module !== null)?.module;
  if (named != null) return named;
  const foreign = report.modules.filter(({ taint }) => taint.includes("O"));
  return foreign.length === 1 ? foreign[0]!.name : null;
}

async function openModule(name: string, { case: found }: DeepStep, places: SearchPlaces): Promise<Image | null> {
  const { release, version, arch } = found.kernel;
  const files = await findModules([{ name, buildId: null }], { release, version, arch, banner: null, buildId: null }, places, new Map());
  const [file] = files.values();
  if (file === undefined) return null;
  // Where code and debug information stand in two files, the relocations are in neither as needed.
  if (file.code !== file.elf || !file.elf.relocatable) {
    closeFound(file);
    return null;
  }
  return imageOf(file.elf);
}

/** The last free of each function that frees, in the order of the file. */
function freersIn(image: Image, withoutCallbacks: boolean): Site[] {
  const { elf } = image;
  const code = elf.sections.filter(({ flags, name }) => (Number(flags) & SHF_EXECINSTR) !== 0 && !/^\.(?:init|exit)\./.test(name));
  const callbacks = withoutCallbacks ? takenIn(elf) : new Set<number>();
  const calls: ImageOffset[] = [];
  for (const section of code) {
    for (const { at, symbol } of relocationsIn(elf, section)) if (frees.test(elf.symbols()!.name(symbol))) calls.push(at);
  }
  const sites = new Map<string, Site>();
  for (const [index, { functions }] of image.lookup(calls).entries()) {
    const owner = image.symbolAt(calls[index]!);
    if (owner !== null && callbacks.has(owner.address)) continue;
    const own = functions.find(isOwn);
    if (own === undefined) continue;
    const site = { function: own.function, file: own.file, line: own.line };
    const known = sites.get(own.function);
    // An object goes after its parts.
    if (known === undefined || (known.line ?? 0) < (site.line ?? 0)) sites.set(own.function, site);
  }
  return [...sites.values()];
}

const anyFrame = { logLine: 0, column: 0, text: "", symbol: null, offset: null, size: null, module: "module", address: null, section: null, reliable: true, exact: false, functions: [], candidates: [], note: null, unresolved: null } as const;
const isOwn = (fn: ResolvedFunction): boolean => roleOf(anyFrame, fn) === "own";

function* relocationsIn(elf: ElfFile, section: Section): Generator<{ at: ImageOffset; symbol: number; type: number; addend: number }> {
  const table = elf.symbols() === null ? null : elf.relocationsOf(section)?.within(0, Number(section.size));
  if (table == null) return;
  const start = elf.placeOf(section);
  for (let k = 0; k < table.count; k++) yield { at: (start + table.offsets[k]!) as ImageOffset, symbol: table.symbols[k]!, type: table.types[k]!, addend: table.addends?.[k] ?? 0 };
}

/** Relocations by which code takes an address: of x86-64 32S and PC32 (which counts from the end of its four bytes), of arm64 ADR_PREL_PG_HI21 and its like. */
const taking: Readonly<Record<string, Readonly<Record<number, number>>>> = { x86_64: { 11: 0, 1: 0, 2: 4 }, arm64: { 274: 0, 275: 0 } };

/** Image offsets that the code itself takes, beginnings of callbacks among them; those in data are mostly tables of operations. */
function takenIn(elf: ElfFile): Set<number> {
  const kinds = taking[elf.header.arch] ?? {};
  const taken = new Set<number>();
  for (const section of elf.sections.filter(({ flags }) => (Number(flags) & (SHF_ALLOC | SHF_EXECINSTR)) === (SHF_ALLOC | SHF_EXECINSTR))) {
    for (const { symbol, type, addend } of relocationsIn(elf, section)) {
      const after = kinds[type];
      if (after !== undefined) taken.add(elf.symbols()!.value(symbol) + addend + after);
    }
  }
  return taken;
}

/** What module_exit() names: the function that the kernel calls cleanup_module. */
function exitOf(image: Image): Site | null {
  const [exit] = image.symbols(["cleanup_module"]).get("cleanup_module") ?? [];
  if (exit === undefined) return null;
  const [place] = image.lookup([exit.address]);
  const fn = place?.functions.at(-1);
  if (fn === undefined) return null;
  const symbols = image.elf.symbols()!;
  const names = (symbols.beginningAt([exit.address]).get(exit.address) ?? []).filter((index) => symbols.isCode(index)).map((index) => symbols.name(index));
  return { function: names.find((name) => name !== "cleanup_module" && !name.startsWith("__")) ?? fn.function, file: fn.file, line: fn.line };
}

function withExit(verdict: CaseVerdict, module: string, exit: Site): CaseVerdict {
  const next = exit.line === null ? verdict.next : verdict.next.filter(({ command }) => !command.startsWith("oopscope explain --modules"));
  return { ...verdict, guilty: { module, ...exit }, summary: verdict.summary.replace("(`cleanup_module`)", () => placeInWords(exit)), next };
}

function withFreers(verdict: CaseVerdict, module: string, freers: readonly Site[], delayed: boolean): CaseVerdict {
  const { guilty, suspects } = verdict;
  const others = freers.filter(({ function: name }) => name !== guilty?.function);
  if (others.length === 0 || others.length > mostSuspects) return verdict;
  if (freers.length > 1) return { ...verdict, suspects: [...suspects, ...others.map((site) => ({ module, ...site, why: "it frees memory: perhaps the object that was used afterwards" }))] };
  const [only] = others as [Site];
  return {
    ...verdict,
    confidence: "low",
    guilty: { module, ...only },
    summary: `${verdict.summary}; by inference ${placeInWords(only)}: nothing else in ${module} frees memory${delayed ? ", but for callbacks" : ""}`,
    suspects: guilty === null ? suspects : [{ ...guilty, why: "it uses the object after the free" }, ...suspects],
  };
}
