import { OopscopeError } from "../base/index.ts";
import { disassemblerFor, type DisasmArch } from "./arch.ts";
import type { EffectInstruction, FlowInstruction, Instruction, MemoryAccess } from "./types.ts";

export { canDisassemble, type DisasmArch } from "./arch.ts";
export { listCode, type CodeListing, type CodeRow } from "./code.ts";
export { zeroRuns, type ZeroRun } from "./zeros.ts";
export type { EffectInstruction, EffectOperand, FlowInstruction, Instruction, MemoryAccess, Operation } from "./types.ts";

/**
 * The bytes as instructions (of x86 in AT&T syntax), in the words of `objdump -dz` of binutils 2.40 on a section with just these bytes at address 0, which
 * branch targets and `# 0x…` comments count from. Every byte belongs to exactly one instruction; those that decode to nothing have `valid: false`.
 * The first call for x86 loads iced-x86 (some 30 ms).
 *
 * Of arm64, tabs are the blanks that they stand for, comments stand behind two blanks, and words of SVE and SME are `.inst 0x… ; not decoded`.
 */
export async function disassemble(bytes: Uint8Array, arch: DisasmArch): Promise<Instruction[]> {
  return (await disassemblerFor(arch)).decode(bytes);
}

/** Where each instruction of a function leads, without text: to tell whether a call ends at an address, and what it calls. */
export async function flow(bytes: Uint8Array, arch: DisasmArch): Promise<FlowInstruction[]> {
  return (await disassemblerFor(arch)).flow(bytes);
}

/** What each instruction of a function does to values, without text. Of x86-64 and arm64: throws `unsupported` for others. */
export async function effects(bytes: Uint8Array, arch: DisasmArch): Promise<EffectInstruction[]> {
  const disassembler = await disassemblerFor(arch);
  if (!disassembler.effects) throw new OopscopeError("unsupported", `what the instructions of ${arch} do to values is not read`, { arch });
  return disassembler.effects(bytes);
}

/**
 * What the instruction that the bytes begin with does to memory; null if it does nothing, or nothing that is told here (arm64: memory tags, copies, SVE).
 * Only of arm64 yet: throws `unsupported` for others.
 */
export async function memoryAccess(bytes: Uint8Array, arch: DisasmArch): Promise<MemoryAccess | null> {
  const { access } = await disassemblerFor(arch);
  if (!access) throw new OopscopeError("unsupported", `memory operands of ${arch} are not told yet`, { arch });
  return access(bytes);
}
