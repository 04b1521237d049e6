import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { btfFromBytes, type Btf } from "../btf/index.ts";
import { readAside } from "./native.ts";

const folder = "/sys/kernel/btf";
let vmlinux: { readonly btf: Btf | null } | null = null;

/** The running kernel's types, read once; null where it has none (CONFIG_DEBUG_INFO_BTF). */
export function kernelBtf(): Btf | null {
  vmlinux ??= { btf: read("vmlinux", null) };
  return vmlinux.btf;
}

/** The same, read on another thread: the kernel gives a page at a time. Throws `missing-library`. */
export async function readKernelBtf(): Promise<Btf | null> {
  if (vmlinux === null) {
    const path = join(folder, "vmlinux");
    const bytes = await readAside(path);
    try {
      vmlinux ??= { btf: bytes && btfFromBytes(path, bytes) };
    } catch {
      vmlinux = { btf: null };
    }
  }
  return vmlinux.btf;
}

/** Those of a module that is loaded now; null where it has none. */
export function moduleBtf(name: string): Btf | null {
  const base = kernelBtf();
  return base && /^[\w-]+$/.test(name) ? read(name.replaceAll("-", "_"), base) : null;
}

/** Names of the loaded modules that have types. */
export function modulesWithBtf(): string[] {
  try {
    return readdirSync(folder).filter((name) => name !== "vmlinux");
  } catch {
    return [];
  }
}

/** Where a function is that has a type of its own: `vmlinux`, a module, or null. `prefix` is what hooks and tracepoints have in front: `bpf_lsm_`, `btf_trace_`. */
export function imageWithType(name: string, kind: "func" | "typedef"): string | null {
  const base = kernelBtf();
  if (base === null) return null;
  if (base.find(name, kind) !== null) return "vmlinux";
  for (const module of modulesWithBtf()) {
    const btf = moduleBtf(module);
    // Only the module's own types: those of the kernel were looked through already.
    if (btf?.idsOf(name, kind).some((id) => id >= btf.firstId) === true) return module;
  }
  return null;
}

function read(name: string, base: Btf | null): Btf | null {
  try {
    return btfFromBytes(join(folder, name), readFileSync(join(folder, name)), base);
  } catch {
    return null;
  }
}
