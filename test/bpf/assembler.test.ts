import { expect, it } from "vitest";
import { Assembler, r0, r1, r10, r2, reg, type Register } from "../../src/bpf/assembler.ts";

const hex = (code: Assembler): string[] => Buffer.from(code.assemble()).toString("hex").match(/.{16}/g)!;

it("labels lead forwards and backwards, over 64-bit constants, to functions of the program", () => {
  const code = new Assembler()
    .label("again")
    .loadConstant(r1, 0x1_0000_0002n)
    .jump("eq", r1, 0, "end")
    .callLabel("function")
    .jump("ne", r0, reg(r2), "again")
    .label("end")
    .exit()
    .label("function")
    .mov(r0, 0)
    .exit();
  expect(hex(code)).toEqual([
    "1801000002000000", "0000000001000000", "1501020000000000", "8510000002000000", "5d20fbff00000000", "9500000000000000", "b700000000000000", "9500000000000000",
  ]);
});

// Instructions that LLVM 14 does not read; as the kernel's documentation has them (Documentation/bpf/instruction-set.rst).
it.each([
  ["modulo", (a: Assembler) => a.alu("mod", r1, 7), "9701000007000000"],
  ["a test of bits", (a: Assembler) => a.label("x").jump("set", r1, 7, "x"), "4501ffff07000000"],
  ["a constant into memory", (a: Assembler) => a.store(4, r10, -4, 7), "620afcff07000000"],
  ["a map's value", (a: Assembler) => a.loadMapValue(r1, { descriptor: 9 }, 16), "18210000090000000000000010000000"],
  ["a variable of the kernel", (a: Assembler) => a.loadVariable(r1, 300, 4), "183100002c0100000000000004000000"],
  ["a function's address", (a: Assembler) => a.label("x").loadFunction(r1, "x"), "18410000ffffffff0000000000000000"],
  ["a function of the kernel", (a: Assembler) => a.callKernel(300), "852000002c010000"],
  ["one of a module", (a: Assembler) => a.callKernel(300, 1), "852001002c010000"],
])("%s", (_, write, text) => {
  expect(hex(write(new Assembler())).join("")).toBe(text);
});

it.each([
  [(a: Assembler) => a.mov(16 as Register, 0), "register 16"],
  [(a: Assembler) => a.mov(r1, 2 ** 32), "constant 4294967296, of 32 bits"],
  [(a: Assembler) => a.mov(r1, 0.5), "constant 0.5, of 32 bits"],
  [(a: Assembler) => a.load(8, r1, r2, 40000), "offset 40000, of 16 bits"],
  [(a: Assembler) => a.loadConstant(r1, 1n << 64n), "constant 18446744073709551616, of 64 bits"],
  [(a: Assembler) => a.label("a").label("a"), "second label `a`"],
  [(a: Assembler) => a.goto("nowhere"), "label `nowhere`, which is nowhere"],
  [(a: Assembler) => {
    a.goto("far");
    for (let index = 0; index < 40_000; index++) a.exit();
    return a.label("far");
  }, "jump over 40000 instructions to `far`, of 16 bits"],
])("what cannot be written is refused: %#", (write, what) => {
  expect(() => write(new Assembler()).assemble()).toThrow(`the assembler cannot take ${what}`);
});
