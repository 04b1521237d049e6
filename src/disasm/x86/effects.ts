import type * as Iced from "iced-x86";
import type { EffectInstruction, EffectOperand, Operation } from "../types.ts";
import type { Engine } from "./iced.ts";

/** What each instruction reads and writes, for those who follow values. Bytes that decode to nothing cost themselves alone. 64-bit code. */
export function effectsAll(engine: Engine, bytes: Uint8Array): EffectInstruction[] {
  const { iced, instruction } = engine;
  const decoder = new iced.Decoder(64, bytes, iced.DecoderOptions.None);
  const factory = new iced.InstructionInfoFactory();
  try {
    const list: EffectInstruction[] = [];
    for (let at = 0; at < bytes.length; ) {
      decoder.position = at;
      decoder.ip = BigInt(at);
      decoder.decodeOut(instruction);
      if (decoder.lastError !== iced.DecoderError.None) {
        list.push({ offset: at, size: 1, mnemonic: "(bad)", operation: "invalid", operands: [], writes: [], moves: null, target: null, condition: null });
        at += 1;
        continue;
      }
      list.push(effectOf(engine, decoder, factory, at));
      at += instruction.length;
    }
    return list;
  } finally {
    decoder.free();
    factory.free();
  }
}

const operations: Readonly<Record<string, Operation>> = {
  mov: "move", movzx: "move", movsx: "move", movsxd: "move", movabs: "move", movbe: "move", movq: "move", movd: "move", movups: "move", movaps: "move", movdqu: "move", movdqa: "move",
  lea: "address", add: "add", sub: "subtract", inc: "increment", dec: "decrement", shl: "shift-left", sal: "shift-left", and: "and", imul: "multiply", shr: "shift-right", sar: "shift-right", or: "or", xor: "xor",
  cmp: "compare", test: "test", bt: "bit-test", div: "divide", idiv: "divide", push: "push", pop: "pop", leave: "leave", ud2: "trap", ud1: "trap", ud0: "trap", int3: "trap", nop: "nothing", endbr64: "nothing",
};

function effectOf(engine: Engine, decoder: Iced.Decoder, factory: Iced.InstructionInfoFactory, offset: number): EffectInstruction {
  const { iced, instruction } = engine;
  const { FlowControl } = iced;
  const mnemonic = iced.Mnemonic[instruction.mnemonic].toLowerCase();
  let operation: Operation = operations[mnemonic] ?? "other";
  let condition: string | null = null;
  if (mnemonic.startsWith("cmov")) {
    operation = "choose";
    condition = mnemonic.slice(4);
  }
  if (/^(?:movs|stos|lods|cmps|scas)[bwdq]$/.test(mnemonic) && instruction.opCount > 0) operation = "string";
  const near = () => {
    const kind = instruction.op0Kind;
    return kind === iced.OpKind.NearBranch64 || kind === iced.OpKind.NearBranch32 || kind === iced.OpKind.NearBranch16;
  };
  switch (instruction.flowControl) {
    case FlowControl.Call:
    case FlowControl.IndirectCall:
      if (instruction.opCount > 0) operation = "call";
      break;
    case FlowControl.UnconditionalBranch:
    case FlowControl.IndirectBranch:
      operation = "jump";
      break;
    case FlowControl.ConditionalBranch:
      operation = "branch";
      condition = mnemonic.slice(1);
      break;
    case FlowControl.Return:
      operation = "return";
      break;
    case FlowControl.Next:
    case FlowControl.Interrupt:
    case FlowControl.Exception:
    case FlowControl.XbeginXabortXend:
      break;
  }
  const constants = decoder.getConstantOffsets(instruction);
  const operands: EffectOperand[] = [];
  for (let k = 0; k < instruction.opCount && k < 4; k++) operands.push(operandOf(engine, constants, k));
  constants.free();
  const info = factory.info(instruction);
  const writes: string[] = [];
  for (const used of info.usedRegisters() as Iced.UsedRegister[]) {
    const { OpAccess } = iced;
    const access = used.access;
    if (access === OpAccess.Write || access === OpAccess.CondWrite || access === OpAccess.ReadWrite || access === OpAccess.ReadCondWrite) {
      const name = registerName(engine, used.register);
      if (name !== null && !writes.includes(name)) writes.push(name);
    }
    used.free();
  }
  info.free();
  const target = near() ? Number(BigInt.asIntN(64, instruction.nearBranchTarget)) : null;
  return { offset, size: instruction.length, mnemonic, operation, operands, writes, moves: null, target, condition };
}

