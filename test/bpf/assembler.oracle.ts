import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { Assembler, r0, r1, r10, r2, r3, r6, r7, reg } from "../../src/bpf/assembler.ts";

/** What LLVM's disassembler reads, instruction by instruction. */
function disassembled(bytes: Uint8Array): string[] {
  const { stdout, stderr } = spawnSync("llvm-mc", ["--disassemble", "--triple=bpfel", "--mattr=+alu32,+dwarfris"], { input: [...bytes].map((byte) => `0x${byte.toString(16).padStart(2, "0")}`).join(" "), encoding: "utf8" });
  expect(stderr.replace(/'\+dwarfris'.*\n/g, "")).toBe("");
  return stdout.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("."));
}

const rows: readonly (readonly [(code: Assembler) => Assembler, string])[] = [
  [(a) => a.mov(r1, -1), "r1 = -1"],
  [(a) => a.mov(r1, reg(r10)), "r1 = r10"],
  [(a) => a.mov32(r1, reg(r2)), "w1 = w2"],
  [(a) => a.mov32(r1, 0xffffffff), "w1 = -1"],
  [(a) => a.alu("add", r1, 7), "r1 += 7"],
  [(a) => a.alu("sub", r1, reg(r2)), "r1 -= r2"],
  [(a) => a.alu("mul", r1, 3), "r1 *= 3"],
  [(a) => a.alu("div", r1, reg(r2)), "r1 /= r2"],
  [(a) => a.alu32("or", r1, 1), "w1 |= 1"],
  [(a) => a.alu("and", r1, reg(r2)), "r1 &= r2"],
  [(a) => a.alu("lsh", r1, 32), "r1 <<= 32"],
  [(a) => a.alu32("rsh", r1, reg(r2)), "w1 >>= w2"],
  [(a) => a.alu("arsh", r1, 32), "r1 s>>= 32"],
  [(a) => a.alu("xor", r1, reg(r2)), "r1 ^= r2"],
  [(a) => a.neg(r1), "r1 = -r1"],
  [(a) => a.neg32(r1), "w1 = -w1"],
  [(a) => a.swap(r1, "big", 16), "r1 = be16 r1"],
  [(a) => a.swap(r1, "big", 64), "r1 = be64 r1"],
  [(a) => a.swap(r1, "little", 32), "r1 = le32 r1"],
  [(a) => a.load(8, r3, r1, -16), "r3 = *(u64 *)(r1 - 16)"],
  [(a) => a.load(4, r3, r1), "w3 = *(u32 *)(r1 + 0)"],
  [(a) => a.load(2, r3, r1, 2), "w3 = *(u16 *)(r1 + 2)"],
  [(a) => a.load(1, r3, r1, 1), "w3 = *(u8 *)(r1 + 1)"],
  [(a) => a.store(8, r10, -8, reg(r3)), "*(u64 *)(r10 - 8) = r3"],
  [(a) => a.store(1, r10, -1, reg(r3)), "*(u8 *)(r10 - 1) = w3"],
  [(a) => a.atomic("add", 8, r2, 8, r1), "lock *(u64 *)(r2 + 8) += r1"],
  [(a) => a.atomic("add", 4, r2, 8, r1), "lock *(u32 *)(r2 + 8) += w1"],
  [(a) => a.atomic("or", 8, r2, 8, r1), "lock *(u64 *)(r2 + 8) |= r1"],
  [(a) => a.atomic("and", 8, r2, 8, r1), "lock *(u64 *)(r2 + 8) &= r1"],
  [(a) => a.atomic("xor", 8, r2, 8, r1), "lock *(u64 *)(r2 + 8) ^= r1"],
  [(a) => a.atomic("fetch-add", 8, r2, 8, r1), "r1 = atomic_fetch_add((u64 *)(r2 + 8), r1)"],
  [(a) => a.atomic("fetch-or", 8, r2, 8, r1), "r1 = atomic_fetch_or((u64 *)(r2 + 8), r1)"],
  [(a) => a.atomic("fetch-and", 8, r2, 8, r1), "r1 = atomic_fetch_and((u64 *)(r2 + 8), r1)"],
  [(a) => a.atomic("fetch-xor", 4, r2, 8, r1), "w1 = atomic_fetch_xor((u32 *)(r2 + 8), w1)"],
  [(a) => a.atomic("xchg", 8, r2, 8, r1), "r1 = xchg_64(r2 + 8, r1)"],
  [(a) => a.atomic("cmpxchg", 8, r2, 8, r1), "r0 = cmpxchg_64(r2 + 8, r0, r1)"],
  [(a) => a.loadPacket(2, 0, r7), "r0 = *(u16 *)skb[r7]"],
  [(a) => a.loadPacket(1, 3), "r0 = *(u8 *)skb[3]"],
  [(a) => a.loadConstant(r1, 0x1234_5678_9abc_def0n), "r1 = 1311768467463790320 ll"],
  [(a) => a.loadConstant(r1, -2n), "r1 = -2 ll"],
  [(a) => a.loadMap(r1, 5), "ld_pseudo\tr1, 1, 5"],
  [(a) => a.jump("eq", r1, 0, "here"), "if r1 == 0 goto -1"],
  [(a) => a.jump("ne", r1, reg(r2), "here"), "if r1 != r2 goto -1"],
  [(a) => a.jump("gt", r1, 1, "here"), "if r1 > 1 goto -1"],
  [(a) => a.jump("sle", r1, reg(r2), "here"), "if r1 s<= r2 goto -1"],
  [(a) => a.jump32("slt", r1, -5, "here"), "if w1 s< -5 goto -1"],
  [(a) => a.jump32("ge", r6, reg(r0), "here"), "if w6 >= w0 goto -1"],
  [(a) => a.goto("here"), "goto -1"],
  [(a) => a.call(14), "call 14"],
  [(a) => a.exit(), "exit"],
];

it("LLVM reads what was written", () => {
  const read = rows.map(([write, text]) => {
    const code = new Assembler();
    if (text.endsWith("goto -1")) code.label("here");
    return disassembled(write(code).assemble()).join("\n");
  });
  expect(read).toEqual(rows.map(([, text]) => text));
});
