import type * as Iced from "iced-x86";
import { activeSegment, addressSize, modrmAt, plainExchange, type Decoded } from "./decoded.ts";
import { reservedNop } from "./mnemonic.ts";

/** The operands in AT&T order. */
export function operandTexts(decoded: Decoded): string[] {
  const { engine: { iced, formatter, instruction }, facts, instead } = decoded;
  const { OpKind, OpCodeOperandKind } = iced;
  const fixed = fixedOperands(decoded);
  if (fixed !== undefined) return fixed;
  const texts: string[] = [];
  const shown = formatter.operandCount(instruction);
  const indirect = facts.flow === iced.FlowControl.IndirectBranch || facts.flow === iced.FlowControl.IndirectCall;
  for (let place = 0; place < shown; place++) {
    const operand = formatter.getInstructionOperand(instruction, place);
    if (operand === undefined) {
      texts.push(formatter.formatOperand(instruction, place));
      continue;
    }
    const declared = facts.operands[operand]!;
    if (operand === 1 && reservedNop(decoded)) continue;
    if (declared === OpCodeOperandKind.imm8_const_1) continue; // a shift by one
    const kind = instruction.opKind(operand);
    let text: string;
    // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check
    switch (kind) {
      case OpKind.NearBranch16:
      case OpKind.NearBranch32:
      case OpKind.NearBranch64:
        text = `0x${branchTarget(decoded).toString(16)}`;
        break;
      case OpKind.Memory:
        text = instead?.operand === "memory" ? instead.text : memoryText(decoded);
        if (indirect) text = `*${text}`;
        if (facts.encoding === iced.EncodingKind.EVEX) text += /(\{[^}]*\})*$/.exec(formatter.formatOperand(instruction, place))![0];
        break;
      case OpKind.MemorySegSI: case OpKind.MemorySegESI: case OpKind.MemorySegRSI:
      case OpKind.MemorySegDI: case OpKind.MemorySegEDI: case OpKind.MemorySegRDI:
      case OpKind.MemoryESDI: case OpKind.MemoryESEDI: case OpKind.MemoryESRDI:
        text = stringText(decoded, kind);
        break;
      default:
        text = formatter.formatOperand(instruction, place);
        if (declared === OpCodeOperandKind.dx) text = `(${text})`;
        else if (declared === OpCodeOperandKind.dr_reg) text = text.replace("%dr", "%db");
        else if (declared === OpCodeOperandKind.seg_reg && instead?.operand === "segment") text = instead.text;
        else if (instead?.operand === "rm" && isRm(decoded, declared)) text = instead.text;
        else if (/^P(insr|extr)w.*_r64/.test(facts.name) && declared !== OpCodeOperandKind.imm8 && /^%r/.test(text)) text = formatter.formatRegister(wider(decoded, instruction.opRegister(operand)));
        else if (facts.name === "Movsxd_r16_rm16") text = operand === 1 ? formatter.formatRegister(wider(decoded, instruction.opRegister(1))) : text;
    }
    texts.push(text);
  }
  // iced leaves out a repeated register that binutils prints: imul $3,%eax,%eax.
  if (facts.mnemonic === "imul" && facts.operands.length === 3 && texts.length === 2) texts.push(texts[1]!);
  return texts;
}

/** Operands that the bytes do not choose, where binutils prints others than iced. */
function fixedOperands(decoded: Decoded): string[] | undefined {
  const { facts, engine: { iced: { Register }, formatter, instruction }, bytes, at, prefixes } = decoded;
  const address = addressSize(decoded) === 64 ? "%rax" : addressSize(decoded) === 32 ? "%eax" : "%ax";
  switch (facts.mnemonic) {
    case "monitor":
    case "monitorx":
      return [address, "%ecx", "%edx"];
    case "mwait":
      return ["%eax", "%ecx"];
    case "mwaitx":
      return ["%eax", "%ecx", "%ebx"];
    case "skinit": case "invlpga": case "vmrun": case "vmload": case "vmsave": case "clzero": case "invlpgb": case "tlbsync": case "pvalidate":
    case "psmash": case "rmpupdate": case "rmpadjust":
      return [];
    case "bound":
      return [formatter.formatRegister(instruction.opRegister(0)), memoryText(decoded)];
    case "xchg":
    case "nop":
      return plainExchange(decoded) && !prefixes.bytes.includes(0x66) ? [] : undefined;
    default: {
      // iced leaves out the usual registers of x87 instructions: faddp, fcom, fucom, fxch.
      const opcode = bytes[at + prefixes.size]!;
      if (opcode < 0xd8 || opcode > 0xdf || facts.operands.length === 0 || formatter.operandCount(instruction) > 0) return undefined;
      const registers = facts.operands.map((_, k) => instruction.opRegister(k));
      const names = registers.map((register) => (register === Register.ST0 ? "%st" : formatter.formatRegister(register)));
      return opcode === 0xde ? names.reverse() : names.slice(1);
    }
  }
}

