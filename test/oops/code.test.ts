import { expect, test } from "vitest";
import { parseLog } from "../../src/oops/index.ts";

// The lines of arch/powerpc/kernel/process.c show_instructions, arch/s390/kernel/dis.c show_code, arch/mips/kernel/traps.c show_code and the rest, within an oops.
const codeOf = (...lines: string[]) => {
  const { code, kernel } = parseLog(Buffer.from(`Oops: Kernel access of bad area, sig: 11 [#1]\n${lines.join("\n")}\n---[ end trace 0000000000000000 ]---\n`)).reports[0]!;
  return { arch: kernel.arch, code: code.map(({ line, bytes, unit, trap }) => ({ line, bytes: Buffer.from(bytes).toString("hex"), unit, trap })) };
};
const power = ["NIP [c0080000005b0118] chain_next+0x18/0x60 [chain]", "Call Trace:", "[c000000003c67a90] [c0080000005b0148] chain_write+0x28/0x70 [chain]"];

test("powerpc: the words of an instruction dump, little endian", () => {
  expect(codeOf("LE PAGE_SIZE=64K MMU=Radix SMP NR_CPUS=2048 NUMA pSeries", ...power, "Instruction dump:", "4bfffe2d 60000000 XXXXXXXX 3c4c0001", "38428000 <e9230008> 7c0802a6")).toEqual({
    arch: "ppc64", code: [{ line: 7, bytes: "01004c3c" + "00804238" + "080023e9" + "a602087c", unit: 4, trap: 8 }],
  });
});

test("powerpc: the same, big endian", () => {
  expect(codeOf("BE PAGE_SIZE=64K MMU=Hash SMP NR_CPUS=2048 NUMA pSeries", ...power, "Instruction dump:", "4bfffe2d 60000000 XXXXXXXX 3c4c0001", "38428000 <e9230008> 7c0802a6")).toEqual({
    arch: "ppc64", code: [{ line: 7, bytes: "3c4c0001" + "38428000" + "e9230008" + "7c0802a6", unit: 4, trap: 8 }],
  });
});

test("powerpc: nothing tells the order", () => {
  expect(codeOf(...power, "Instruction dump:", "4bfffe2d 60000000 <e9230008>")).toEqual({ arch: "ppc64", code: [{ line: 6, bytes: "", unit: 1, trap: null }] });
});

test("powerpc: the trapping word cannot be read", () => {
  expect(codeOf("LE PAGE_SIZE=4K", ...power, "Instruction dump:", "XXXXXXXX XXXXXXXX XXXXXXXX", "<XXXXXXXX> XXXXXXXX XXXXXXXX").code).toEqual([{ line: 7, bytes: "", unit: 1, trap: null }]);
});

test("s390: its own listing", () => {
  expect(codeOf(
    "Krnl PSW : 0704c00180000000 000003ff80380118 (chain_next+0x18/0x60 [chain])",
    "Krnl Code: 000003ff8038010a: e310f0980004\tlg\t%r1,152(%r15)",
    "           000003ff80380110: a7180000\t\tlhi\t%r1,0",
    "          #000003ff80380114: 1817\t\tlr\t%r1,%r7",
    "          >000003ff80380116: e32010000004\tlg\t%r2,0(%r1)",
    "Call Trace:",
    " [<000003ff80380118>] chain_next+0x18/0x60 [chain]",
  )).toEqual({ arch: "s390x", code: [{ line: 3, bytes: "e310f0980004" + "a7180000" + "1817" + "e32010000004", unit: 1, trap: 12 }] });
});

test("arm64, riscv and loongarch are little endian", () => {
  expect(codeOf("pc : f+0x1/0x2", "x29: ffff800008223840 x28: ffff8000082239c0 x27: 0000000000000000", "Code: 128001e0 (f9400421)")).toEqual({ arch: "arm64", code: [{ line: 4, bytes: "e0018012" + "210440f9", unit: 4, trap: 4 }] });
  expect(codeOf("epc : f+0x1/0x2 ra : g+0x3/0x4", "status: 0000000200000120 badaddr: 0000000000000008 cause: 000000000000000d", "Code: 1141 e422 0800 (651c) 60a2").code).toEqual([{ line: 4, bytes: "411122e400081c65a260", unit: 2, trap: 6 }]);
  expect(codeOf("ERA: 9000000000223344 f+0x1/0x2", "Code: 02ffc063  29c02061  <28c04084> 28c02061").code).toEqual([{ line: 3, bytes: "63c0ff02" + "6120c029" + "8440c028" + "6120c028", unit: 4, trap: 8 }]);
});
