import { readFileSync } from "node:fs";
import { btfFromBytes, prototypeText, type Btf } from "../btf/index.ts";
import { openElf } from "../elf/index.ts";
import { closeFound, findModules, moduleKey } from "../kernel/index.ts";
import { sourcePrototypes } from "../probe/index.ts";
import { machineArch, runningModuleBuildId, symbolsFolder, sysctl } from "../system/index.ts";

/** A function of a module that takes an skb: which argument, from 0. */
export type SkbUse = { readonly function: string; readonly argument: number };

/** What of the kernel a module frees objects with that are no skbs. */
const slabFrees = /^(?:kfree(?:_sensitive|_const|_bulk)?|kzfree|k?vfree(?:_sensitive|_atomic|_call_rcu)?|kmem_cache_free(?:_bulk)?|krealloc.*|__krealloc.*|kfree_call_rcu)$/;

/** Whether a function frees objects of kmalloc, of caches or of vmalloc. */
export const freesObjects = (name: string): boolean => slabFrees.test(name);

/** What of the kernel a module uses: the undefined symbols of its file. Null where no file of exactly this build is at hand. */
export async function importsOf({ name, file }: { readonly name: string; readonly file: string | null }): Promise<ReadonlySet<string> | null> {
  const buildId = runningModuleBuildId(name);
  const clues = { release: sysctl("kernel.osrelease"), version: null, banner: null, buildId: null, arch: machineArch() };
  const found = (await findModules([{ name, buildId }], clues, { fetched: symbolsFolder(), ...(file === null ? {} : { modules: [file] }) }, new Map())).get(moduleKey(name));
  if (found === undefined) return null;
  try {
    const symbols = found.elf.symbols();
    if (symbols === null || (buildId !== null && found.elf.buildId() !== buildId)) return null;
    const names = new Set<string>();
    for (let index = 1; index < symbols.count; index++) if (symbols.section(index) === 0) names.add(symbols.name(index));
    return names;
  } finally {
    closeFound(found);
  }
}

/** Of a prototype in C the arguments that are `struct sk_buff *`. */
export function skbArgumentsOf(prototype: string): number[] {
  const open = prototype.indexOf("(", prototype.search(/\w\s*\(/));
  if (open < 0) return [];
  let depth = 0;
  let argument = 0;
  let from = open + 1;
  const found: number[] = [];
  for (let at = open; at < prototype.length; at++) {
    const letter = prototype[at];
    if (letter === "(") depth++;
    const ends = letter === ")" && --depth === 0;
    if (!ends && !(letter === "," && depth === 1)) continue;
    if (/^\s*(?:const )?struct sk_buff \*\s*\w*\s*$/.test(prototype.slice(from, at))) found.push(argument);
    argument++;
    from = at + 1;
    if (ends) break;
  }
  return found;
}

/** Functions of a module whose skb is looked at when they are entered, and those where that cannot be, with why. */
export type SkbUses = { readonly uses: readonly SkbUse[]; readonly left: readonly { readonly function: string; readonly why: string }[] };

/**
 * Which of a loaded module's functions take an skb, by its BTF, or by the debug information of its file; null where neither tells. `functions` are the module's in kallsyms; `base` is the kernel's BTF.
 */
export async function skbUses(module: string, file: string | null, functions: readonly string[], base: Btf): Promise<SkbUses | null> {
  const prototypes = prototypesOfBtf(module, base) ?? (file === null ? null : await prototypesOfFile(file));
  return prototypes === null ? null : usesAmong(functions, prototypes);
}

/**
 * The same by prototypes in C. A function that the compiler renamed (`.isra`, `.constprop`, `.part`) may have lost arguments or takes them in pieces, and nothing says at its entry where the skb
 * is: it is left out, and so are arguments after the fifth. BTF has no prototype of what was renamed: then it is told that it may take one. `.cold` is no entry, nor is the padding before one (`__pfx_`, 6.2 and newer).
 */
export function usesAmong(functions: readonly string[], prototypes: ReadonlyMap<string, string>): SkbUses {
  const uses: SkbUse[] = [];
  const left: { function: string; why: string }[] = [];
  for (const name of new Set(functions)) {
    if (name.startsWith("__pfx_")) continue;
    const [, source, change] = /^([^.]+)\.(isra|constprop|part)\b/.exec(name) ?? [];
    const prototype = prototypes.get(source ?? name);
    const [argument] = skbArgumentsOf(prototype ?? "");
    if (source !== undefined && !/\.cold\b/.test(name)) {
      if (prototype === undefined) left.push({ function: name, why: `the compiler changed its arguments (.${change!}), and nothing tells whether it takes an skb` });
      else if (argument !== undefined) left.push({ function: name, why: `the compiler changed its arguments (.${change!}): where the skb is cannot be told` });
    } else if (argument !== undefined && argument >= 5) left.push({ function: name, why: `the skb is its argument ${argument + 1}, and five are in reach` });
    else if (argument !== undefined && source === undefined) uses.push({ function: name, argument });
  }
  return { uses, left };
}

function prototypesOfBtf(module: string, base: Btf): ReadonlyMap<string, string> | null {
  const path = `/sys/kernel/btf/${module}`;
  try {
    const btf = btfFromBytes(path, readFileSync(path), base);
    const found = new Map<string, string>();
    for (const id of btf.idsOfKind("func")) if (id >= btf.firstId) found.set(btf.nameOf(id), prototypeText(btf, id));
    return found;
  } catch {
    return null;
  }
}

async function prototypesOfFile(file: string): Promise<ReadonlyMap<string, string> | null> {
  const elf = await openElf(file);
  try {
    const found = sourcePrototypes(elf);
    return found.size === 0 ? null : found;
  } finally {
    elf.close();
  }
}
