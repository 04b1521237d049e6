import type { ElfFile } from "../elf/index.ts";
import type { FunctionTable, How, Judgement, Obstacle, TraceableFunction } from "./functions.ts";
import { goneText } from "./gone.ts";
import { sourceFunction, type SourceFunction } from "./inlined.ts";
import { nearestNames } from "./nearest.ts";
import { isPlaceholder } from "./lists.ts";
import type { FunctionPattern } from "./pattern.ts";
import type { PrototypeRefusal } from "./prototype.ts";

/** A reason why a function cannot be traced in some way, or why that is unknown. */
export type Reason = {
  /** Stable name: `inlined`, `renamed`, `notrace`, …. */
  readonly code: ReasonCode;
  /** What it keeps away. */
  readonly of: readonly ("fentry" | "kprobe")[];
  /** In words. */
  readonly text: string;
  /** What to do instead, in words or as a probe; null for nothing that helps. */
  readonly instead: string | null;
};

export type ReasonCode =
  | "inlined" | "renamed" | "notrace" | "blacklist" | "denied" | "no-kernel-btf" | "no-module-btf" | "no-direct-calls" | "no-kprobes" | "not-in-btf" | "inconsistent" | "too-many-arguments" | "struct-by-value"
  | "struct-result" | "unsupported-type" | "variadic" | "gone" | "not-loaded" | "cold-part" | "placeholder" | "ambiguous" | "no-symbol" | "typo" | "damaged-btf" | "unknown";

/** What is said of one function that has the name. */
export type Why = {
  readonly name: string;
  readonly module: string | null;
  /** Null where there is no such function. */
  readonly function: TraceableFunction | null;
  readonly how: readonly How[];
  readonly unsure: readonly How[];
  readonly reasons: readonly Reason[];
  /** Names that may be meant. */
  readonly nearest: readonly string[];
  readonly inlinedInto: SourceFunction["inlinedInto"];
};

export type WhyOptions = {
  /** Debug information of the kernel (null) or a module, opened when it is asked for; null for none. The caller closes it. */
  readonly debug: (module: string | null) => Promise<ElfFile | null>;
  /** Whether the table is of a file whose module is not loaded. */
  readonly loaded: "yes" | "no";
  readonly signal?: AbortSignal;
};

/** Why the functions that a pattern without `*` names can or cannot be traced: one answer for each of them, or one that says there is none. */
export async function whyTraceable(table: FunctionTable, pattern: FunctionPattern, module: string | null, { debug, loaded, signal }: WhyOptions): Promise<Why[]> {
  const name = pattern.exactName ?? pattern.text;
  const rows = rowsOf(table, pattern, module);
  const answers: Why[] = [];
  for (const row of rows) {
    const found = table.row(row);
    const reasons = reasonsOf(found, table);
    if (loaded === "no") reasons.unshift(notLoaded(found.module));
    signal?.throwIfAborted();
    const unclear = reasons.findIndex(({ code }) => code === "not-in-btf");
    if (unclear >= 0) {
      const elf = await debug(found.module);
      const source = elf && sourceFunction(elf, found.name, signal);
      const texts = source?.definitions.map(({ text }) => text) ?? [];
      if (texts.length > 1) {
        reasons[unclear] = { code: "inconsistent", of: ["fentry"], text: `its name has ${texts.length} prototypes that disagree (${texts.slice(0, 4).map((text) => `\`${text}\``).join(", ")}), so pahole left it out of BTF`, instead: probeOf(found) };
      } else if (texts.length === 1) {
        reasons[unclear] = { ...reasons[unclear]!, text: `BTF has no function of this name, though the source has one (\`${texts[0]}\`): pahole leaves out functions whose parameters the compiler changed or whose prototypes disagree` };
      }
    }
    answers.push({ name: found.name, module: found.module, function: found, how: loaded === "no" ? [] : found.how, unsure: loaded === "no" ? [] : found.unsure, reasons, nearest: [], inlinedInto: [] });
  }
  if (rows.length > 0) return answers;
  return [await absent(table, name, pattern.exactModule ?? module, { debug, loaded, ...(signal ? { signal } : {}) })];
}

