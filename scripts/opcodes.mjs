// Writes src/disasm/x86/opcodes.ts: what iced-x86 knows of its instruction codes, of which it would build a table of its own at the first question (6 ms of each start that
// lists a `Code:` line). Run it after iced-x86 has changed; the tests compare the table with iced-x86.
import { writeFileSync } from "node:fs";
import iced from "iced-x86";

const hex = (value, width) => {
  const text = value.toString(16).padStart(width, "0");
  if (text.length > width) throw new Error(`${value} has more than ${width} digits`);
  return text;
};

const shapes = new Map();
const codes = [];
for (const code of Object.values(iced.Code).filter((value) => typeof value === "number")) {
  const info = iced.CodeExt.opCode(code);
  const operands = Array.from({ length: 5 }, (_, k) => hex(k < info.opCount ? info.opKind(k) + 1 : 0, 2)).join("");
  const flags = Number(info.defaultOpSize64 || info.forceOpSize64) | (Number(info.canUseBndPrefix) << 1) | (Number(info.canUseXacquirePrefix) << 2) | (Number(info.canUseXreleasePrefix) << 3);
  const shape = operands + hex(info.operandSize, 2) + [info.mandatoryPrefix, info.encoding, info.table, flags].map((value) => hex(value, 1)).join("");
  if (!shapes.has(shape)) shapes.set(shape, shapes.size);
  codes[code] = hex(shapes.get(shape), 3) + hex(info.mnemonic, 3) + hex(info.opCode, 4);
  info.free();
}
const wrapped = (text) => text.match(/.{1,160}/g).map((line) => `  "${line}"`).join(" +\n");
writeFileSync(new URL("../src/disasm/x86/opcodes.ts", import.meta.url), `// Written by scripts/opcodes.mjs.

export const codeDigits = 10;
/** For each instruction code of iced-x86 ten hexadecimal digits: its shape (3), mnemonic (3) and opcode (4). */
export const codes =
${wrapped(codes.join(""))};

export const shapeDigits = 16;
/** Sixteen hexadecimal digits each: the kinds of five operands plus one or 0 (2 each), operand size (2), mandatory prefix, encoding, opcode table, flags (1 each). */
export const shapes =
${wrapped([...shapes.keys()].join(""))};
`);
console.log(codes.length, shapes.size);