function isRm({ engine: { iced: { OpCodeOperandKind: K } } }: Decoded, declared: number): boolean {
  return [K.mm_or_mem, K.xmm_or_mem, K.mm_rm, K.xmm_rm, K.r32_or_mem, K.r64_or_mem, K.r16_or_mem, K.r8_or_mem, K.r32_rm, K.r64_rm].includes(declared);
}

function wider({ engine: { iced: { RegisterExt } } }: Decoded, register: Iced.Register): Iced.Register {
  return RegisterExt.fullRegister32(register);
}

/** `%ds:(%rsi)` and `%es:(%rdi)` of the string instructions. */
function stringText(decoded: Decoded, kind: Iced.OpKind): string {
  const { engine: { iced: { OpKind } } } = decoded;
  const es = kind === OpKind.MemoryESDI || kind === OpKind.MemoryESEDI || kind === OpKind.MemoryESRDI;
  const source = kind === OpKind.MemorySegSI || kind === OpKind.MemorySegESI || kind === OpKind.MemorySegRSI;
  const wide = kind === OpKind.MemorySegRSI || kind === OpKind.MemorySegRDI || kind === OpKind.MemoryESRDI;
  const narrow = kind === OpKind.MemorySegSI || kind === OpKind.MemorySegDI || kind === OpKind.MemoryESDI;
  const register = `${wide ? "r" : narrow ? "" : "e"}${source ? "si" : "di"}`;
  const segment = es ? "es" : activeSegment(decoded) || "ds";
  return `%${segment}:(%${register})`;
}

function memoryText(decoded: Decoded): string {
  const { engine: { iced: { Register }, formatter, instruction }, wide, bytes } = decoded;
  const base = instruction.memoryBase;
  const index = instruction.memoryIndex;
  const size = instruction.memoryDisplSize;
  const segment = activeSegment(decoded);
  let text = segment === "" ? "" : `%${segment}:`;
  if (decoded.facts.mnemonic === "xlatb") {
    if (text === "") text = "%ds:";
    return `${text}(${formatter.formatRegister(base)})`;
  }
  const modrm = modrmAt(decoded);
  const has = base !== Register.None || index !== Register.None;
  let sibShown = false;
  let scale = 0;
  if (modrm >= 0 && addressSize(decoded) !== 16 && (bytes[modrm]! & 7) === 4 && bytes[modrm]! < 0xc0) {
    const sib = bytes[modrm + 1]!;
    scale = sib >> 6;
    sibShown = scale !== 0 || index !== Register.None || (base === Register.None ? !wide : (sib & 7) !== 4);
  }
  if (size !== 0 || !has) {
    const width = addressSize(decoded);
    const disp = instruction.memoryDisplacement;
    if (base === Register.RIP || base === Register.EIP) {
      text += signed(relative(decoded), 64);
    } else if (has || sibShown) text += signed(disp, width);
    else text += `0x${BigInt.asUintN(width, disp).toString(16)}`;
  }
  if (has || sibShown) {
    const indexName = index !== Register.None ? formatter.formatRegister(index) : wide && addressSize(decoded) === 64 ? "%riz" : "%eiz";
    text += `(${base === Register.None ? "" : formatter.formatRegister(base)}`;
    if (addressSize(decoded) === 16) text += index === Register.None ? ")" : `,${formatter.formatRegister(index)})`;
    else text += sibShown ? `,${indexName},${1 << scale})` : ")";
  }
  return text;
}

/** Where a direct near branch goes, from the start of the bytes; as the address would wrap. */
export function branchTarget({ engine: { instruction }, facts, bytes, at, size, wide }: Decoded): bigint {
  const short = /_rel8/.test(facts.name);
  // An operand size prefix leaves short branches alone, binutils holds.
  if (short) return BigInt.asUintN(wide ? 64 : 32, BigInt(at + size + ((bytes[at + size - 1]! << 24) >> 24)));
  return BigInt.asUintN(wide ? 64 : 32, instruction.nearBranchTarget);
}

/** The displacement from the end of the instruction, which the bytes hold. */
function relative(decoded: Decoded): bigint {
  const { engine: { instruction } } = decoded;
  return BigInt.asIntN(32, instruction.ipRelMemoryAddress - instruction.nextIP);
}

function signed(value: bigint, width: number): string {
  const number = BigInt.asIntN(width, value);
  return number < 0n ? `-0x${(-number).toString(16)}` : `0x${number.toString(16)}`;
}

/** `        # 0x1234`: where an operand relative to the instruction pointer points. */
export function ripComment(decoded: Decoded): string {
  const { instruction } = decoded.engine;
  if (!instruction.isIpRelMemoryOperand) return "";
  return `        # 0x${BigInt.asUintN(64, relative(decoded) + instruction.nextIP).toString(16)}`;
}