/** The rows of this very name; placeholders and labels count, since they were asked for. */
function rowsOf(table: FunctionTable, pattern: FunctionPattern, module: string | null): number[] {
  const { names, modules, moduleNames } = table.columns;
  const rows: number[] = [];
  for (let row = 0; row < names.length; row++) {
    if (!pattern.name(names[row]!)) continue;
    const owner = moduleNames[modules[row]!]!;
    if (pattern.module && !pattern.module(owner)) continue;
    if (module !== null && module !== (owner ?? "vmlinux")) continue;
    rows.push(row);
  }
  return rows;
}

/** No symbol has the name: renamed, inlined, or a slip of the pen. */
async function absent(table: FunctionTable, name: string, module: string | null, { debug, signal }: WhyOptions): Promise<Why> {
  const { names, modules, moduleNames } = table.columns;
  const inModule = (row: number): boolean => module === null || module === (moduleNames[modules[row]!] ?? "vmlinux");
  const parts: number[] = [];
  for (let row = 0; row < names.length; row++) if (names[row]!.startsWith(name) && names[row]![name.length] === "." && inModule(row)) parts.push(row);
  const renamed = parts.filter((row) => !/\.cold(?:\.\d+)?$/.test(names[row]!));
  const none: Pick<Why, "name" | "module" | "function" | "how" | "unsure"> = { name, module: module === "vmlinux" ? null : module, function: null, how: [], unsure: [] };
  if (renamed.length > 0) {
    const functions = renamed.map((row) => table.row(row));
    const usable = functions.filter(({ how, unsure }) => how.length + unsure.length > 0);
    const text = `the compiler renamed it: ${list(functions.map((one) => `\`${one.name}\``))}${changeOf(functions[0]!.name)}; such a function has no BTF, so no fentry`;
    return { ...none, reasons: [{ code: "renamed", of: ["fentry", "kprobe"], text, instead: usable.length === 0 ? null : `a kprobe on ${list(usable.map((one) => `\`${probeName(one)}\``))}` }], nearest: functions.map(({ name: other }) => other), inlinedInto: [] };
  }
  const owners = module !== null ? [module === "vmlinux" ? null : module] : moduleNames.length === 2 && table.columns.modules.every((one) => one === 1) ? [moduleNames[1]!] : [null];
  let sawDebug = false;
  for (const owner of owners) {
    const elf = await debug(owner);
    const source = elf && sourceFunction(elf, name, signal);
    if (!source) continue;
    sawDebug = true;
    if (source.inlinedInto.length > 0) {
      const places = source.inlinedInto.slice(0, 5).map(({ function: into, file, line }) => `\`${into}\`${file === null ? "" : ` (${file}:${line})`}`);
      const more = source.inlinedCount - places.length;
      const text = `it is inlined ${source.hasCode ? "here and there" : "everywhere it is called"}: into ${places.join(", ")}${more > 0 ? ` and ${more} more ${more === 1 ? "place" : "places"}` : ""}; there is no code of its own to probe`;
      const into = source.inlinedInto[0]!.function;
      return { ...none, reasons: [{ code: "inlined", of: ["fentry", "kprobe"], text, instead: `a probe on \`${into}\`` }], nearest: [], inlinedInto: source.inlinedInto };
    }
    if (source.definitions.length > 0) {
      return { ...none, reasons: [{ code: "no-symbol", of: ["fentry", "kprobe"], text: `the source has it (\`${source.definitions[0]!.text}\`), but no code was made for it: nothing calls it, or all calls were computed by the compiler`, instead: null }], nearest: [], inlinedInto: [] };
    }
  }
  const candidates: string[] = [];
  for (let row = 0; row < names.length; row++) if (!isPlaceholder(names[row]!) && inModule(row)) candidates.push(names[row]!);
  const nearest = nearestNames(name, candidates);
  const where = module === null ? "" : ` in ${module}`;
  const inlined = sawDebug ? "nor does the debug information know it" : "perhaps it is inlined, which takes debug information to tell";
  const text = `no function${where} has this name; ${inlined}${nearest.length === 0 ? "" : `. Near names: ${list(nearest.map((other) => `\`${other}\``))}`}`;
  return { ...none, reasons: [{ code: nearest.length > 0 ? "typo" : "no-symbol", of: ["fentry", "kprobe"], text, instead: null }], nearest, inlinedInto: [] };
}

