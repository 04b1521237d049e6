import { OopscopeError } from "../base/index.ts";
import { moduleKey } from "../kernel/index.ts";
import { denied } from "./denied.ts";
import { isPlaceholder, type NameCounts } from "./lists.ts";
import { functionIds, fentryLimits, limitMarks, Prototypes, type PrototypeRefusal } from "./prototype.ts";
import type { FunctionPattern } from "./pattern.ts";
import { moduleBtf, type ProbeSources } from "./sources.ts";

/** A way to trace a function. `kprobe-address`: a kprobe by address, since several functions have the name. */
export type How = "fentry" | "kprobe" | "kprobe-address";

/** Whose list of what fentry refuses: this kernel's own; other kernels', and not this one's; theirs, where this one's is not to be seen. */
export type DenyList = "own" | "others" | "known";

/** What keeps fentry or kprobes from a function, or keeps us from knowing. */
export type Obstacle =
  | { readonly code: "gone" | "notrace" | "blacklist" | "cold-part" | "no-kernel-btf" | "no-module-btf" | "no-direct-calls" | "no-kprobes" | "not-in-btf" | "damaged-btf" }
  | { readonly code: "denied"; readonly list: DenyList }
  | { readonly code: "renamed"; readonly base: string }
  | { readonly code: "ambiguous"; readonly count: number }
  | { readonly code: "prototype"; readonly refusal: PrototypeRefusal }
  | { readonly code: "unknown"; readonly what: "ftrace" | "blacklist" | "which" | "config" };

/** What is known of how a function can be traced. */
export type Judgement = {
  readonly how: readonly How[];
  /** What may work: the machine does not tell (or does not tell this user). */
  readonly unsure: readonly How[];
  readonly fentry: readonly Obstacle[];
  readonly kprobe: readonly Obstacle[];
};

export type TraceableFunction = Judgement & {
  /** Null: the kernel's own. */
  readonly module: string | null;
  readonly name: string;
  /** `0x…`; null where it is hidden, or the module is not loaded. */
  readonly address: string | null;
  /** As C declares it; null where nothing tells. */
  readonly signature: string | null;
  readonly signatureFrom: "btf" | "dwarf" | null;
};

/** The functions of a kernel, or of a module's file, in columns: what the judgement is made of. */
export type FunctionColumns = {
  readonly names: readonly string[];
  readonly modules: readonly number[];
  readonly moduleNames: readonly (string | null)[];
  /** Hexadecimal digits of a row's address; null where nobody tells. */
  readonly address: ((row: number) => string) | null;
  /** 1: its code is gone once the kernel, or the module, has started. */
  readonly init: Uint8Array;
  /** Has ftrace a site in it: `no`, `yes`, `unknown`. */
  readonly traced: Uint8Array;
  readonly blacklisted: Uint8Array;
  /** How many functions of the same module have the row's name. */
  readonly copies: Uint32Array;
  /** For the kernel's own: how many functions of all modules have the name. */
  readonly inModules: Uint32Array;
};
export const NO = 0;
export const YES = 1;
export const UNKNOWN = 2;

/** What the kernel as a whole can do. */
export type KernelAbilities = {
  /** Whether kprobe events refuse functions without a site for ftrace (CONFIG_KPROBE_EVENTS_ON_NOTRACE is off). */
  readonly refusesNotrace: "yes" | "no" | "unknown";
  /** Whether trampolines can be called from ftrace's sites (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS). */
  readonly directCalls: "yes" | "no" | "unknown";
  readonly hasBtf: boolean;
  /** Whether there are kprobe events at all (CONFIG_KPROBE_EVENTS). */
  readonly hasKprobes: boolean;
  /** The kernel's own list of what fentry refuses; null where it is not among its symbols. */
  readonly denied: ReadonlySet<string> | null;
};

/** The prototypes of the kernel or of one module. */
export type ModulePrototypes = {
  readonly ids: ReadonlyMap<string, number>;
  readonly several: ReadonlySet<string>;
  readonly prototypes: Prototypes;
};

/** What a name without BTF that the kernel takes looks like in C: by debug information, or by other BTF. */
export type OtherSignatures = (name: string) => Pick<TraceableFunction, "signature" | "signatureFrom">;

