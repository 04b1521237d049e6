import { OopscopeError } from "../base/index.ts";
import type { Btf } from "../btf/index.ts";
import { denied, fentryLimits, functionIds, goneText, isPlaceholder, limitMarks, Prototypes, type FentryLimits, type FunctionPattern } from "../probe/index.ts";
import type { LiveTypes } from "./exact.ts";
import { ownReason } from "./own.ts";
import type { FunctionProbe, RefusedProbe, ResolveOptions } from "./probe.ts";

// The short way for patterns that begin with letters, or name a module: the kernel's lists are cut down to the lines that may be meant, by the search for bytes. What is unusual about a
// function (several of one name, no site for ftrace, no type) is left to the long way, function by function. The blacklist of kprobes is not read: the kernel refuses by it.

/** What lists say of patterns. `left`: names for the long way. */
export type GlobProbes = { readonly probes: readonly FunctionProbe[]; readonly refused: readonly RefusedProbe[]; readonly left: readonly string[] };

/** The lists as bytes: /proc/kallsyms and available_filter_functions. */
export type Lists = { readonly kallsyms: Buffer; readonly ftrace: Buffer };

type Row = { readonly address: bigint; readonly name: string; readonly module: string | null };

/** What fentry takes on this kernel. */
export function limitsOf({ kallsyms }: Lists, { kernel }: LiveTypes, arch: string): FentryLimits {
  return fentryLimits(kernel, arch, (name) => symbolAt(kallsyms, name) !== null);
}

/** Functions that a pattern means; null where the lists must be read in whole: it has no beginning to search for, means nothing, or the kernel hides addresses. */
export function globProbes({ kallsyms, ftrace }: Lists, types: LiveTypes, pattern: FunctionPattern, pinned: ResolveOptions["pinned"], limits: FentryLimits): GlobProbes | null {
  const [prefix] = pattern.text.slice(pattern.text.indexOf(":") + 1).split(/[*?]/, 1) as [string];
  const inModule = pattern.exactModule !== null && pattern.exactModule !== "vmlinux" ? pattern.exactModule : null;
  if (inModule === null && prefix.length < 3) return null;
  const rows: Row[] = [];
  // A kprobe on a kernel's function is by address where a module has one of the name, too.
  const seen = new Map<string, number>();
  for (const line of inModule === null ? linesWith(kallsyms, ` ${prefix}`) : linesWith(kallsyms, `\t[${inModule}]\n`)) {
    const [, digits, type, name, module] = /^([0-9a-f]{1,16}) (\w) (\S+)(?:\t\[(\S+)\])?$/.exec(line) ?? [];
    if (name === undefined || !/^[tTwW]$/.test(type!) || !pattern.name(name) || isPlaceholder(name) || /\.cold(?:\.\d+)?$/.test(name) || module === "bpf" || module?.startsWith("__builtin__") === true) continue;
    seen.set(name, (seen.get(name) ?? 0) + 1);
    if (pattern.module !== null && !pattern.module(module ?? null)) continue;
    const address = BigInt(`0x${digits!}`);
    if (address === 0n) return null;
    rows.push({ address, name, module: module ?? null });
  }
  if (rows.length === 0) return null;
  const [initFrom, initTo] = [symbolAt(kallsyms, "_sinittext"), symbolAt(kallsyms, "_einittext")];
  const sites = new Set(inModule === null ? linesWith(ftrace, `\n${prefix}`) : linesWith(ftrace, ` [${inModule}]\n`));
  const images = new Map<string | null, { readonly ids: ReadonlyMap<string, number>; readonly prototypes: Prototypes }>();
  const probes: FunctionProbe[] = [];
  const refused: RefusedProbe[] = [];
  const left: string[] = [];
  for (const { address, name, module } of rows) {
    const text = module === null ? name : `${module}:${name}`;
    const own = ownReason(module, name);
    if (own !== null) {
      refused.push({ probe: text, why: own });
      continue;
    }
    if (module === null && initFrom !== null && initTo !== null && address >= initFrom && address < initTo) {
      refused.push({ probe: text, why: `fentry and kprobe: ${goneText(null)}` });
      continue;
    }
    const btf = types.of(module);
    let image = images.get(module);
    if (btf !== null && image === undefined) images.set(module, (image = { ids: module === null ? idsWith(btf, prefix) : functionIds(btf).ids, prototypes: new Prototypes(btf, limits) }));
    const id = image?.ids.get(name);
    if (btf === null || image === undefined || id === undefined || refuses(image.prototypes, id) || seen.get(name) !== 1 || !sites.has(module === null ? name : `${name} [${module}]`) || (module === null && denied.has(name))) {
      left.push(module === null ? `vmlinux:${name}` : text);
      continue;
    }
    const free = pinned === "leaves modules free" && module !== null;
    probes.push({ kind: "function", module, name, how: free ? ["kprobe"] : ["fentry", "kprobe"], address, btf, type: id, prototype: btf.sizeOrType(id), fallback: null });
  }
  return { probes, refused, left: [...new Set(left)] };
}

