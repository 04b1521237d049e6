import type { DisasmArch } from "../../../disasm/index.ts";

/** A processor's general registers, by the names of the log, and where its kernel puts things: enough to say what a value looks like. */
export type RegisterFile = {
  readonly arch: DisasmArch;
  /** For sentences. */
  readonly name: string;
  readonly bits: 32 | 64;
  /** In the order in which the kernel prints them. */
  readonly general: readonly string[];
  readonly stack: string;
  /** Bytes of a task's stack, a power of two. */
  readonly stackSize: bigint;
  /** Where the kernel puts things without randomization of the regions: first and last address. */
  readonly regions: readonly (readonly [bigint, bigint, string])[];
};

/** 32-bit x86, whose code is not followed. Addresses are those of the default split of 3 to 1 GB (arch/x86/include/asm/page_32_types.h). */
export const i386: RegisterFile = {
  arch: "i386",
  name: "x86",
  bits: 32,
  general: ["eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp"],
  stack: "esp",
  stackSize: 0x2000n,
  regions: [],
};
