import { createRequire } from "node:module";
import type * as Iced from "iced-x86";
import { expect, test } from "vitest";
import { factsOf } from "../../src/disasm/x86/facts.ts";
import type { Engine } from "../../src/disasm/x86/iced.ts";

const iced = createRequire(import.meta.url)("iced-x86") as typeof Iced;

test("the table of opcodes says what iced-x86 says, for every code", () => {
  const instruction = new iced.Instruction();
  const engine = { iced, instruction } as unknown as Engine;
  const all = Object.values(iced.Code).filter((code): code is Iced.Code => typeof code === "number");
  for (const code of all) {
    instruction.code = code;
    const info = iced.CodeExt.opCode(code);
    expect(factsOf(engine)).toEqual({
      name: iced.Code[code],
      mnemonic: iced.Mnemonic[info.mnemonic].toLowerCase(),
      operands: Array.from({ length: info.opCount }, (_, k) => info.opKind(k)),
      operandSize: info.operandSize,
      alwaysWide: info.defaultOpSize64 || info.forceOpSize64,
      mandatoryPrefix: info.mandatoryPrefix,
      encoding: info.encoding,
      table: info.table,
      opCode: info.opCode,
      flow: instruction.flowControl,
      takesBound: info.canUseBndPrefix,
      takesAcquire: info.canUseXacquirePrefix,
      takesRelease: info.canUseXreleasePrefix,
    });
    info.free();
  }
  expect(all.length).toBeGreaterThan(4000);
});
