import type { Btf } from "../btf/index.ts";
import type { Lacking } from "../probe/index.ts";
import type { TracepointPlace } from "./code/context.ts";
import type { Type } from "./expression/index.ts";

/** A function that is to be traced. */
export type FunctionProbe = {
  readonly kind: "function";
  readonly module: string | null;
  readonly name: string;
  /** In the order in which they are to be tried. */
  readonly how: readonly ("fentry" | "kprobe")[];
  /** Null where kallsyms hides it. */
  readonly address: bigint | null;
  /** Of the module, or the kernel: what types its expressions have. */
  readonly btf: Btf;
  /** Of its func in BTF; null where there is none. */
  readonly type: number | null;
  /** Of its func_proto; null where BTF has none for it. */
  readonly prototype: number | null;
  /** Why not by fentry, where a kprobe is taken instead; null where that needs no word. */
  readonly fallback: string | null;
};

export type TracepointProbe = {
  readonly kind: "tracepoint";
  readonly category: string;
  readonly name: string;
  readonly btf: Btf;
  readonly fields: readonly { readonly name: string; readonly type: Type; readonly place: TracepointPlace; readonly value: "place" | "pointer" }[];
};

export type Probe = FunctionProbe | TracepointProbe;

/** A probe that was asked for and cannot be had. */
export type RefusedProbe = { readonly probe: string; readonly why: string };

/** What patterns mean, on a machine of this `arch`. `lacking`: what could not be read, and is therefore unknown. */
export type ResolvedProbes = { readonly probes: readonly Probe[]; readonly refused: readonly RefusedProbe[]; readonly lacking: readonly Lacking[]; readonly arch: string; /** Those that nobody named. */ readonly optional: ReadonlySet<Probe> };

export type ResolveOptions = {
  /** `kprobe` for modules' functions, so that modules can be unloaded. */
  readonly pinned: "may pin modules" | "leaves modules free";
  /** Names that are probes where the kernel has them, and nothing elsewhere. */
  readonly ifThere?: readonly string[];
  /** All functions of all modules that have types, too. */
  readonly modules?: "all" | "as named";
  readonly root?: string;
};

/** As messages name a probe. */
export function probeText(probe: Probe): string {
  if (probe.kind === "tracepoint") return `t:${probe.category}:${probe.name}`;
  return probe.module === null ? probe.name : `${probe.module}:${probe.name}`;
}
