import { OopscopeError } from "../base/index.ts";
import { btfFromBytes, type Btf } from "../btf/index.ts";
import { moduleKey } from "../kernel/index.ts";
import { denied, type FunctionPattern } from "../probe/index.ts";
import { readLive } from "../system/index.ts";
import { ownReason } from "./own.ts";
import type { FunctionProbe, ResolveOptions } from "./probe.ts";

// The short way for functions that are named in whole: the lists of the kernel are searched for the name alone, not read. What the kernel then refuses is asked about in the long
// way (`resolveProbes`), which takes ten times as long.

const isCode = (type: number): boolean => type === 0x74 || type === 0x54 || type === 0x77 || type === 0x57;

/** A symbol of code by its name. */
export type NamedSymbol = { readonly address: bigint; readonly module: string | null };

/** All code symbols of this name in the text of /proc/kallsyms. */
export function symbolsNamed(kallsyms: Buffer, name: string): NamedSymbol[] {
  const found: NamedSymbol[] = [];
  for (const ending of ["\n", "\t["]) {
    const wanted = ` ${name}${ending}`;
    for (let at = kallsyms.indexOf(wanted, 0, "latin1"); at >= 0; at = kallsyms.indexOf(wanted, at + 1, "latin1")) {
      if (!isCode(kallsyms[at - 1]!) || kallsyms[at - 2] !== 0x20) continue;
      const start = kallsyms.lastIndexOf("\n", at) + 1;
      const line = kallsyms.toString("latin1", start, kallsyms.indexOf("\n", at + 1));
      const [, digits, module] = /^([0-9a-f]{1,16}) \w [^\t]*(?:\t\[([^\]]+)\])?$/.exec(line) ?? [];
      if (digits !== undefined) found.push({ address: BigInt(`0x${digits}`), module: module ?? null });
    }
  }
  return found;
}

/** The kernel's types, read once a trace; modules' as they are asked for. */
export class LiveTypes {
  readonly kernel: Btf;
  readonly #root: string;
  readonly #modules = new Map<string, Btf | null>();

  constructor(kernel: Btf, root: string) {
    this.kernel = kernel;
    this.#root = root;
  }

  /** Null where the kernel has none for it, or they are damaged. */
  of(module: string | null): Btf | null {
    if (module === null) return this.kernel;
    let known = this.#modules.get(module);
    if (known === undefined) this.#modules.set(module, (known = this.#read(module)));
    return known;
  }

  #read(module: string): Btf | null {
    if (!/^[\w-]+$/.test(module)) return null;
    const path = `${this.#root}/sys/kernel/btf/${moduleKey(module)}`;
    const bytes = readLive(path);
    if ("why" in bytes) return null;
    try {
      return btfFromBytes(path, bytes, this.kernel);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      return null;
    }
  }
}

/** The function that a pattern names in whole; null where the short way does not tell: it is not there, there are several, or tracing it needs a closer look. */
export function exactProbe(kallsyms: Buffer, types: LiveTypes, { exactName, exactModule, module }: FunctionPattern, pinned: ResolveOptions["pinned"]): FunctionProbe | null {
  if (exactName === null || (module !== null && exactModule === null)) return null;
  const all = symbolsNamed(kallsyms, exactName);
  const fitting = exactModule === null ? all : all.filter((symbol) => symbol.module === (exactModule === "vmlinux" ? null : exactModule));
  const [only] = fitting;
  if (only === undefined || fitting.length > 1 || (only.module === null && all.length > 1)) return null;
  if (ownReason(only.module, exactName) !== null || (only.module === null && denied.has(exactName))) return null;
  const btf = types.of(only.module);
  const func = btf?.idsOf(exactName, "func").find((id) => only.module === null || id >= btf.firstId) ?? null;
  if (btf === null || func === null) return null;
  const free = pinned === "leaves modules free" && only.module !== null;
  return { kind: "function", module: only.module, name: exactName, how: free ? ["kprobe"] : ["fentry", "kprobe"], address: only.address === 0n ? null : only.address, btf, type: func, prototype: btf.sizeOrType(func), fallback: null };
}