const list = (words: readonly string[]): string => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)!}`);

/** What the ending of a name says (gcc's clones). */
function changeOf(name: string): string {
  const changes: string[] = [];
  if (/\.isra\./.test(`${name}.`)) changes.push("parameters removed or passed in parts");
  if (/\.constprop\./.test(`${name}.`)) changes.push("a parameter is a constant");
  if (/\.part\./.test(`${name}.`)) changes.push("a part of it, the rest is inlined");
  return changes.length === 0 ? "" : ` (${changes.join("; ")})`;
}

/** What a probe is called: `gtp5g:gtp5g_xmit`. */
export const probeName = ({ module, name }: Pick<TraceableFunction, "module" | "name">): string => (module === null ? name : `${module}:${name}`);

const probeOf = (found: TraceableFunction): string | null => ([...found.how, ...found.unsure].some((how) => how !== "fentry") ? `a kprobe on \`${probeName(found)}\`` : null);

/** A judgement in words. */
export function reasonsOf(found: TraceableFunction, table: FunctionTable): Reason[] {
  const reasons: Reason[] = [];
  if (isPlaceholder(found.name)) reasons.push({ code: "placeholder", of: ["fentry", "kprobe"], text: "it marks padding before a function and is none itself", instead: found.name.startsWith("__pfx_") ? `a probe on \`${found.name.slice(6)}\`` : null });
  const seen = new Set<string>();
  const add = (of: "fentry" | "kprobe", obstacles: Judgement["fentry"]): void => {
    for (const obstacle of obstacles) {
      const reason = reasonOf(obstacle, of, found, table);
      const same = reasons.findIndex(({ code, text }) => code === reason.code && text === reason.text);
      if (same >= 0) reasons[same] = { ...reasons[same]!, of: ["fentry", "kprobe"], instead: reasons[same]!.instead ?? reason.instead };
      else if (!seen.has(`${of}${reason.text}`)) reasons.push(reason);
      seen.add(`${of}${reason.text}`);
    }
  };
  add("fentry", found.fentry);
  add("kprobe", found.kprobe);
  return reasons;
}

const deniedText = {
  own: "BPF refuses it: it is on this kernel's list of functions that every BPF program calls (btf_id_deny)",
  others: "other kernels' BPF refuses it (btf_id_deny: every BPF program calls it); it is not on this kernel's list, and a program there would hang the machine",
  known: "BPF refuses it or would hang there (btf_id_deny: every BPF program calls it; this kernel's own list is not among its symbols)",
} as const;

function notLoaded(module: string | null): Reason {
  return { code: "not-loaded", of: ["fentry", "kprobe"], text: `the module ${module ?? ""} is not loaded; what follows is of its file`, instead: module === null ? null : `load it first: sudo modprobe ${module}, or sudo insmod with its file` };
}