/** All functions of a kernel that runs, or of one module's file. */
export class FunctionTable {
  readonly columns: FunctionColumns;
  readonly abilities: KernelAbilities;
  readonly #prototypes: (module: number) => ModulePrototypes | null;
  readonly #others: OtherSignatures | null;
  /** By row: most rows share theirs. */
  readonly #judgements: (Judgement | undefined)[];

  constructor(columns: FunctionColumns, abilities: KernelAbilities, prototypes: (module: number) => ModulePrototypes | null, others: OtherSignatures | null = null) {
    this.columns = columns;
    this.abilities = abilities;
    this.#prototypes = prototypes;
    this.#others = others;
    this.#judgements = new Array<Judgement | undefined>(columns.names.length);
  }

  get count(): number {
    return this.columns.names.length;
  }

  /** Rows that a pattern means, in the order of the list. */
  select(pattern: FunctionPattern | null, module: string | null = null): number[] {
    const { names, modules, moduleNames } = this.columns;
    const wanted = module === null ? null : moduleKey(module);
    const fits = moduleNames.map((name) => (wanted === null || wanted === (name ?? "vmlinux")) && (pattern?.module?.(name) ?? true));
    const exact = pattern?.exactName ?? null;
    if (exact !== null) return this.rowsNamed(exact).filter((row) => fits[modules[row]!] && !isPlaceholder(exact));
    const rows: number[] = [];
    const anyModule = fits.includes(false);
    for (let row = 0; row < names.length; row++) {
      if (anyModule && !fits[modules[row]!]) continue;
      if (pattern && !pattern.name(names[row]!)) continue;
      if (isPlaceholder(names[row]!)) continue;
      rows.push(row);
    }
    return rows;
  }

  /** Rows of a name, in the order of the list. */
  rowsNamed(name: string): number[] {
    const { names } = this.columns;
    const rows: number[] = [];
    for (let row = names.indexOf(name); row >= 0; row = names.indexOf(name, row + 1)) rows.push(row);
    return rows;
  }

  /** How a row's function can be traced, and what is in the way. */
  judge(row: number): Judgement {
    return (this.#judgements[row] ??= this.#judge(row));
  }

  #judge(row: number): Judgement {
    const { names, modules, init, traced, blacklisted, copies: allCopies, inModules } = this.columns;
    const name = names[row]!;
    const module = modules[row]!;
    const { abilities } = this;
    if (init[row] === 1) return goneJudgement;
    const known = this.#prototypes(module);
    const usual = this.#usual(row, name, known);
    if (usual) return usual;
    const dot = name.indexOf(".");
    const base = dot > 0 ? name.slice(0, dot) : null;
    const isCold = base !== null && /\.cold(?:\.\d+)?$/.test(name);
    const copies = allCopies[row]!;

    const kprobe: Obstacle[] = [];
    let sureKprobe = true;
    if (!abilities.hasKprobes) kprobe.push({ code: "no-kprobes" });
    if (traced[row] === NO && abilities.refusesNotrace !== "no") {
      if (abilities.refusesNotrace === "yes") kprobe.push(notrace);
      else sureKprobe = false;
    }
    if (traced[row] === UNKNOWN && abilities.refusesNotrace !== "no") sureKprobe = false;
    if (blacklisted[row] === YES) kprobe.push(blacklist);
    else if (blacklisted[row] === UNKNOWN) sureKprobe = false;

    const fentry: Obstacle[] = [];
    let sureFentry = traced[row] !== UNKNOWN;
    if (isCold) fentry.push(coldPart);
    else if (traced[row] === NO) fentry.push(notrace);
    if (!abilities.hasBtf) fentry.push({ code: "no-kernel-btf" });
    else if (abilities.directCalls === "no") fentry.push({ code: "no-direct-calls" });
    else if (known === null) fentry.push({ code: "no-module-btf" });
    else if (!isCold) {
      const id = known.ids.get(name);
      const list = module === 0 ? this.#deniedBy(name) : null;
      if (list !== null) fentry.push({ code: "denied", list });
      if (id === undefined) fentry.push(base === null ? notInBtf : { code: "renamed", base });
      else {
        const refusal = this.#refusal(known, id);
        if (refusal) fentry.push(refusal);
      }
    }
    if (abilities.directCalls === "unknown") sureFentry = false;
    // For the kernel's own names the modules' count as well (number_of_same_symbols of kernel/trace/trace_kprobe.c).
    const several = copies > 1 ? copies : inModules[row]! + 1;
    if (copies > 1) fentry.push({ code: "ambiguous", count: copies });
    const how: How[] = [];
    const unsure: How[] = [];
    if (fentry.length === 0) (sureFentry ? how : unsure).push("fentry");
    if (kprobe.length === 0) (sureKprobe ? how : unsure).push(several > 1 ? "kprobe-address" : "kprobe");
    if (!sureFentry) fentry.push(traced[row] === UNKNOWN ? unknownFtrace : unknownConfig);
    if (!sureKprobe) kprobe.push(traced[row] === UNKNOWN ? unknownFtrace : blacklisted[row] === UNKNOWN ? unknownBlacklist : unknownConfig);
    if (several > 1) kprobe.push({ code: "ambiguous", count: several });
    return { how, unsure, fentry, kprobe };
  }