/** Whether fentry takes no function like this; one whose types are damaged is looked at closer, too. */
function refuses(prototypes: Prototypes, id: number): boolean {
  try {
    return prototypes.refusal(id) !== null;
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
    return true;
  }
}

/** So many names are cut out of the lists; for more it takes less time to read them in whole. */
const mostCut = 32;

/** The lines of the lists that say something of functions: all of their names, of what has their addresses, and of what they are parts of. Null where there are too many. */
export function cutLists({ kallsyms, ftrace }: Lists, texts: readonly string[]): Lists | null {
  if (texts.length > mostCut) return null;
  const names = new Set(limitMarks);
  for (const text of texts) {
    const name = text.slice(text.indexOf(":") + 1);
    names.add(name);
    const dot = name.indexOf(".");
    if (dot > 0) names.add(name.slice(0, dot));
  }
  const lines = new Map<number, string>();
  const addresses = new Set<string>();
  const add = (wanted: string): void => {
    for (const { at, line } of placesWith(kallsyms, wanted)) {
      lines.set(at, line);
      addresses.add(line.slice(0, line.indexOf(" ") + 1));
    }
  };
  for (const name of names) {
    add(` ${name}\n`);
    add(` ${name}\t[`);
  }
  for (const address of addresses) {
    for (const { at, line } of placesWith(kallsyms, `\n${address}`)) {
      lines.set(at, line);
      names.add(line.slice(address.length + 2).replace(/\t.*$/, ""));
    }
  }
  for (const mark of ["_sinittext", "_einittext"]) for (const { at, line } of placesWith(kallsyms, ` ${mark}\n`)) lines.set(at, line);
  const sites = [...names].flatMap((name) => [...linesWith(ftrace, `\n${name}\n`), ...linesWith(ftrace, `\n${name} [`)]);
  const bytes = (all: readonly string[]): Buffer => Buffer.from(all.map((line) => `${line}\n`).join(""), "latin1");
  return { kallsyms: bytes([...lines].sort(([a], [b]) => a - b).map(([, line]) => line)), ftrace: bytes(sites) };
}

/** Lines in which the bytes stand, without their ends, each once. A line feed in them is a line's end or beginning. */
function* linesWith(list: Buffer, text: string): Generator<string, void, void> {
  for (const { line } of placesWith(list, text)) yield line;
}

function* placesWith(list: Buffer, text: string): Generator<{ readonly at: number; readonly line: string }, void, void> {
  const wanted = Buffer.from(text, "latin1");
  const first = wanted[0] === 0x0a ? 1 : 0;
  if (first === 1 && list.indexOf(wanted.subarray(1)) === 0) yield { at: 0, line: list.toString("latin1", 0, Math.max(list.indexOf(0x0a), 0)) };
  for (let at = list.indexOf(wanted); at >= 0; ) {
    const start = list.lastIndexOf(0x0a, at + first - 1) + 1;
    const feed = list.indexOf(0x0a, at + first);
    const end = feed < 0 ? list.length : feed;
    yield { at: start, line: list.toString("latin1", start, end) };
    at = list.indexOf(wanted, end);
  }
}

/** The address of one of the kernel's own marks; null where it is not told. */
function symbolAt(kallsyms: Buffer, name: string): bigint | null {
  for (const line of linesWith(kallsyms, ` ${name}\n`)) {
    const address = BigInt(`0x${line.slice(0, line.indexOf(" "))}`);
    return address === 0n ? null : address;
  }
  return null;
}

/** Ids of the kernel's functions whose names begin so; of several with one name the first. */
function idsWith(btf: Btf, prefix: string): ReadonlyMap<string, number> {
  const strings = Buffer.from(btf.strings.buffer, btf.strings.byteOffset, btf.strings.byteLength);
  const names = new Map<number, string>();
  // Within longer names, too: strings may share their tails.
  for (let at = strings.indexOf(prefix, 0, "latin1"); at >= 0; at = strings.indexOf(prefix, at + 1, "latin1")) names.set(btf.firstString + at, strings.toString("latin1", at, strings.indexOf(0, at)));
  const ids = new Map<string, number>();
  const { words, starts, firstId } = btf;
  for (let index = 0; index < starts.length; index++) {
    const start = starts[index]!;
    if (((words[start + 1]! >>> 24) & 0x1f) !== 12) continue;
    const name = names.get(words[start]!);
    if (name !== undefined && !ids.has(name)) ids.set(name, firstId + index);
  }
  return ids;
}
