import { expect, test } from "vitest";
import { flow } from "../../src/disasm/index.ts";

const of = async (hex: string, arch: "x86_64" | "i386" = "x86_64") =>
  (await flow(Buffer.from(hex.replaceAll(" ", ""), "hex"), arch)).map((one) => `${one.offset}+${one.size} ${one.flow}${one.target === null ? "" : ` ${one.target}`}`);

test("calls, jumps and branches with their targets from the start of the bytes", async () => {
  expect(await of("e8 fb ff ff ff  e9 00 01 00 00  eb fe  74 10  0f 85 f0 ff ff ff  e2 00")).toEqual([
    "0+5 call 0", "5+5 jump 266", "10+2 jump 10", "12+2 branch 30", "14+6 branch 4", "20+2 branch 22",
  ]);
});

test("what goes where a register or memory says", async () => {
  expect(await of("ff d0  ff 15 00 00 00 00  3e ff e0  ff 24 c5 00 00 00 00  c3  c2 08 00  cb  48 cf")).toEqual([
    "0+2 indirect-call", "2+6 indirect-call", "8+3 indirect-jump", "11+7 indirect-jump", "18+1 return", "19+3 return", "22+1 return", "23+2 return",
  ]);
});

test("traps, others and bytes that are none", async () => {
  expect(await of("0f 0b  cc  90  0f 05  06  66")).toEqual(["0+2 trap", "2+1 trap", "3+1 other", "4+2 other", "6+1 invalid", "7+1 invalid"]);
});

test("32-bit code", async () => {
  expect(await of("e8 fb ff ff ff  06", "i386")).toEqual(["0+5 call 0", "5+1 other"]);
});
