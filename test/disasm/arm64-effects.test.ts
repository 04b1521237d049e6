import { expect, test } from "vitest";
import { effects, memoryAccess, type EffectInstruction, type EffectOperand } from "../../src/disasm/index.ts";
import { expectGolden } from "../support/golden.ts";
import { randomForTest } from "../support/seed.ts";

/** Each instruction as its word, which GNU as made of the text beside it. */
const listing = `
f9400c01 ldr x1, [x0, #24]
b8635822 ldr w2, [x1, w3, uxtw #2]
b8a3d822 ldrsw x2, [x1, w3, sxtw #2]
38636822 ldrb w2, [x1, x3]
f8410441 ldr x1, [x2], #16
f81f8c41 str x1, [x2, #-8]!
a9be7bfd stp x29, x30, [sp, #-32]!
a8c27bfd ldp x29, x30, [sp], #32
294110a3 ldp w3, w4, [x5, #8]
c8017c62 stxr w1, x2, [x3]
c85f7c62 ldxr x2, [x3]
b8210062 ldadd w1, w2, [x3]
c8a17c62 cas x1, x2, [x3]
f9800001 prfm pldl1strm, [x0]
3dc00420 ldr q0, [x1, #16]
aa0103e0 mov x0, x1
910003fd mov x29, sp
528000a0 mov w0, #5
92800000 mov x0, #-1
f2a00240 movk x0, #0x12, lsl #16
10000040 adr x0, .+8
90000000 adrp x0, .+4096
91004020 add x0, x1, #16
d100c3ff sub sp, sp, #48
8b020c20 add x0, x1, x2, lsl #3
8b22d020 add x0, x1, w2, sxtw #4
cb020020 sub x0, x1, x2
71000400 subs w0, w0, #1
f1001c3f cmp x1, #7
6b02003f cmp w1, w2
3100043f cmn w1, #1
721e001f tst w0, #4
ea01001f tst x0, x1
12001c20 and w0, w1, #0xff
6a020020 ands w0, w1, w2
aa020020 orr x0, x1, x2
4a010020 eor w0, w1, w1
8a220020 bic x0, x1, x2
d37df020 lsl x0, x1, #3
53047c20 lsr w0, w1, #4
9342fc20 asr x0, x1, #2
53021020 ubfx w0, w1, #2, #3
d37c7c20 ubfiz x0, x1, #4, #32
d37c0820 ubfiz x0, x1, #4, #3
93407c20 sxtw x0, w1
53001c20 uxtb w0, w1
331c0c20 bfi w0, w1, #4, #4
9b027c20 mul x0, x1, x2
9b020c20 madd x0, x1, x2, x3
9ba20c20 umaddl x0, w1, w2, x3
9b028c20 msub x0, x1, x2, x3
1ac20820 udiv w0, w1, w2
9a821020 csel x0, x1, x2, ne
7a410800 ccmp w0, #1, #0, eq
b4000040 cbz x0, .+8
35000043 cbnz w3, .+8
36180040 tbz w0, #3, .+8
b7080040 tbnz x0, #33, .+8
54000048 b.hi .+8
14000002 b .+8
94000002 bl .+8
d63f0020 blr x1
d61f0040 br x2
d65f03c0 ret
d4210000 brk #0x800
d503201f nop
d5384100 mrs x0, sp_el0
d538d080 mrs x0, tpidr_el1
d5033bbf dmb ish
`;

function operandText(operand: EffectOperand): string {
  switch (operand.kind) {
    case "register":
      return `${operand.register}.${operand.size}`;
    case "constant":
      return `#${operand.value}`;
    case "memory": {
      const index = operand.index === null ? "" : ` + ${operand.scale} * ${operand.index}${operand.indexAs === undefined ? "" : `(${operand.indexAs})`}`;
      return `[${operand.relative ? "start" : (operand.base ?? "0")}${index} + ${operand.displacement}].${operand.size}`;
    }
    case "page":
      return `page ${operand.pages}`;
    case "system":
      return operand.name;
    case "target":
    case "other":
      return operand.kind;
  }
}

function textOf({ operation, operands, writes, moves, target, condition }: EffectInstruction): string {
  const more = [writes.length === 0 ? "" : `writes ${writes.join(" ")}`, moves === null ? "" : `moves ${moves.register} by ${moves.by}`, target === null ? "" : `to ${target}`, condition === null ? "" : `if ${condition}`];
  return [`${operation} ${operands.map(operandText).join(", ")}`.trim(), ...more.filter((text) => text !== "")].join("; ");
}

function bytesOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  words.forEach((word, k) => new DataView(bytes.buffer).setUint32(k * 4, word, true));
  return bytes;
}

test("what instructions of A64 do to values", async () => {
  const rows = listing.trim().split("\n").map((row) => [parseInt(row.slice(0, 8), 16), row.slice(9)] as const);
  const lines = [];
  for (const [word, text] of rows) lines.push(`${text.padEnd(36)} ${textOf((await effects(bytesOf([word]), "arm64"))[0]!)}`);
  expectGolden(`${lines.join("\n")}\n`, new URL("arm64-effects.txt", import.meta.url));
});

test("any bytes: each word is one instruction, and its first access is the one that memoryAccess tells", async () => {
  const random = randomForTest("arm64 effects");
  const words = Array.from({ length: 20_000 }, () => random.below(2 ** 32));
  const list = await effects(bytesOf(words), "arm64");
  expect(list.map(({ offset, size }) => [offset, size])).toEqual(words.map((_, k) => [k * 4, 4]));
  for (const [k, { operands, operation }] of list.entries()) {
    const access = await memoryAccess(bytesOf([words[k]!]), "arm64");
    const places = operands.filter((operand) => operand.kind === "memory");
    if (access === null || access.kind === "prefetch") expect(operation === "address" || places.length === 0).toBe(true);
    else expect(places[0]).toMatchObject({ base: access.base, displacement: BigInt(access.offset + (access.base === null ? k * 4 : 0)), size: access.size / places.length });
  }
});