  /** Whose list a function of the kernel is on that fentry refuses. */
  #deniedBy(name: string): DenyList | null {
    const own = this.abilities.denied;
    return own?.has(name) === true ? "own" : !denied.has(name) ? null : own === null ? "known" : "others";
  }

  /** What most functions of a kernel are: of one name, with a site, in BTF, with a prototype that fentry takes. They share their judgement. */
  #usual(row: number, name: string, known: ModulePrototypes | null): Judgement | null {
    const { modules, traced, blacklisted, copies, inModules } = this.columns;
    const { abilities } = this;
    if (known === null || traced[row] === NO || blacklisted[row] === YES || copies[row] !== 1 || inModules[row] !== 0 || !abilities.hasBtf || !abilities.hasKprobes || abilities.directCalls !== "yes") return null;
    if (traced[row] === UNKNOWN && abilities.refusesNotrace === "no") return null;
    const id = known.ids.get(name);
    if (id === undefined || (modules[row] === 0 && this.#deniedBy(name) !== null) || this.#refusal(known, id)) return null;
    if (traced[row] === UNKNOWN) return siteUnknown;
    return blacklisted[row] === UNKNOWN ? blacklistUnknown : bothWork;
  }

  row(row: number): TraceableFunction {
    const { names, modules, moduleNames, address } = this.columns;
    const name = names[row]!;
    const { signature, signatureFrom } = this.#signature(modules[row]!, name);
    const { how, unsure, fentry, kprobe } = this.judge(row);
    return { module: moduleNames[modules[row]!]!, name, address: address && `0x${address(row)}`, how, unsure, fentry, kprobe, signature, signatureFrom };
  }

  #signature(module: number, name: string): Pick<TraceableFunction, "signature" | "signatureFrom"> {
    const known = this.#prototypes(module);
    // What the compiler renamed has lost or changed parameters: the prototype of the source is not its own.
    const id = known?.ids.get(name);
    if (known && id !== undefined) {
      try {
        return { signature: known.prototypes.text(id, name), signatureFrom: "btf" };
      } catch (error) {
        if (!(error instanceof OopscopeError)) throw error;
      }
    }
    return this.#others?.(name) ?? { signature: null, signatureFrom: null };
  }

  #refusal({ prototypes }: ModulePrototypes, id: number): Obstacle | null {
    try {
      const refusal = prototypes.refusal(id);
      return refusal && { code: "prototype", refusal };
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      return { code: "damaged-btf" };
    }
  }
}

const gone: Obstacle = { code: "gone" };
const goneJudgement: Judgement = { how: [], unsure: [], fentry: [gone], kprobe: [gone] };
const notrace: Obstacle = { code: "notrace" };
const blacklist: Obstacle = { code: "blacklist" };
const coldPart: Obstacle = { code: "cold-part" };
const notInBtf: Obstacle = { code: "not-in-btf" };
const unknownFtrace: Obstacle = { code: "unknown", what: "ftrace" };
const unknownBlacklist: Obstacle = { code: "unknown", what: "blacklist" };
const unknownConfig: Obstacle = { code: "unknown", what: "config" };
const bothWork: Judgement = { how: ["fentry", "kprobe"], unsure: [], fentry: [], kprobe: [] };
const siteUnknown: Judgement = { how: [], unsure: ["fentry", "kprobe"], fentry: [unknownFtrace], kprobe: [unknownFtrace] };
const blacklistUnknown: Judgement = { how: ["fentry"], unsure: ["kprobe"], fentry: [], kprobe: [unknownBlacklist] };