function reasonOf(obstacle: Obstacle, of: "fentry" | "kprobe", found: TraceableFunction, table: FunctionTable): Reason {
  const kprobe = of === "fentry" ? probeOf(found) : null;
  const reason = (code: ReasonCode, text: string, instead: string | null = kprobe): Reason => ({ code, of: [of], text, instead });
  const owner = found.module;
  switch (obstacle.code) {
    case "gone":
      return reason("gone", goneText(owner), null);
    case "notrace":
      return of === "fentry"
        ? reason("notrace", "it has no site for ftrace (it is notrace, written in assembly, or in a part of the kernel that is built without)", kprobe)
        : reason("notrace", "it has no site for ftrace (it is notrace, written in assembly, or in a part of the kernel that is built without)", table.abilities.refusesNotrace === "yes" ? "a kernel with CONFIG_KPROBE_EVENTS_ON_NOTRACE takes a kprobe there" : null);
    case "blacklist":
      return reason("blacklist", "it is on the blacklist of kprobes (NOKPROBE_SYMBOL, __kprobes or noinstr: a probe there could call itself)", found.how.includes("fentry") ? `fentry on \`${probeName(found)}\`` : null);
    case "denied":
      return reason("denied", deniedText[obstacle.list]);
    case "cold-part":
      return reason("cold-part", `it is the part of \`${found.name.slice(0, found.name.indexOf("."))}\` that is hardly ever run, not a function: it is jumped to and has no arguments`);
    case "no-kernel-btf":
      return reason("no-kernel-btf", "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF), which fentry needs");
    case "no-direct-calls":
      return reason("no-direct-calls", "the kernel cannot call BPF from ftrace's sites (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)");
    case "no-kprobes":
      return reason("no-kprobes", "the kernel has no kprobe events (CONFIG_KPROBE_EVENTS)", null);
    case "no-module-btf":
      return reason("no-module-btf", `the module ${owner ?? ""} has no BTF that the kernel took, which fentry needs`, kprobe === null ? `oopscope btf encode makes it` : `${kprobe}; or give the module BTF: oopscope btf encode`);
    case "not-in-btf":
      return reason("not-in-btf", "BTF has no function of this name: pahole leaves out functions whose prototypes disagree between files or whose parameters the compiler changed");
    case "damaged-btf":
      return reason("damaged-btf", "its prototype in BTF is damaged");
    case "renamed":
      return reason("renamed", `the compiler renamed it from \`${obstacle.base}\`${changeOf(found.name)}: such a function has no BTF, so no fentry`);
    case "ambiguous":
      return of === "fentry"
        ? reason("ambiguous", `${obstacle.count} functions have this name${places(found, table)}: by its name fentry would reach one of them by chance`)
        : reason("ambiguous", `${obstacle.count} functions have this name${places(found, table)}: a kprobe needs the address`, found.address === null ? null : `a kprobe at ${found.address}`);
    case "prototype":
      return prototypeReason(obstacle.refusal, kprobe);
    case "unknown":
      switch (obstacle.what) {
        case "ftrace":
          return reason("unknown", "unknown, because the list of ftrace's sites (available_filter_functions) cannot be read, or leaves open which of several functions it means", "run it as root; oopscope doctor trace says what else is in the way");
        case "blacklist":
          return reason("unknown", "unknown, because the blacklist of kprobes (/sys/kernel/debug/kprobes/blacklist) cannot be read", "run it as root; oopscope doctor trace says what else is in the way");
        case "config":
          return reason("unknown", "unknown, because the kernel's configuration is not at hand (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS lets fentry attach, CONFIG_KPROBE_EVENTS_ON_NOTRACE kprobes where ftrace has no site)", null);
        case "which":
          return reason("unknown", "unknown, because several functions have this name and the list does not tell which it means", null);
      }
  }
}

function places({ name, module }: TraceableFunction, table: FunctionTable): string {
  const { modules, moduleNames, address } = table.columns;
  const found: string[] = [];
  for (const row of table.rowsNamed(name)) {
    if (found.length === 9) break;
    const owner = moduleNames[modules[row]!]!;
    if (module !== null && owner !== module) continue;
    found.push(`${owner ?? "the kernel"}${address ? ` at 0x${address(row)}` : ""}`);
  }
  return found.length === 0 ? "" : ` (${found.slice(0, 8).join(", ")}${found.length > 8 ? ", …" : ""})`;
}

function prototypeReason(refusal: PrototypeRefusal, instead: string | null): Reason {
  const reason = (code: ReasonCode, text: string): Reason => ({ code, of: ["fentry"], text, instead });
  switch (refusal.code) {
    case "too-many-arguments":
      return reason("too-many-arguments", refusal.words ? `its arguments take ${refusal.count} registers; fentry on this kernel takes ${refusal.limit}` : `it has ${refusal.count} arguments; fentry on this kernel takes ${refusal.limit}`);
    case "variadic":
      return reason("variadic", "it takes a variable number of arguments (`...`), which fentry does not");
    case "struct-by-value":
      return reason("struct-by-value", `its argument ${refusal.argument} is a struct by value (\`${refusal.type}\`, ${refusal.size} bytes); fentry on this kernel takes ${refusal.limit === 0 ? "none" : `at most ${refusal.limit} bytes`}`);
    case "struct-result":
      return reason("struct-result", `it gives back a struct by value (\`${refusal.type}\`), which fentry does not take`);
    case "unsupported-type":
      return reason("unsupported-type", `its argument ${refusal.argument} is of a type that fentry does not take (\`${refusal.type}\`)`);
  }
}
