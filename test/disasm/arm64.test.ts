import { describe, expect, test } from "vitest";
import { disassemble, flow, listCode, memoryAccess } from "../../src/disasm/index.ts";
import { randomForTest } from "../support/seed.ts";

const bytesOf = (words: readonly number[]) => new Uint8Array(Uint32Array.from(words).buffer);
const wordsIn = (text: string) => text.split(/\s+/).map((word) => parseInt(word.replace(/[()]/g, ""), 16));
const texts = async (text: string) => (await disassemble(bytesOf(wordsIn(text)), "arm64")).map((one) => one.text);

describe("a Code: line", () => {
  test("of a real panic, as objdump lists it", async () => {
    const { list, fromTrap } = await listCode(bytesOf(wordsIn("97ffffe7 72001c1f 54000180 d0000003 (79400661)")), 16, "arm64");
    expect(list).toEqual([
      { address: "0x0", bytes: "e7 ff ff 97", text: "bl      0xffffffffffffff9c", trap: false },
      { address: "0x4", bytes: "1f 1c 00 72", text: "tst     w0, #0xff", trap: false },
      { address: "0x8", bytes: "80 01 00 54", text: "b.eq    0x38  // b.none", trap: false },
      { address: "0xc", bytes: "03 00 00 d0", text: "adrp    x3, 0x2000", trap: false },
      { address: "0x10", bytes: "61 06 40 79", text: "ldrh    w1, [x19, #2]", trap: true },
    ]);
    expect(fromTrap).toEqual([{ address: "0x0", bytes: "61 06 40 79", text: "ldrh    w1, [x19, #2]", trap: true }]);
  });

  test("less than a word at the end is data", async () => {
    expect(await disassemble(Uint8Array.of(0x1f, 0x20, 0x03, 0xd5, 1, 2, 0xff), "arm64")).toEqual([
      { offset: 0, size: 4, text: "nop", valid: true },
      { offset: 4, size: 3, text: ".byte   0x01, 0x02, 0xff", valid: false },
    ]);
    expect(await disassemble(new Uint8Array(0), "arm64")).toEqual([]);
  });
});

describe("words", () => {
  test("what stands for what", async () => {
    expect(await texts("910003fd aa0103e0 92800000 b2103fe0 32015fff d2a00000 12bfffe0 53017c00 d3400000 7100041f 6b0203e1 eb21e3ff 1a9f17e0 9a820420 fa431804")).toEqual([
      "mov     x29, sp",
      "mov     x0, x1",
      "mov     x0, #0xffffffffffffffff  // #-1",
      "mov     x0, #0xffff0000ffff0000  // #-281470681808896",
      "mov     wsp, #0x807fffff  // #-2139095041",
      "movz    x0, #0x0, lsl #16",
      "movn    w0, #0xffff, lsl #16",
      "lsr     w0, w0, #1",
      "ubfx    x0, x0, #0, #1",
      "cmp     w0, #0x1",
      "negs    w1, w2",
      "cmp     sp, x1, sxtx",
      "cset    w0, eq  // eq = none",
      "csinc   x0, x1, x2, eq  // eq = none",
      "ccmp    x0, #0x3, #0x4, ne  // ne = any",
    ]);
  });

  test("memory", async () => {
    expect(await texts("a9be7bfd f9400800 f81f0ffe b8627820 38e26820 f862e820 f8408420 a8c17bfd c85ffc20 88a07c41 b820005f 08df7c20 ad400420 4cdf2000 3cc10420 f9800011 580000a0")).toEqual([
      "stp     x29, x30, [sp, #-32]!",
      "ldr     x0, [x0, #16]",
      "str     x30, [sp, #-16]!",
      "ldr     w0, [x1, x2, lsl #2]",
      "ldrsb   w0, [x1, x2]",
      "ldr     x0, [x1, x2, sxtx]",
      "ldr     x0, [x1], #8",
      "ldp     x29, x30, [sp], #16",
      "ldaxr   x0, [x1]",
      "cas     w0, w1, [x2]",
      "stadd   w0, [x2]",
      "ldlarb  w0, [x1]",
      "ldp     q0, q1, [x1]",
      "ld1     {v0.16b-v3.16b}, [x0], #64",
      "ldr     q0, [x1], #16",
      "prfm    pstl1strm, [x0]",
      "ldr     x0, 0x54",
    ]);
  });

  test("system", async () => {
    expect(await texts("d5384100 d5184101 d50342df d5033bbf d503305f d508831f d5087501 d50b7e20 d503233f d50324df d4210000 d4000001 d69f03e0 d65f0bff d63f081f")).toEqual([
      "mrs     x0, sp_el0",
      "msr     sp_el0, x1",
      "msr     daifset, #0x2",
      "dmb     ish",
      "clrex   #0x0",
      "tlbi    vmalle1is",
      "ic      iallu",
      "dc      civac, x0",
      "paciasp",
      "bti     jc",
      "brk     #0x800",
      "svc     #0x0",
      "eret",
      "retaa",
      "blraaz  x0",
    ]);
  });

  test("vectors and floating point", async () => {
    expect(await texts("4ea11c20 6f05e540 4f00c420 6e0c4420 4e183c20 4e284820 5e024020 0ee2e020 ce820c20 1e6e1000 1e602008 9ac25c20 6f823020 0f0da420")).toEqual([
      "mov     v0.16b, v1.16b",
      "movi    v0.2d, #0xff00ff00ff00ff00",
      "movi    v0.4s, #0x1, msl #8",
      "mov     v0.s[1], v1.s[2]",
      "mov     x0, v1.d[1]",
      "aese    v0.16b, v1.16b",
      "sha256h q0, q1, v2.4s",
      "pmull   v0.1q, v1.1d, v2.1d",
      "xar     v0.2d, v1.2d, v2.2d, #3",
      "fmov    d0, #1.000000000000000000e+00",
      "fcmp    d0, #0.0",
      "crc32cx w0, w1, x2",
      "fcmla   v0.4s, v1.4s, v2.s[0], #90",
      "sshll   v0.8h, v1.8b, #5",
    ]);
  });

  test("no instruction, and what is left to others", async () => {
    expect(await disassemble(bytesOf([0, 0xffffffff, 0x00200000, 0x25208800, 0xc0000000]), "arm64")).toEqual([
      { offset: 0, size: 4, text: "udf     #0", valid: true },
      { offset: 4, size: 4, text: ".inst   0xffffffff ; undefined", valid: false },
      { offset: 8, size: 4, text: ".inst   0x00200000 ; NYI", valid: false },
      { offset: 12, size: 4, text: ".inst   0x25208800 ; not decoded", valid: false },
      { offset: 16, size: 4, text: ".inst   0xc0000000 ; not decoded", valid: false },
    ]);
  });
});

