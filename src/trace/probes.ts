import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { OopscopeError } from "../base/index.ts";
import { btfFromBytes, type Btf } from "../btf/index.ts";
import { liveFunctions, moduleBtf, nearestNames, parsePattern, readProbeSources, reasonsOf, type FunctionPattern, type FunctionTable, type Lacking, type ProbeSources } from "../probe/index.ts";
import { moduleKey } from "../kernel/index.ts";
import { machineArch, readLive, tracefsFolder } from "../system/index.ts";
import { bytesOf, parseExpression, typeNamed, type Type } from "./expression/index.ts";
import { exactProbe, LiveTypes } from "./exact.ts";
import { ownReason } from "./own.ts";
import type { FunctionProbe, Probe, RefusedProbe, ResolveOptions, TracepointProbe } from "./probe.ts";

export type ResolvedProbes = { readonly probes: readonly Probe[]; readonly refused: readonly RefusedProbe[]; readonly lacking: readonly Lacking[]; readonly arch: string; readonly table: FunctionTable | null };

/**
 * Finds what the patterns mean: `MODULE:FUNCTION` with * and ?, a module's name alone for all of its functions, `t:CATEGORY:NAME`. What cannot be traced is in `refused`, with why. Throws
 * `missing-feature` for a kernel without BTF, `bad-argument` for what is no pattern.
 */
export async function resolveProbes(texts: readonly string[], { pinned, root = "/" }: ResolveOptions): Promise<ResolvedProbes> {
  const short = await shortWay(texts, pinned, root);
  if (short !== null) return short;
  const sources = readProbeSources({ root });
  const { kernelBtf, arch, lacking } = sources;
  if (kernelBtf === null) throw new OopscopeError("missing-feature", "the running kernel has no BTF (CONFIG_DEBUG_INFO_BTF), or it cannot be read: arguments have no types", {});
  const probes: Probe[] = [];
  const refused: RefusedProbe[] = [];
  const patterns: { readonly text: string; readonly pattern: FunctionPattern; readonly module: string | null }[] = [];
  const loaded = new Set((sources.symbols?.moduleNames ?? []).flatMap((name) => name ?? []));
  for (const text of texts) {
    const tracepoint = tracepointName(text);
    if (tracepoint) {
      const found = readTracepoint(tracepoint.category, tracepoint.name, kernelBtf, root);
      if ("why" in found) refused.push({ probe: text, why: found.why });
      else probes.push(found);
      continue;
    }
    const pattern = parsePattern(text);
    const isModule = pattern.module === null && pattern.exactName !== null && loaded.has(moduleKey(text)) && !(sources.symbols?.names.includes(text) ?? false);
    if (isModule) patterns.push({ text, pattern: parsePattern(`${moduleKey(text)}:*`), module: moduleKey(text) });
    else patterns.push({ text, pattern, module: pattern.exactModule });
  }
  if (patterns.length === 0) return { probes, refused, lacking, arch, table: null };
  const { table } = await liveFunctions(sources, (name) => patterns.some(({ pattern }) => pattern.module === null || pattern.module(name)));
  const btfs = new Map<string | null, Btf>([[null, kernelBtf]]);
  const seen = new Set<number>();
  for (const { text, pattern, module } of patterns) {
    const rows = table.select(pattern, null);
    if (rows.length === 0) refused.push({ probe: text, why: nothingNamed(pattern, module, loaded, table) });
    for (const row of rows) {
      // What a compiler has put apart as hardly ever run is jumped to: no call for a pattern to mean.
      if (seen.has(row) || (pattern.exactName === null && /\.cold(?:\.\d+)?$/.test(table.columns.names[row]!))) continue;
      seen.add(row);
      const found = await functionProbe(sources, table, row, pinned, btfs);
      if ("why" in found) refused.push(found);
      else probes.push(found);
    }
  }
  return { probes, refused, lacking, arch, table };
}

/** Functions that are named in whole, and tracepoints, without reading all there is; null where one of them needs a closer look. */
async function shortWay(texts: readonly string[], pinned: ResolveOptions["pinned"], root: string): Promise<ResolvedProbes | null> {
  const wanted = [...new Set(texts)];
  if (wanted.some((text) => /[*?]/.test(text))) return null;
  // The kernel makes this list as it is read: meanwhile another processor reads the types.
  const reading = wanted.every((text) => tracepointName(text) !== null) ? null : readFile(join(root, "proc/kallsyms")).catch(() => null);
  const btfPath = join(root, "sys/kernel/btf/vmlinux");
  const bytes = readLive(btfPath);
  if ("why" in bytes) return null;
  const types = new LiveTypes(btfFromBytes(btfPath, bytes), root);
  const kallsyms = await reading;
  const probes: Probe[] = [];
  for (const text of wanted) {
    const tracepoint = tracepointName(text);
    if (tracepoint) {
      const found = readTracepoint(tracepoint.category, tracepoint.name, types.kernel, root);
      if ("why" in found) return null;
      probes.push(found);
      continue;
    }
    if (kallsyms === null) return null;
    const found = exactProbe(kallsyms, types, parsePattern(text), pinned);
    if (found === null) return null;
    probes.push(found);
  }
  return { probes, refused: [], lacking: [], arch: machineArch(), table: null };
}

function tracepointName(text: string): { readonly category: string; readonly name: string } | null {
  const [, category, name] = /^(?:t|tracepoint):([\w-]+):([\w-]+)$/.exec(text) ?? [];
  return category === undefined ? null : { category, name: name! };
}

