import { readFileSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { btfFromBytes, type Btf } from "../btf/index.ts";
import { kernelConfig, sysctl } from "../system/index.ts";
import { taintText, type KernelWords } from "./text.ts";

/** What the running kernel's types tell of what can be hooked. Throws `missing-feature` for a kernel without BTF. */
export function kernelTypes(): { readonly btf: Btf; readonly argumentsOf: (name: string) => number | null; readonly hasTracepoint: (name: string) => boolean; readonly hasLoop: boolean; readonly sizes: AllocationSizes } {
  const path = "/sys/kernel/btf/vmlinux";
  let btf: Btf;
  try {
    btf = btfFromBytes(path, readFileSync(path));
  } catch (cause) {
    throw new OopscopeError("missing-feature", `this kernel does not tell its types (${path}, CONFIG_DEBUG_INFO_BTF): guard reads the fields of an skb by them`, { file: path }, cause);
  }
  return {
    btf,
    argumentsOf: (name) => {
      const ids = btf.idsOf(name, "func");
      if (ids.length !== 1) return null;
      const type = btf.type(ids[0]!);
      const prototype = type.kind === "func" ? btf.type(type.type) : null;
      return prototype?.kind === "func_proto" ? prototype.parameters.length : null;
    },
    hasTracepoint: (name) => btf.find(`btf_trace_${name}`, "typedef") !== null,
    // `BPF_FUNC_loop` of enum bpf_func_id: the helper is there (5.17).
    hasLoop: hasEnumerator(btf, "bpf_func_id", "BPF_FUNC_loop"),
    sizes: { kmalloc: sizeArgument(btf, "kmalloc"), cache: sizeArgument(btf, "kmem_cache_alloc") },
  };
}

/** Which argument of the allocator's tracepoints is the size in bytes that was given, from 0; −1: none, it is the cache's, which stands at 2. */
export type AllocationSizes = { readonly kmalloc: number; readonly cache: number };

/** (call site, address, bytes wanted, bytes given, …), and where the cache is told before them, one later; or the cache alone (6.1: include/trace/events/kmem.h). */
function sizeArgument(btf: Btf, tracepoint: string): number {
  const id = btf.find(`btf_trace_${tracepoint}`, "typedef");
  const pointer = id === null ? null : btf.type(id);
  const prototype = pointer?.kind === "typedef" ? btf.type(pointer.type) : null;
  const target = prototype?.kind === "ptr" ? btf.type(prototype.type) : null;
  if (target?.kind !== "func_proto") return 3;
  // The first parameter is the tracepoint's own.
  const parameters = target.parameters.slice(1).map(({ type }) => btf.type(type).kind);
  return parameters[2] !== "ptr" ? 3 : tracepoint === "kmalloc" ? 4 : -1;
}

function hasEnumerator(btf: Btf, name: string, wanted: string): boolean {
  const id = btf.find(name, "enum");
  const type = id === null ? null : btf.type(id);
  return type?.kind === "enum" && type.values.some((value) => value.name === wanted);
}

/** Release, version and taint, as reports of the kernel have them. */
export function kernelWords(): KernelWords {
  const text = (name: string): string => sysctl(`kernel.${name}`) ?? "unknown";
  return { release: text("osrelease"), version: text("version"), taint: taintText(BigInt(sysctl("kernel.tainted") ?? 0)) };
}

/** Whether the kernel wipes what is free: SLUB's poison, or init_on_free. Then an skb that was freed does not look as if it had one owner. */
export function wipesFree(): boolean {
  const lines = (path: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return "";
    }
  };
  const words = lines("/proc/cmdline").split(/\s+/);
  const option = words.filter((word) => word.startsWith("init_on_free=")).at(-1);
  const inits = option === undefined ? kernelConfig(sysctl("kernel.osrelease") ?? "")?.options.get("INIT_ON_FREE_DEFAULT_ON") === "y" : /=(?:1|y|on)/.test(option);
  // Caches of one size share one, and its name: words of the command line say more.
  return inits || words.some((word) => /^slu?b_debug(?:=.*P|$|=,)/.test(word)) || ["skbuff_head_cache", "skbuff_cache", "skbuff_fclone_cache"].some((name) => lines(`/sys/kernel/slab/${name}/poison`).trim() === "1");
}

/** Processors by number, from a list as `0-3,6` (/sys/devices/system/cpu). */
export function processors(which: "possible" | "online"): number[] {
  const text = readFileSync(`/sys/devices/system/cpu/${which}`, "utf8").trim();
  return text.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
}
