import { activeSegment, branchHint, modrmAt, type Decoded } from "./decoded.ts";
import { isSegment, prefixName } from "./prefixes.ts";

/** The prefixes to be printed: those the instruction makes no use of, and those that have a name of their own in it (`lock`, `rep`, `bnd`). */
export function printedPrefixes(decoded: Decoded): string[] {
  const { prefixes, wide, engine: { iced, instruction }, facts } = decoded;
  const { MandatoryPrefix, OpKind, FlowControl } = iced;
  const all: (number | string)[] = [...prefixes.bytes];
  if (all.length === 0) return [];
  const lastOf = (wanted: (byte: number) => boolean) => all.findLastIndex((byte) => typeof byte === "number" && wanted(byte));
  const last = (byte: number) => lastOf((other) => other === byte);
  const put = (place: number, text: string) => { if (place >= 0) all[place] = text; };
  const drop = (place: number) => put(place, "");
  const kinds = facts.operands.map((_, k) => instruction.opKind(k));
  const hasMemory = kinds.some((kind) => kind >= OpKind.MemorySegSI);
  const flow = facts.flow;
  const near = flow === FlowControl.UnconditionalBranch || flow === FlowControl.Call || flow === FlowControl.ConditionalBranch
    || flow === FlowControl.IndirectBranch || flow === FlowControl.IndirectCall || flow === FlowControl.Return;
  const looping = /^(j[er]?cxz|loop)/.test(facts.mnemonic);

  if ((facts.operandSize === 16 && !/_rel8/.test(facts.name)) || facts.mandatoryPrefix === MandatoryPrefix.P66) drop(last(0x66));
  if (hasMemory || looping) drop(last(0x67));

  const segment = lastOf(isSegment);
  if (segment >= 0) {
    const source = kinds.some((kind) => kind >= OpKind.MemorySegSI && kind <= OpKind.MemorySegRSI) || facts.mnemonic === "xlatb";
    const indirectNear = /^(jmp|call)$/.test(facts.mnemonic) && (flow === FlowControl.IndirectBranch || flow === FlowControl.IndirectCall) && !/m16[136]|ptr/.test(facts.name);
    if (branchHint(decoded) !== "") drop(segment);
    else if (indirectNear && facts.operandSize !== 16 && prefixes.bytes.includes(0x3e)) put(segment, "notrack");
    else if (source || (activeSegment(decoded) !== "" && kinds.includes(OpKind.Memory))) drop(segment);
  }

  if (facts.mandatoryPrefix === MandatoryPrefix.PF3) drop(last(0xf3));
  if (facts.mandatoryPrefix === MandatoryPrefix.PF2) drop(last(0xf2));
  if (instruction.isStringInstruction && !/^(cmps|scas)/.test(facts.mnemonic)) put(last(0xf3), "rep");
  if (near && !looping && !/ptr|m16[136]|^Retf|^Iret/.test(facts.name)) put(last(0xf2), "bnd");
  if (prefixes.rex !== 0 && rexUsed(decoded)) drop(all.length - 1);
  return all.filter((one) => one !== "").map((one) => (typeof one === "string" ? one : prefixName(one, wide)!));
}

/** Whether every bit of the REX prefix does something. */
function rexUsed(decoded: Decoded): boolean {
  const { prefixes: { rex }, engine: { iced: { OpCodeOperandKind: K, OpKind, Register }, instruction }, facts, bytes } = decoded;
  let used = 0;
  if (facts.operandSize === 64 && !facts.alwaysWide) used |= 8;
  facts.operands.forEach((declared, k) => {
    const kind = instruction.opKind(k);
    if (kind === OpKind.Memory) {
      const modrm = modrmAt(decoded);
      if (modrm >= 0) used |= 1;
      if (modrm >= 0 && (bytes[modrm]! & 7) === 4) used |= 2;
    } else if (kind === OpKind.Register) {
      const register = instruction.opRegister(k);
      if (register >= Register.SPL && register <= Register.DIL) used |= 0x40;
      if (regField(K, declared)) used |= 4;
      else if (rmField(K, declared)) used |= 1;
    }
  });
  return (rex & 15 & ~used) === 0 && (used & rex) !== 0;
}

type Kinds = Decoded["engine"]["iced"]["OpCodeOperandKind"];

function regField(K: Kinds, kind: number): boolean {
  return ([K.r8_reg, K.r16_reg, K.r32_reg, K.r64_reg, K.xmm_reg, K.cr_reg, K.dr_reg, K.r16_reg_mem, K.r32_reg_mem, K.r64_reg_mem] as number[]).includes(kind);
}

function rmField(K: Kinds, kind: number): boolean {
  return ([K.r8_or_mem, K.r16_or_mem, K.r32_or_mem, K.r64_or_mem, K.xmm_or_mem, K.r8_opcode, K.r16_opcode, K.r32_opcode, K.r64_opcode, K.r16_rm, K.r32_rm, K.r64_rm, K.xmm_rm] as number[]).includes(kind);
}