describe("flow", () => {
  const of = async (text: string) => (await flow(bytesOf(wordsIn(text)), "arm64")).map((one) => `${one.offset}+${one.size} ${one.flow}${one.target === null ? "" : ` ${one.target}`}`);

  test("calls, jumps and branches with their targets from the start of the bytes", async () => {
    expect(await of("97ffffff 17fffffe 14000003 54000040 54000050 b4ffffe1 35000041 b60800c0 37fffe00")).toEqual([
      "0+4 call -4", "4+4 jump -4", "8+4 jump 20", "12+4 branch 20", "16+4 branch 24", "20+4 branch 16", "24+4 branch 32", "28+4 branch 52", "32+4 branch -32",
    ]);
  });

  test("what goes where a register says, traps, others and words that are none", async () => {
    expect(await of("d61f0200 d63f0020 d71f083f d73f0820 d63f081f d65f03c0 d65f0bff d69f03e0 d6bf03e0 d4210000 d4400000 00000000 d4000001 d503201f ffffffff 25208800")).toEqual([
      "0+4 indirect-jump", "4+4 indirect-call", "8+4 indirect-jump", "12+4 indirect-call", "16+4 indirect-call", "20+4 return", "24+4 return", "28+4 return", "32+4 return",
      "36+4 trap", "40+4 trap", "44+4 trap", "48+4 other", "52+4 other", "56+4 invalid", "60+4 invalid",
    ]);
  });
});