/** The functions of the kernel that runs, and of its modules. BTF of modules is read for those of `modules` that are loaded; for all if it is null. `only`: these names of the kernel alone are looked up in its BTF. */
export async function liveFunctions(sources: ProbeSources, modules: ((name: string) => boolean) | null = null, only: readonly string[] | null = null): Promise<{ readonly table: FunctionTable; readonly damaged: readonly string[] }> {
  const { kernelBtf, symbols, ftrace, blacklist: blacklisted } = sources;
  const kernel = kernelBtf && functionIds(kernelBtf, only && [...only, ...limitMarks]);
  const columns = symbols ? joined(symbols.names, symbols.modules, symbols.moduleNames, symbols.hidden ? null : symbols.address, symbols.init, ftrace, blacklisted) : ofBtf(kernel?.ids.keys() ?? [], ftrace, blacklisted);
  const damaged: string[] = [];
  const found: (ModulePrototypes | null)[] = [];
  if (kernel && kernelBtf) {
    const limits = fentryLimits(kernelBtf, sources.arch, (name) => kernel.ids.has(name) || (symbols?.names.includes(name) ?? false));
    found[0] = { ...kernel, prototypes: new Prototypes(kernelBtf, limits) };
    for (const [index, name] of columns.moduleNames.entries()) {
      if (name === null || (modules && !modules(name))) continue;
      const { btf, why } = await moduleBtf(sources, name);
      if (why !== null) damaged.push(why);
      if (btf) found[index] = { ...functionIds(btf), prototypes: new Prototypes(btf, limits) };
    }
  }
  return { table: new FunctionTable(columns, abilitiesOf(sources), (module) => found[module] ?? null), damaged };
}

export function abilitiesOf({ config, kernelBtf, arch, symbols = null }: Pick<ProbeSources, "config" | "kernelBtf" | "arch"> & Partial<Pick<ProbeSources, "symbols">>): KernelAbilities {
  const is = (option: string): boolean => config?.options.get(option) === "y";
  return {
    // kernel/trace/trace_kprobe.c: within_notrace_func, where the kernel has dynamic ftrace. Distributions leave CONFIG_KPROBE_EVENTS_ON_NOTRACE off; it depends on KPROBES_ON_FTRACE.
    refusesNotrace: config === null ? (arch === "x86_64" ? "yes" : "unknown") : is("DYNAMIC_FTRACE") && !is("KPROBE_EVENTS_ON_NOTRACE") ? "yes" : "no",
    directCalls: config === null ? (arch === "x86_64" ? "yes" : "unknown") : is("DYNAMIC_FTRACE_WITH_DIRECT_CALLS") ? "yes" : "no",
    hasBtf: kernelBtf !== null,
    hasKprobes: config === null || is("KPROBE_EVENTS"),
    denied: symbols?.denied ?? null,
  };
}

