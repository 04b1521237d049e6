import { arm64 } from "./arm64.ts";
import type { Machine } from "./machine.ts";
import { x8664 } from "./x86-64.ts";

export type { Machine } from "./machine.ts";

const machines: readonly Machine[] = [x8664, arm64];

/** The machine of an architecture, as an ELF header or a case names it; null for one whose code is not followed. */
export function machineOf(arch: string | null): Machine | null {
  return machines.find((machine) => machine.arch === arch) ?? null;
}