function nothingNamed(pattern: FunctionPattern, module: string | null, loaded: ReadonlySet<string>, table: FunctionTable): string {
  if (module !== null && module !== "vmlinux" && !loaded.has(module)) {
    const near = nearestNames(module, loaded, 3);
    return `no module ${module} is loaded${near.length === 0 ? "" : `; loaded is ${near.join(", ")}`}`;
  }
  const { names, modules, moduleNames } = table.columns;
  const candidates = module === null ? names : names.filter((_, row) => (moduleNames[modules[row]!] ?? "vmlinux") === module);
  const near = pattern.exactName === null ? [] : nearestNames(pattern.exactName, candidates, 3);
  return `no function has this name${near.length === 0 ? "" : `; near: ${near.join(", ")}`}`;
}

async function functionProbe(sources: ProbeSources, table: FunctionTable, row: number, pinned: ResolveOptions["pinned"], btfs: Map<string | null, Btf>): Promise<FunctionProbe | RefusedProbe> {
  const { names, modules, moduleNames, address } = table.columns;
  const name = names[row]!;
  const module = moduleNames[modules[row]!]!;
  const text = module === null ? name : `${module}:${name}`;
  const own = ownReason(module, name);
  if (own !== null) return { probe: text, why: own };
  const judgement = table.judge(row);
  const can = [...judgement.how, ...judgement.unsure];
  const how: ("fentry" | "kprobe")[] = [];
  const free = pinned === "leaves modules free" && module !== null;
  if (can.includes("fentry") && !free) how.push("fentry");
  if (can.includes("kprobe") || can.includes("kprobe-address")) how.push("kprobe");
  const reasons = (): string => reasonsOf(table.row(row), table).map(({ of, text: why }) => `${of.join(" and ")}: ${why}`).join("; ");
  if (how.length === 0) return { probe: text, why: free && can.includes("fentry") ? `only fentry can trace it, which would keep the module from being unloaded (${reasons()})` : reasons() };
  const btf = btfs.get(module) ?? (await moduleBtf(sources, module)).btf ?? btfs.get(null)!;
  btfs.set(module, btf);
  const func = btf.idsOf(name, "func").find((id) => module === null || id >= btf.firstId) ?? null;
  const prototype = func === null ? null : btf.sizeOrType(func);
  const digits = address?.(row) ?? "0";
  const place = BigInt(`0x${digits}`);
  const fentryWhy = how[0] === "kprobe" && !free ? (reasonsOf(table.row(row), table).find(({ of }) => of.includes("fentry"))?.text ?? null) : null;
  return { kind: "function", module, name, how, address: place === 0n ? null : place, btf, type: func, prototype, fallback: fentryWhy };
}

/** tracefs's description of a tracepoint: `field:unsigned short protocol;\toffset:24;\tsize:2;\tsigned:0;` a line (kernel/trace/trace_events.c, f_show). */
function readTracepoint(category: string, name: string, btf: Btf, root: string): TracepointProbe | { readonly why: string } {
  const folder = tracefsFolder(root);
  if (folder === null) return { why: "tracefs is not mounted: sudo mount -t tracefs nodev /sys/kernel/tracing" };
  let format: string;
  try {
    format = readFileSync(join(folder.path, "events", category, name, "format"), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { why: code === "EACCES" || code === "EPERM" ? `${folder.path} may not be read: it takes root` : "there is no such tracepoint" };
  }
  const fields: TracepointProbe["fields"][number][] = [];
  for (const [, declaration, offsetText, sizeText, signed] of format.matchAll(/^\s*field:(.+?);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:([01]);)?/gm)) {
    const parsed = /^(.*?)\s*\b(\w+)(\[[^\]]*\])?$/.exec(declaration!);
    if (!parsed || parsed[2]!.startsWith("common_")) continue;
    const [, typeText, field, array] = parsed;
    const offset = Number(offsetText);
    const size = Number(sizeText);
    const char = btf.find("char", "int");
    if (typeText!.startsWith("__data_loc")) {
      // char is text; what else there is of it is bytes, whose number nobody reads here.
      if (char !== null && /\bchar\b/.test(typeText!)) fields.push({ name: field!, type: { kind: "pointer", to: { kind: "btf", id: char } }, place: { offset, dynamic: true }, value: "pointer" });
      continue;
    }
    const type = tracepointType(btf, typeText!, field!, array, size, signed === "1");
    if (type !== null) fields.push({ name: field!, type, place: { offset, dynamic: false }, value: "place" });
  }
  return { kind: "tracepoint", category, name, btf, fields };
}

function tracepointType(btf: Btf, text: string, field: string, array: string | undefined, size: number, signed: boolean): Type | null {
  const skb = btf.find("sk_buff", "struct");
  // Tracepoints write this address down without its type.
  if (field === "skbaddr" && size === 8 && skb !== null) return { kind: "pointer", to: { kind: "btf", id: skb } };
  if (array !== undefined) {
    if (/\bchar$/.test(text) && !/unsigned/.test(text)) return charArray(btf, size);
    return null;
  }
  try {
    const tree = parseExpression(`(${text.replaceAll(/\b(?:const|volatile)\b/g, "").trim()})0`, (name) => btf.find(name, "typedef", "int") !== null);
    if (tree.kind === "cast") {
      const named = typeNamed(btf, tree.type);
      if (typeof named !== "string" && bytesOf(btf, named) === size) return named;
    }
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
  }
  return size === 1 || size === 2 || size === 4 || size === 8 ? { kind: "integer", size, signed } : null;
}

/** An array of so many char that BTF has somewhere; null where it has none. */
function charArray(btf: Btf, size: number): Type | null {
  for (const id of btf.idsOfKind("array")) {
    const type = btf.type(id);
    if (type.kind === "array" && type.length === size && btf.nameOf(type.element) === "char" && btf.kindOf(type.element) === "int") return { kind: "btf", id };
  }
  return null;
}