describe("memory operands", () => {
  const of = (word: number) => memoryAccess(bytesOf([word]), "arm64");
  const plain = { index: null, offset: 0, writeback: "none" };

  test.each([
    [0xf9400421, "ldr x1, [x1, #8]", { ...plain, kind: "load", base: "x1", offset: 8, size: 8 }],
    [0xb9401421, "ldr w1, [x1, #20]", { ...plain, kind: "load", base: "x1", offset: 20, size: 4 }],
    [0x381ff3e0, "sturb w0, [sp, #-1]", { ...plain, kind: "store", base: "sp", offset: -1, size: 1 }],
    [0xf8627820, "ldr x0, [x1, x2, lsl #3]", { ...plain, kind: "load", base: "x1", index: { register: "x2", extend: "lsl", shift: 3 }, size: 8 }],
    [0x78a2d820, "ldrsh x0, [x1, w2, sxtw #1]", { ...plain, kind: "load", base: "x1", index: { register: "w2", extend: "sxtw", shift: 1 }, size: 2 }],
    [0xf8408420, "ldr x0, [x1], #8", { ...plain, kind: "load", base: "x1", writeback: "after", size: 8 }],
    [0xa9be7bfd, "stp x29, x30, [sp, #-32]!", { ...plain, kind: "store", base: "sp", offset: -32, writeback: "before", size: 16 }],
    [0xad400420, "ldp q0, q1, [x1]", { ...plain, kind: "load", base: "x1", size: 32 }],
    [0x69400861, "ldpsw x1, x2, [x3]", { ...plain, kind: "load", base: "x3", size: 8 }],
    [0x58000080, "ldr x0, 0x10", { ...plain, kind: "load", base: null, offset: 16, size: 8 }],
    [0xc85ffc20, "ldaxr x0, [x1]", { ...plain, kind: "load", base: "x1", size: 8 }],
    [0x88027c20, "stxr w2, w0, [x1]", { ...plain, kind: "store", base: "x1", size: 4 }],
    [0x48207c82, "casp x0, x1, x2, x3, [x4]", { ...plain, kind: "update", base: "x4", size: 16 }],
    [0xb820005f, "stadd w0, [x2]", { ...plain, kind: "update", base: "x2", size: 4 }],
    [0x38bfc020, "ldaprb w0, [x1]", { ...plain, kind: "load", base: "x1", size: 1 }],
    [0xf8201c20, "ldraa x0, [x1, #8]!", { ...plain, kind: "load", base: "x1", offset: 8, writeback: "before", size: 8 }],
    [0xd9401020, "ldapur x0, [x1, #1]", { ...plain, kind: "load", base: "x1", offset: 1, size: 8 }],
    [0xf9800411, "prfm pstl1strm, [x0, #8]", { ...plain, kind: "prefetch", base: "x0", offset: 8, size: 8 }],
    [0x4cdf2000, "ld1 {v0.16b-v3.16b}, [x0], #64", { ...plain, kind: "load", base: "x0", writeback: "after", size: 64 }],
    [0x0dc29000, "ld1 {v0.s}[1], [x0], x2", { ...plain, kind: "load", base: "x0", writeback: "after", size: 4 }],
    [0x8b020c20, "add x0, x1, x2, lsl #3", null],
    [0xd9201c20, "stg x0, [x1, #16]!", null],
    [0xffffffff, ".inst 0xffffffff ; undefined", null],
  ] as const)("%i is %s", async (word, text, expected) => {
    expect((await texts(word.toString(16)))[0]!.replace(/ +/, " ").replace(/ {2}.*/, "")).toBe(text);
    expect(await of(word)).toEqual(expected);
  });

  test("40,000 words: base, index, offset and who is written back are those of the text", async () => {
    const random = randomForTest("arm64 memory operands");
    let compared = 0;
    for (let k = 0; k < 40_000; k++) {
      const word = ((random.below(0x1_0000) << 16) | random.below(0x1_0000) | 0x0800_0000) & ~0x0200_0000;
      const { text, valid } = (await disassemble(bytesOf([word >>> 0]), "arm64"))[0]!;
      const access = await of(word >>> 0);
      const printed = /\[(x\d+|sp)(?:, #(-?\d+))?(?:, ([wx]\w+)(?:, (uxtw|sxtw|sxtx|lsl))?(?: #(\d+))?)?\](!|, )?/.exec(text);
      if (!valid || !printed || /^(?:stz?2?gm?|st2g|ldgm?|cpy|set)/.test(text.replace(/^stgp.*/, ""))) {
        if (access !== null && access.base !== null) throw new Error(`${text}: ${JSON.stringify(access)}`);
        continue;
      }
      const [, base, offset, register, extend, shift, after] = printed;
      const index = register === undefined ? null : { register, extend: extend ?? "lsl", shift: Number(shift ?? 0) };
      const writeback = after === "!" ? "before" : after === ", " ? "after" : "none";
      expect({ ...access, kind: null, size: null }, text).toEqual({ base, index, offset: Number(offset ?? 0), writeback, kind: null, size: null });
      compared++;
    }
    expect(compared).toBeGreaterThan(10_000);
  });

  test("x86 is refused", async () => {
    await expect(memoryAccess(Uint8Array.of(0x90), "x86_64")).rejects.toMatchObject({ code: "unsupported", facts: { arch: "x86_64" } });
  });
});
