import { arm64 } from "./arm64.ts";
import type { Machine } from "./machine.ts";
import { i386, type RegisterFile } from "./registers.ts";
import { x8664 } from "./x86-64.ts";

export type { Machine } from "./machine.ts";
export type { RegisterFile } from "./registers.ts";

const machines: readonly Machine[] = [x8664, arm64];

/** The machine of an architecture, as an ELF header or a case names it; null for one whose code is not followed. */
export function machineOf(arch: string | null): Machine | null {
  return machines.find((machine) => machine.arch === arch) ?? null;
}

/** The registers of an architecture, also of one whose code is not followed; null for those that nothing is said of. */
export function registerFileOf(arch: string | null): RegisterFile | null {
  return machineOf(arch) ?? (arch === i386.arch ? i386 : null);
}
