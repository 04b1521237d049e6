import { disassemblerFor, type DisasmArch } from "./arch.ts";
import type { EffectInstruction, FlowInstruction, Instruction } from "./types.ts";

export { canDisassemble, type DisasmArch } from "./arch.ts";
export { listCode, type CodeListing, type CodeRow } from "./code.ts";
export { zeroRuns, type ZeroRun } from "./zeros.ts";
export type { EffectInstruction, EffectOperand, FlowInstruction, Instruction, Operation } from "./types.ts";

/**
 * The bytes as instructions in AT&T syntax, in the words of `objdump -dz` of binutils 2.40 on a section with just these bytes at address 0, which branch
 * targets and `# 0x…` comments count from. Every byte belongs to exactly one instruction; those that decode to nothing have `valid: false`.
 * The first call loads iced-x86 (some 30 ms).
 */
export async function disassemble(bytes: Uint8Array, arch: DisasmArch): Promise<Instruction[]> {
  return (await disassemblerFor(arch)).decode(bytes);
}

/** Where each instruction of a function leads, without text: to tell whether a call ends at an address, and what it calls. */
export async function flow(bytes: Uint8Array, arch: DisasmArch): Promise<FlowInstruction[]> {
  return (await disassemblerFor(arch)).flow(bytes);
}

/** What each instruction of a function does to values, without text. x86-64 alone: throws `unsupported` for others. */
export async function effects(bytes: Uint8Array, arch: DisasmArch): Promise<EffectInstruction[]> {
  return (await disassemblerFor(arch)).effects(bytes);
}
