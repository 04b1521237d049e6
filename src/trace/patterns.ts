import { OopscopeError } from "../base/index.ts";
import type { Btf } from "../btf/index.ts";
import { moduleKey } from "../kernel/index.ts";
import { liveFunctions, moduleBtf, nearestNames, parsePattern, readProbeSources, reasonsOf, type FunctionPattern, type FunctionTable, type KnownSources, type ProbeSources } from "../probe/index.ts";
import { ownReason } from "./own.ts";
import type { FunctionProbe, Probe, RefusedProbe, ResolvedProbes, ResolveOptions } from "./probe.ts";
import { readTracepoint, tracepointName } from "./tracepoint.ts";

/** The long way to probes: all that the kernel says of its functions is read, and each is judged. `known`: what of it was read already; where `knownNames` is `left` only what matters for these texts, which are names given in whole. */
export async function probesByLists(texts: readonly string[], { pinned, root = "/" }: ResolveOptions, known: KnownSources | null = null, knownNames: "all" | "left" = "all"): Promise<Omit<ResolvedProbes, "optional">> {
  const sources = readProbeSources({ root, ...(known ? { known } : {}) });
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
  if (patterns.length === 0) return { probes, refused, lacking, arch };
  const { table } = await liveFunctions(sources, (name) => patterns.some(({ pattern }) => pattern.module === null || pattern.module(name)), knownNames === "all" ? null : patterns.flatMap(({ pattern }) => pattern.exactName ?? []));
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
  return { probes, refused, lacking, arch };
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