function operandOf(engine: Engine, constants: Iced.ConstantOffsets, index: number): EffectOperand {
  const { iced, instruction } = engine;
  const { OpKind, Register } = iced;
  const kind = instruction.opKind(index);
  switch (kind) {
    case OpKind.Register: {
      const register = instruction.opRegister(index);
      const name = registerName(engine, register);
      if (name === null) return { kind: "other" };
      return { kind: "register", register: name, size: iced.RegisterExt.size(register) };
    }
    case OpKind.NearBranch16:
    case OpKind.NearBranch32:
    case OpKind.NearBranch64:
      return { kind: "target" };
    case OpKind.Immediate8:
    case OpKind.Immediate16:
    case OpKind.Immediate32:
    case OpKind.Immediate64:
    case OpKind.Immediate8to16:
    case OpKind.Immediate8to32:
    case OpKind.Immediate8to64:
    case OpKind.Immediate32to64:
      return { kind: "constant", value: BigInt.asIntN(64, instruction.immediate(index)), field: constants.hasImmediate ? constants.immediateOffset : -1 };
    case OpKind.Memory: {
      const size = iced.MemorySizeExt.size(instruction.memorySize);
      const base = instruction.memoryBase;
      const relative = instruction.isIpRelMemoryOperand;
      const field = constants.hasDisplacement ? constants.displacementOffset : -1;
      const displacement = BigInt.asIntN(64, relative ? instruction.ipRelMemoryAddress : instruction.memoryDisplacement);
      const segment = instruction.segmentPrefix === Register.GS ? "gs" : instruction.segmentPrefix === Register.FS ? "fs" : null;
      const index = instruction.memoryIndex;
      return {
        kind: "memory", size, segment, displacement, field, relative,
        base: relative || base === Register.None ? null : registerName(engine, base),
        index: index === Register.None ? null : registerName(engine, index),
        scale: instruction.memoryIndexScale,
      };
    }
    case OpKind.MemorySegSI:
    case OpKind.MemorySegESI:
    case OpKind.MemorySegRSI:
      return { kind: "memory", size: iced.MemorySizeExt.size(instruction.memorySize), segment: null, displacement: 0n, field: -1, relative: false, base: "rsi", index: null, scale: 1 };
    case OpKind.MemorySegDI:
    case OpKind.MemorySegEDI:
    case OpKind.MemorySegRDI:
    case OpKind.MemoryESDI:
    case OpKind.MemoryESEDI:
    case OpKind.MemoryESRDI:
      return { kind: "memory", size: iced.MemorySizeExt.size(instruction.memorySize), segment: null, displacement: 0n, field: -1, relative: false, base: "rdi", index: null, scale: 1 };
    case OpKind.FarBranch16:
    case OpKind.FarBranch32:
    case OpKind.Immediate8_2nd:
      return { kind: "other" };
  }
}

const names = new Map<Iced.Register, string | null>();

/** The whole register that holds this one, as logs name it; null for those that hold no pointers. */
function registerName({ iced }: Engine, register: Iced.Register): string | null {
  let name = names.get(register);
  if (name === undefined) {
    const whole = iced.RegisterExt.fullRegister(register);
    name = iced.RegisterExt.isGPR64(whole) || iced.RegisterExt.isXMM(register) ? iced.Register[iced.RegisterExt.isXMM(register) ? register : whole].toLowerCase() : null;
    names.set(register, name);
  }
  return name;
}
