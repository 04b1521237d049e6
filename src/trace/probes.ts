import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readAside, readKernelBtf } from "../bpf/index.ts";
import { btfFromBytes, type Btf } from "../btf/index.ts";
import { parsePattern, type FentryLimits, type FunctionPattern, type KnownSources } from "../probe/index.ts";
import { moduleKey } from "../kernel/index.ts";
import { machineArch, readLive, tracefsFolder } from "../system/index.ts";
import { exactProbe, LiveTypes, symbolsNamed } from "./exact.ts";
import { cutLists, globProbes, limitsOf, type GlobProbes } from "./glob.ts";
import { probeText, type Probe, type RefusedProbe, type ResolvedProbes, type ResolveOptions } from "./probe.ts";
import { readTracepoint, tracepointName } from "./tracepoint.ts";

/**
 * Finds what the patterns mean: `MODULE:FUNCTION` with * and ?, a module's name alone for all of its functions, `t:CATEGORY:NAME`. What cannot be traced is in `refused`, with why. Throws
 * `missing-feature` for a kernel without BTF, `bad-argument` for what is no pattern.
 */
export async function resolveProbes(texts: readonly string[], options: ResolveOptions): Promise<ResolvedProbes> {
  const { probes, refused, left, known, knownNames, optional } = await shortWay([...new Set(texts)], options);
  if (left.length === 0) return { probes, refused, lacking: [], arch: machineArch(), optional };
  const rest = await (await import("./patterns.ts")).probesByLists(left, options, known, knownNames);
  // Patterns may mean the same.
  const had = new Set(probes.map(probeText));
  return { ...rest, optional, probes: [...probes, ...rest.probes.filter((probe) => !had.has(probeText(probe)))], refused: [...refused, ...rest.refused] };
}

/** The kernel's types below another root; null where they cannot be read. */
function typesBelow(root: string): Btf | null {
  const path = join(root, "sys/kernel/btf/vmlinux");
  const bytes = readLive(path);
  return "why" in bytes ? null : btfFromBytes(path, bytes);
}

type Short = { readonly probes: readonly Probe[]; readonly refused: readonly RefusedProbe[]; /** What takes the long way. */ readonly left: readonly string[]; /** What was read already. */ readonly known: KnownSources | null; /** Whether that is only what matters for these names. */ readonly knownNames: "all" | "left"; readonly optional: ReadonlySet<Probe> };

/** Without reading all there is: the lists of the kernel are searched for what is meant. */
async function shortWay(texts: readonly string[], { pinned, ifThere = [], modules = "as named", root = "/" }: ResolveOptions): Promise<Short> {
  const all: Short = { probes: [], refused: [], left: texts, known: null, knownNames: "all", optional: new Set() };
  const functions = texts.filter((text) => tracepointName(text) === null).map((text) => ({ text, pattern: parsePattern(text) }));
  const tracefs = modules === "all" || functions.some(({ text, pattern }) => pattern.exactName === null || !text.includes(":")) ? tracefsFolder(root) : null;
  // The kernel makes these lists as they are read, and gives all of it a page at a time: a thread each.
  const reading = Promise.all([functions.length + ifThere.length === 0 ? null : readAside(join(root, "proc/kallsyms")), tracefs === null ? null : readAside(join(tracefs.path, "available_filter_functions"))]);
  // Whether it fails is heard where it is waited for, or does not matter any more.
  reading.catch(() => null);
  const kernel = root === "/" ? await readKernelBtf() : typesBelow(root);
  if (kernel === null) return all;
  const types = new LiveTypes(kernel, root);
  const [kallsyms, ftrace] = (await reading).map((list) => (list === null ? null : Buffer.from(list.buffer, list.byteOffset, list.length)));
  let limits: FentryLimits | null = null;
  const byGlob = (pattern: FunctionPattern): GlobProbes | null => {
    if (kallsyms == null || ftrace == null) return null;
    const lists = { kallsyms, ftrace };
    return globProbes(lists, types, pattern, pinned, (limits ??= limitsOf(lists, types, machineArch())));
  };
  const probes = new Map<string, Probe>();
  const refused: RefusedProbe[] = [];
  const left: string[] = [];
  /** Whether all that is left are functions that are there. */
  let unusual = true;
  for (const text of texts) {
    const tracepoint = tracepointName(text);
    if (tracepoint) {
      const found = readTracepoint(tracepoint.category, tracepoint.name, types.kernel, root);
      if ("why" in found) {
        left.push(text);
        unusual = false;
      }
      else probes.set(text, found);
      continue;
    }
    const { pattern } = functions.find((one) => one.text === text)!;
    if (kallsyms == null) return all;
    const exact = exactProbe(kallsyms, types, pattern, pinned);
    if (exact !== null) {
      probes.set(probeText(exact), exact);
      continue;
    }
    const meant = pattern.exactName === null ? pattern : pattern.module === null && symbolsNamed(kallsyms, pattern.exactName).length === 0 && isModule(kallsyms, text) ? parsePattern(`${moduleKey(text)}:*`) : null;
    const found = meant === null ? null : byGlob(meant);
    if (found === null) {
      left.push(text);
      unusual = false;
      continue;
    }
    for (const probe of found.probes) probes.set(probeText(probe), probe);
    refused.push(...found.refused);
    left.push(...found.left);
  }
  const optional = new Set<Probe>();
  const addOptional = (probe: Probe): void => {
    if (probes.has(probeText(probe))) return;
    probes.set(probeText(probe), probe);
    optional.add(probe);
  };
  for (const text of ifThere) {
    const tracepoint = tracepointName(text);
    const found = tracepoint ? readTracepoint(tracepoint.category, tracepoint.name, types.kernel, root) : kallsyms == null ? null : exactProbe(kallsyms, types, parsePattern(text), pinned);
    if (found !== null && !("why" in found)) addOptional(found);
  }
  if (modules === "all") for (const name of modulesWithBtf(root)) for (const probe of byGlob(parsePattern(`${name}:*`))?.probes ?? []) addOptional(probe);
  const cut = kallsyms == null || ftrace == null || !unusual ? null : cutLists({ kallsyms, ftrace }, left);
  const known = kallsyms == null ? null : { ...(cut ?? { kallsyms, ftrace: ftrace ?? null }), kernelBtf: types.kernel };
  return { probes: [...probes.values()], refused, left, known, knownNames: cut === null ? "all" : "left", optional };
}

/** Modules whose types the kernel has. */
function modulesWithBtf(root: string): string[] {
  try {
    return readdirSync(join(root, "sys/kernel/btf")).filter((name) => name !== "vmlinux");
  } catch {
    return [];
  }
}

/** Whether a module of this name has symbols. */
function isModule(kallsyms: Buffer, text: string): boolean {
  return /^[\w-]+$/.test(text) && kallsyms.includes(`\t[${moduleKey(text)}]\n`, 0, "latin1");
}
