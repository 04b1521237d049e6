import type * as Iced from "iced-x86";
import type { Engine } from "./iced.ts";
import { codeDigits, codes, shapeDigits, shapes } from "./opcodes.ts";

/** What the opcode tables say of one kind of instruction; iced's own, out of opcodes.ts. */
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
    const digits = (table: string, from: number, count: number) => Number.parseInt(table.slice(from, from + count), 16);
    const own = code * codeDigits;
    const shape = digits(codes, own, 3) * shapeDigits;
    const kinds = Array.from({ length: 5 }, (_, k) => digits(shapes, shape + 2 * k, 2));
    const flags = digits(shapes, shape + 15, 1);
    facts = {
      name: iced.Code[code],
      mnemonic: iced.Mnemonic[digits(codes, own + 3, 3)]!.toLowerCase(),
      operands: kinds.filter((kind) => kind > 0).map((kind) => kind - 1),
      operandSize: digits(shapes, shape + 10, 2),
      alwaysWide: (flags & 1) !== 0,
      mandatoryPrefix: digits(shapes, shape + 12, 1),
      encoding: digits(shapes, shape + 13, 1),
      table: digits(shapes, shape + 14, 1),
      opCode: digits(codes, own + 6, 4),
      flow: instruction.flowControl,
      takesBound: (flags & 2) !== 0,
      takesAcquire: (flags & 4) !== 0,
      takesRelease: (flags & 8) !== 0,
    };
    known.set(code, facts);
  }
  return facts;
}
