import { describe, expect, test } from "vitest";
import { disassemble, flow, listCode, zeroRuns } from "../../src/disasm/index.ts";
import { randomForTest } from "../support/seed.ts";

describe("any bytes", () => {
  test("20,000 lines: no throw, and every byte is in exactly one row of each listing", async () => {
    const random = randomForTest("bytes to disassemble");
    for (let k = 0; k < 20_000; k++) {
      const bytes = random.bytes(random.below(81));
      const trap = bytes.length === 0 || random.below(8) === 0 ? null : random.below(bytes.length);
      const { list, fromTrap } = await listCode(bytes, trap, (["i386", "arm64", "x86_64", "x86_64"] as const)[random.below(4)]!);
      const covered = (rows: typeof list) => rows.map((row) => row.bytes).join(" ");
      const digits = (part: Uint8Array) => Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
      if (covered(list) !== digits(bytes)) expect(covered(list)).toBe(digits(bytes));
      if (covered(fromTrap) !== digits(trap === null ? new Uint8Array() : bytes.subarray(trap))) throw new Error(`fromTrap of ${digits(bytes)} at ${trap}`);
      const marked = list.filter((row) => row.trap).length;
      if (marked !== (trap === null ? 0 : 1)) throw new Error(`${marked} rows of ${digits(bytes)} are marked`);
      let at = 0;
      for (const row of list) {
        if (Number(row.address) !== at || row.text === "" || /[^\x20-\x7e]|undefined|NaN/.test(row.text.replace(/; undefined$/, ""))) throw new Error(`row ${JSON.stringify(row)} of ${digits(bytes)}`);
        at += (row.bytes.length + 1) / 3;
      }
    }
  });

  test("5,000 functions: flow covers every byte", async () => {
    const random = randomForTest("bytes to follow");
    for (let k = 0; k < 5_000; k++) {
      const bytes = random.bytes(random.below(200));
      const list = await flow(bytes, (["i386", "arm64", "x86_64", "x86_64"] as const)[random.below(4)]!);
      let at = 0;
      for (const { offset, size, target } of list) {
        if (offset !== at || size < 1 || (target !== null && !Number.isInteger(target))) throw new Error(`${offset}+${size} -> ${target} of ${Buffer.from(bytes).toString("hex")}`);
        at += size;
      }
      if (at !== bytes.length) throw new Error(`${at} of ${bytes.length} bytes`);
    }
  });

  test("the caller's bytes stay as they are, in a Buffer too", async () => {
    const bytes = Buffer.from("dd68b4668cf1d9080f0dc1", "hex");
    await disassemble(bytes, "x86_64");
    expect(bytes.toString("hex")).toBe("dd68b4668cf1d9080f0dc1");
  });

  test("zero runs lie on rows", () => {
    expect(zeroRuns(Uint8Array.of(0x90, 0, 0), [0, 1])).toEqual([{ from: 1, to: 3 }]);
    expect(zeroRuns(Uint8Array.of(0x84, 0, 0), [0, 2])).toEqual([{ from: 2, to: 3 }]);
    expect(zeroRuns(Uint8Array.of(0, 0, 0, 0x90), [0, 2])).toEqual([]);
    expect(zeroRuns(new Uint8Array(11).fill(0x90, 10), [0, 2, 4, 6, 8])).toEqual([{ from: 0, to: 8 }]);
  });
});
