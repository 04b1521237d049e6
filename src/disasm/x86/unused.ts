import type * as Iced from "iced-x86";
import { activeSegment, branchHint, modrmAt, plainExchange, type Decoded } from "./decoded.ts";
import { isSegment, prefixName } from "./prefixes.ts";

/** The prefixes to be printed: those the instruction makes no use of, and those that have a name of their own in it (`lock`, `rep`, `bnd`). */
export function printedPrefixes(decoded: Decoded): string[] {
  const { prefixes, wide, engine: { iced, instruction }, facts } = decoded;
  if (prefixes.bytes.length === 0) return [];
  const { MandatoryPrefix, OpKind } = iced;
  const all: (number | string)[] = [...prefixes.bytes];
  const lastOf = (wanted: (byte: number) => boolean) => all.findLastIndex((byte) => typeof byte === "number" && wanted(byte));
  const last = (byte: number) => lastOf((other) => other === byte);
  const put = (place: number, text: string) => {
    if (place >= 0) all[place] = text;
  };
  const drop = (place: number) => put(place, "");
  const kinds = facts.operands.map((_, k) => instruction.opKind(k));
  const memory = kinds.includes(OpKind.Memory);

  const legacy = facts.encoding === iced.EncodingKind.Legacy;
  if (dataSizeUsed(decoded) || (legacy && facts.mandatoryPrefix === MandatoryPrefix.P66)) drop(last(0x66));
  if (addressSizeUsed(decoded)) drop(last(0x67));

  const segment = lastOf(isSegment);
  if (segment >= 0) {
    const source = kinds.some((kind) => kind >= OpKind.MemorySegSI && kind <= OpKind.MemorySegRSI) || facts.mnemonic === "xlatb";
    if (branchHint(decoded) !== "") drop(segment);
    else if (noTrack(decoded)) put(segment, "notrack");
    else if (source || (activeSegment(decoded) !== "" && memory)) drop(segment);
  }

  if (legacy && facts.mandatoryPrefix === MandatoryPrefix.PF3) drop(last(0xf3));
  if (legacy && facts.mandatoryPrefix === MandatoryPrefix.PF2) drop(last(0xf2));
  if (instruction.isStringInstruction && !/^(cmps|scas)/.test(facts.mnemonic)) put(last(0xf3), "rep");
  if (facts.takesBound || /^Jmp_rel8/.test(facts.name)) put(last(0xf2), "bnd");
  if (memory && (prefixes.bytes.includes(0xf0) || facts.mnemonic === "xchg" || facts.mnemonic === "mov")) {
    if (facts.takesAcquire) put(last(0xf2), "xacquire");
    if (facts.takesRelease) put(last(0xf3), "xrelease");
  }
  if (legacy && prefixes.rex !== 0 && rexUsed(decoded)) drop(all.length - 1);
  return all.filter((one) => one !== "").map((one) => (typeof one === "string" ? one : prefixName(one, wide)!));
}

/** Whether the operand size prefix changes what the instruction is. */
function dataSizeUsed(decoded: Decoded): boolean {
  const { facts, engine: { iced: { OpKind }, instruction } } = decoded;
  if (/_rel8/.test(facts.name)) return false;
  if (plainExchange(decoded) || /^(Bsf|Bsr)_r64/.test(facts.name)) return true;
  if (facts.name === "Movsxd_r64_rm32") return instruction.op1Kind === OpKind.Register;
  if (facts.operandSize !== 16) return false;
  // Selectors are 16 bits wide in memory by any operand size.
  return !/^(Mov_(rm16|r16m16)_Sreg|Mov_Sreg_(rm16|r16m16)|Sldt|Str|Smsw)/.test(facts.name) || !facts.operands.some((_, k) => instruction.opKind(k) === OpKind.Memory);
}

function addressSizeUsed({ facts, wide, engine: { iced: { OpKind, OpCodeOperandKind }, instruction } }: Decoded): boolean {
  if (/^(j[er]?cxz|loop|monitor|umonitor|clzero)/.test(facts.mnemonic)) return true;
  if (wide && facts.operands.includes(OpCodeOperandKind.mem_offs)) return false;
  return facts.operands.some((_, k) => instruction.opKind(k) >= OpKind.MemorySegSI);
}

/** An indirect near jump or call with a 3E prefix: not tracked by CET. */
function noTrack({ facts, prefixes, engine: { iced: { FlowControl } } }: Decoded): boolean {
  const indirect = facts.flow === FlowControl.IndirectBranch || facts.flow === FlowControl.IndirectCall;
  return indirect && !/m16(16|32|64)/.test(facts.name) && facts.operandSize !== 16 && prefixes.bytes.includes(0x3e);
}

/** Whether every bit of the REX prefix does something. */
function rexUsed(decoded: Decoded): boolean {
  const { prefixes: { rex }, engine: { iced: { OpKind, Register }, instruction }, facts, bytes } = decoded;
  if (plainExchange(decoded) && !prefixesInclude(decoded, 0x66)) return false;
  let used = 0;
  if (facts.operandSize === 64 && !facts.alwaysWide && !ignoresWide(decoded)) used |= 8;
  facts.operands.forEach((declared, k) => {
    const kind = instruction.opKind(k);
    if (kind === OpKind.Memory) {
      const modrm = modrmAt(decoded);
      if (modrm >= 0) used |= 1;
      if (modrm >= 0 && (bytes[modrm]! & 7) === 4) used |= 2;
    } else if (kind === OpKind.Register) {
      const register = instruction.opRegister(k);
      if (register >= Register.SPL && register <= Register.DIL) used |= 0x40;
      used |= registerBits(decoded, declared);
    }
  });
  return (rex & 15 & ~used) === 0 && (used & rex) !== 0;
}

function prefixesInclude({ prefixes }: Decoded, byte: number): boolean {
  return prefixes.bytes.includes(byte);
}

/** Instructions that have a 64-bit form in iced's tables where binutils takes REX.W to be without effect. */
function ignoresWide({ facts, engine: { iced: { OpKind }, instruction } }: Decoded): boolean {
  if (/^(Call|Jmp)_m16/.test(facts.name)) return true;
  if (/^(Pinsrw|Pextrw|Mov_Sreg_r64m16|Mov_r64m16_Sreg|Lldt|Ltr|Verr|Verw|Lmsw|Sldt|Str|Smsw|Getsec)/.test(facts.name)) {
    return !/^(Mov|Sldt|Str|Smsw)/.test(facts.name) || facts.operands.some((_, k) => instruction.opKind(k) === OpKind.Memory);
  }
  return false;
}

/** The REX bit that reaches a register operand: R for the reg field of ModRM, B for its rm field and for registers in the opcode. */
function registerBits({ engine: { iced: { OpCodeOperandKind: K } } }: Decoded, kind: Iced.OpCodeOperandKind): number {
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check
  switch (kind) {
    case K.r8_reg: case K.r16_reg: case K.r32_reg: case K.r64_reg: case K.r16_reg_mem: case K.r32_reg_mem: case K.r64_reg_mem:
    case K.xmm_reg: case K.cr_reg: case K.dr_reg: case K.bnd_reg:
      return 4;
    case K.r8_or_mem: case K.r16_or_mem: case K.r32_or_mem: case K.r64_or_mem: case K.xmm_or_mem: case K.bnd_or_mem_mpx: case K.r32_or_mem_mpx: case K.r64_or_mem_mpx:
    case K.r8_opcode: case K.r16_opcode: case K.r32_opcode: case K.r64_opcode: case K.r16_rm: case K.r32_rm: case K.r64_rm: case K.xmm_rm:
      return 1;
    default:
      return 0;
  }
}
