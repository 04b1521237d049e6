import type * as Iced from "iced-x86";
import type { Engine } from "./iced.ts";

/** What the opcode tables say of one kind of instruction; asked of iced once for each. */
export type Facts = {
  /** iced's name of the encoding, such as `Call_rel32_64`. */
  readonly name: string;
  readonly mnemonic: string;
  readonly operands: readonly Iced.OpCodeOperandKind[];
  readonly operandSize: number;
  /** 64 bits wide with or without REX.W. */
  readonly alwaysWide: boolean;
  readonly mandatoryPrefix: Iced.MandatoryPrefix;
  readonly encoding: Iced.EncodingKind;
  readonly table: Iced.OpCodeTableKind;
  readonly opCode: number;
  readonly flow: Iced.FlowControl;
  /** F2 before it is printed `bnd`. */
  readonly takesBound: boolean;
  /** F2 and F3 before it are hints of lock elision, `xacquire` and `xrelease`. */
  readonly takesAcquire: boolean;
  readonly takesRelease: boolean;
};

const known = new Map<Iced.Code, Facts>();

/** The facts of the engine's current instruction. */
export function factsOf({ iced, instruction }: Engine): Facts {
  const code = instruction.code;
  let facts = known.get(code);
  if (facts === undefined) {
    const opCode = instruction.opCode;
    facts = {
      name: iced.Code[code],
      mnemonic: iced.Mnemonic[opCode.mnemonic].toLowerCase(),
      operands: Array.from({ length: opCode.opCount }, (_, k) => opCode.opKind(k)),
      operandSize: opCode.operandSize,
      alwaysWide: opCode.defaultOpSize64 || opCode.forceOpSize64,
      mandatoryPrefix: opCode.mandatoryPrefix,
      encoding: opCode.encoding,
      table: opCode.table,
      opCode: opCode.opCode,
      flow: instruction.flowControl,
      takesBound: opCode.canUseBndPrefix,
      takesAcquire: opCode.canUseXacquirePrefix,
      takesRelease: opCode.canUseXreleasePrefix,
    };
    opCode.free();
    known.set(code, facts);
  }
  return facts;
}
