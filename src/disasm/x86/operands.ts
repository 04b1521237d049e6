import type * as Iced from "iced-x86";
import { activeSegment, addressSize, modrmAt, type Decoded } from "./decoded.ts";

/** The operands in AT&T order. */
export function operandTexts(decoded: Decoded): string[] {
  const { engine: { iced, formatter, instruction }, facts } = decoded;
  const { OpKind, OpCodeOperandKind } = iced;
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
        text = memoryText(decoded);
        if (indirect) text = `*${text}`;
        break;
      case OpKind.MemorySegSI: case OpKind.MemorySegESI: case OpKind.MemorySegRSI:
      case OpKind.MemorySegDI: case OpKind.MemorySegEDI: case OpKind.MemorySegRDI:
      case OpKind.MemoryESDI: case OpKind.MemoryESEDI: case OpKind.MemoryESRDI:
        text = stringText(decoded, kind);
        break;
      default:
        text = formatter.formatOperand(instruction, place);
        if (declared === OpCodeOperandKind.dx) text = `(${text})`;
    }
    texts.push(text);
  }
  // iced leaves out a repeated register that binutils prints: imul $3,%eax,%eax.
  if (facts.mnemonic === "imul" && facts.operands.length === 3 && texts.length === 2) texts.push(texts[1]!);
  return texts;
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
    sibShown = scale !== 0 || index !== Register.None || (base !== Register.None && (sib & 7) !== 4);
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
export function ripComment({ engine: { instruction } }: Decoded): string {
  if (!instruction.isIpRelMemoryOperand) return "";
  return `        # 0x${BigInt.asUintN(64, instruction.ipRelMemoryAddress).toString(16)}`;
}