/** Lays the lists side by side. A name that stands as often in ftrace's list as in kallsyms' is traced everywhere; fewer times: one of them, nothing tells which. */
function joined(names: readonly string[], modules: readonly number[], moduleNames: readonly (string | null)[], address: FunctionColumns["address"], init: Uint8Array, ftrace: NameCounts | null, blacklisted: NameCounts | null): FunctionColumns {
  const { copies, inModules } = countNames(names, modules, moduleNames);
  const traced = new Uint8Array(names.length);
  const blocked = new Uint8Array(names.length);
  const ftraceOf = moduleNames.map((name) => ftrace?.get(name) ?? none);
  const blacklistOf = moduleNames.map((name) => blacklisted?.get(name) ?? none);
  for (let row = 0; row < names.length; row++) {
    const name = names[row]!;
    const module = modules[row]!;
    const count = copies[row]!;
    traced[row] = ftrace === null ? UNKNOWN : stateOf(ftraceOf[module]!.get(name), count);
    blocked[row] = blacklisted === null ? UNKNOWN : stateOf(blacklistOf[module]!.get(name), count);
  }
  if (ftrace !== null) aliases(names, modules, address, ftraceOf, traced, copies);
  // A part of a function goes with the function itself (within_notrace_func, within_kprobe_blacklist): both look the name up again without what follows its first dot.
  for (let row = 0; row < names.length; row++) {
    const name = names[row]!;
    const dot = name.indexOf(".");
    if (dot <= 0) continue;
    const base = name.slice(0, dot);
    const module = modules[row]!;
    if (traced[row] === NO && ftraceOf[module]!.has(base)) traced[row] = YES;
    if (blocked[row] === NO && blacklistOf[module]!.has(base)) blocked[row] = YES;
  }
  return { names, modules, moduleNames, address, init, traced, blacklisted: blocked, copies, inModules };
}

/** How often the name of each row stands in its module, and the kernel's names in all modules. */
export function countNames(names: readonly string[], modules: readonly number[], moduleNames: readonly (string | null)[]): Pick<FunctionColumns, "copies" | "inModules"> {
  const counts = moduleNames.map(() => new Map<string, number>());
  const anywhere = new Map<string, number>();
  for (let row = 0; row < names.length; row++) {
    const name = names[row]!;
    const own = counts[modules[row]!]!;
    own.set(name, (own.get(name) ?? 0) + 1);
    if (modules[row] !== 0) anywhere.set(name, (anywhere.get(name) ?? 0) + 1);
  }
  const copies = new Uint32Array(names.length);
  const inModules = new Uint32Array(names.length);
  for (let row = 0; row < names.length; row++) {
    copies[row] = counts[modules[row]!]!.get(names[row]!)!;
    if (modules[row] === 0 && anywhere.size > 0) inModules[row] = anywhere.get(names[row]!) ?? 0;
  }
  return { copies, inModules };
}

const none: ReadonlyMap<string, number> = new Map();

const stateOf = (listed: number | undefined, copies: number): number => (listed === undefined ? NO : listed >= copies ? YES : UNKNOWN);

/** ftrace's list has one name for an address. A function that it leaves out is traced if another name of its address is there; where addresses are hidden nobody can tell. */
function aliases(names: readonly string[], modules: readonly number[], address: FunctionColumns["address"], ftraceOf: readonly ReadonlyMap<string, number>[], traced: Uint8Array, copies: Uint32Array): void {
  if (address === null) return;
  const isListed = (row: number): boolean => traced[row] === YES && copies[row] === 1;
  const left: number[] = [];
  const aliased: number[] = [];
  for (let row = 0; row < names.length; row++) {
    if (traced[row] !== NO || ftraceOf[modules[row]!]!.size === 0) continue;
    if (modules[row] !== 0) {
      left.push(row);
      continue;
    }
    // The kernel's own stand in the order of their addresses: those of one are looked at together, once.
    const place = address(row);
    let from = row;
    while (from > 0 && modules[from - 1] === 0 && address(from - 1) === place) from--;
    let any = false;
    let to = from;
    for (; to < names.length && modules[to] === 0 && address(to) === place; to++) any ||= isListed(to);
    if (any) for (let other = row; other < to; other++) if (traced[other] === NO) aliased.push(other);
    row = to - 1;
  }
  const wanted = new Set(left.map(address));
  const listed = new Set<string>();
  for (let row = 0; wanted.size > 0 && row < names.length; row++) if (modules[row] !== 0 && isListed(row) && wanted.has(address(row))) listed.add(address(row));
  for (const row of left) if (listed.has(address(row))) aliased.push(row);
  for (const row of aliased) traced[row] = YES;
}

/** Without kallsyms: the kernel's functions that BTF names. */
function ofBtf(ids: Iterable<string>, ftrace: NameCounts | null, blacklisted: NameCounts | null): FunctionColumns {
  const names = [...ids];
  return joined(names, names.map(() => 0), [null], null, new Uint8Array(names.length), ftrace, blacklisted);
}
