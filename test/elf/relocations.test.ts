import { describe, expect, test } from "vitest";
import { OopscopeError } from "../../src/base/index.ts";
import { elfFromBytes } from "../../src/elf/index.ts";
import { writeElf, type WrittenRelocation } from "../support/elfwriter.ts";

type Case = { readonly machine: number; readonly wide: boolean; readonly little: boolean; readonly kind: "rel" | "rela" };

/** `.debug_info` after relocation. Symbol 0 is `f` at 0x10000 + 0x20, symbol 1 `g` at 0x10000 + 0x25, symbol 2 undefined. */
async function relocated({ machine, wide, little, kind }: Case, contents: readonly number[], entries: readonly WrittenRelocation[], from = 0, to = Number.POSITIVE_INFINITY): Promise<string> {
  const elf = await elfFromBytes("test.o", writeElf({
    machine, wide, little, type: 1,
    sections: [{ name: ".text", flags: 6, bytes: new Uint8Array(0x40) }, { name: ".debug_info", bytes: Uint8Array.from(contents) }],
    symbols: [{ name: "f", section: ".text", value: 0x20 }, { name: "g", section: ".text", value: 0x25 }, { name: "u" }],
    relocations: [{ of: ".debug_info", kind, entries }],
  }));
  return Buffer.from(elf.bytes(elf.section(".debug_info")!, from, to)).toString("hex");
}

const zeros = (count: number) => Array.from({ length: count }, () => 0);

describe("absolute relocations of each processor", () => {
  test.each([
    ["x86_64", { machine: 62, wide: true, little: true, kind: "rela" }, 1, 10, "2200010000000000", "22000100"],
    ["x86_64, signed", { machine: 62, wide: true, little: true, kind: "rela" }, 1, 11, "2200010000000000", "22000100"],
    ["arm64", { machine: 183, wide: true, little: true, kind: "rela" }, 257, 258, "2200010000000000", "22000100"],
    ["arm64, big endian", { machine: 183, wide: true, little: false, kind: "rela" }, 257, 258, "0000000000010022", "00010022"],
    ["riscv64", { machine: 243, wide: true, little: true, kind: "rela" }, 2, 1, "2200010000000000", "22000100"],
    ["ppc64", { machine: 21, wide: true, little: false, kind: "rela" }, 38, 1, "0000000000010022", "00010022"],
    ["s390x", { machine: 22, wide: true, little: false, kind: "rela" }, 22, 4, "0000000000010022", "00010022"],
    ["loongarch64", { machine: 258, wide: true, little: true, kind: "rela" }, 2, 1, "2200010000000000", "22000100"],
    ["mips64, big endian", { machine: 8, wide: true, little: false, kind: "rela" }, 18, 2, "0000000000010022", "00010022"],
    ["mips64, little endian", { machine: 8, wide: true, little: true, kind: "rela" }, 18, 2, "2200010000000000", "22000100"],
  ] as const)("%s", async (_, layout, eight, four, wide, narrow) => {
    expect(await relocated(layout, zeros(12), [{ offset: 0, type: eight, symbol: 0, addend: 2 }, { offset: 8, type: four, symbol: 0, addend: 2 }])).toBe(wide + narrow);
  });

  test.each([
    ["i386", { machine: 3, wide: false, little: true, kind: "rel" }, 1, "22000100"],
    ["arm", { machine: 40, wide: false, little: true, kind: "rel" }, 2, "22000100"],
    ["mips, big endian", { machine: 8, wide: false, little: false, kind: "rel" }, 2, "00010022"],
    ["ppc", { machine: 20, wide: false, little: false, kind: "rela" }, 1, "00010022"],
    ["riscv32", { machine: 243, wide: false, little: true, kind: "rela" }, 1, "22000100"],
  ] as const)("%s, 32-bit", async (_, layout, four, expected) => {
    const addend = layout.kind === "rel" ? (layout.little ? [2, 0, 0, 0] : [0, 0, 0, 2]) : zeros(4);
    expect(await relocated(layout, addend, [{ offset: 0, type: four, symbol: 0, addend: 2 }])).toBe(expected);
  });

  test("addends in the bytes may be negative", async () => {
    expect(await relocated({ machine: 3, wide: false, little: true, kind: "rel" }, [0xfe, 0xff, 0xff, 0xff, 0xf0, 0xff, 7], [{ offset: 0, type: 1, symbol: 0 }, { offset: 4, type: 20, symbol: 0 }, { offset: 6, type: 22, symbol: 0 }])).toBe("1e000100" + "1000" + "27");
    expect(await relocated({ machine: 62, wide: true, little: true, kind: "rel" }, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [{ offset: 0, type: 1, symbol: 0 }])).toBe("1f00010000000000");
  });

  test("negative addends, undefined symbols, and none", async () => {
    const layout = { machine: 62, wide: true, little: true, kind: "rela" } as const;
    expect(await relocated(layout, zeros(32), [
      { offset: 0, type: 1, symbol: 0, addend: -0x21 }, { offset: 8, type: 1, symbol: 2, addend: 5 }, { offset: 16, type: 1, symbol: -1, addend: 6 }, { offset: 24, type: 1, symbol: 900, addend: 7 },
    ])).toBe("ffff000000000000" + "0500000000000000" + "0600000000000000" + "0700000000000000");
    expect(await relocated(layout, [1, 2, 3, 4], [{ offset: 0, type: 0, symbol: 0, addend: 9 }])).toBe("01020304");
  });
});

describe("RISC-V and LoongArch add and subtract, since their linkers relax code", () => {
  const riscv = { machine: 243, wide: true, little: true, kind: "rela" } as const;
  const loongarch = { machine: 258, wide: true, little: true, kind: "rela" } as const;

  test.each([
    ["riscv64", riscv, { add: [33, 34, 35, 36], sub: [37, 38, 39, 40], set6: 53, sub6: 52, setUleb: 60, subUleb: 61 }],
    ["loongarch64", loongarch, { add: [47, 48, 50, 51], sub: [52, 53, 55, 56], set6: 105, sub6: 106, setUleb: 107, subUleb: 108 }],
  ] as const)("%s", async (_, layout, types) => {
    for (const [index, size] of [1, 2, 4, 8].entries()) {
      // g - f + 3 + what stands there.
      const contents = [4, ...zeros(size - 1)];
      const pair = [{ offset: 0, type: types.add[index]!, symbol: 1, addend: 3 }, { offset: 0, type: types.sub[index]!, symbol: 0, addend: 0 }];
      expect(await relocated(layout, contents, pair)).toBe(`0c${"00".repeat(size - 1)}`);
    }
    // DW_CFA_advance_loc: the two high bits stay.
    expect(await relocated(layout, [0x40], [{ offset: 0, type: types.set6, symbol: 1 }, { offset: 0, type: types.sub6, symbol: 0 }])).toBe("45");
    // ULEB128 within the length that the assembler left for it.
    expect(await relocated(layout, [0x80, 0x80, 0x00, 0x77], [{ offset: 0, type: types.setUleb, symbol: 1, addend: 0x100 }, { offset: 0, type: types.subUleb, symbol: 0 }])).toBe("85820077");
    expect(await relocated(layout, [0x00, 0x77], [{ offset: 0, type: types.setUleb, symbol: 1 }, { offset: 0, type: types.subUleb, symbol: 0 }])).toBe("0577");
    // A number without its end does not run past the section.
    expect(await relocated(layout, [0x80, 0x80], [{ offset: 0, type: types.setUleb, symbol: 0 }])).toBe("a080");
  });

  test("RISC-V sets 8, 16 and 32 bits", async () => {
    expect(await relocated(riscv, zeros(7), [{ offset: 0, type: 54, symbol: 0 }, { offset: 1, type: 55, symbol: 0 }, { offset: 3, type: 56, symbol: 0 }])).toBe("20" + "2000" + "20000100");
  });
});

describe("where they stand", () => {
  const layout = { machine: 62, wide: true, little: true, kind: "rela" } as const;
  const addresses = Array.from({ length: 8 }, (_, k) => ({ offset: k * 8, type: 1, symbol: 0, addend: k }));

  test("in any order, for any range of the section", async () => {
    const whole = addresses.map((_, k) => `${(0x20 + k).toString(16)}00010000000000`).join("");
    expect(await relocated(layout, zeros(64), addresses)).toBe(whole);
    expect(await relocated(layout, zeros(64), [...addresses].reverse())).toBe(whole);
    expect(await relocated(layout, zeros(64), addresses, 16, 32)).toBe(whole.slice(32, 64));
    expect(await relocated(layout, zeros(64), addresses, 60)).toBe("00000000");
  });

  test.each(["in order", "all in reverse", "with two that are not"])("of a table that is not read whole, %s", async (order) => {
    const count = 20_000;
    const many = Array.from({ length: count }, (_, k) => ({ offset: k * 8, type: 1, symbol: 0, addend: k }));
    if (order === "all in reverse") many.reverse();
    if (order === "with two that are not") [many[700], many[701]] = [many[701]!, many[700]!];
    for (const index of [0, 1, 699, 700, 701, 702, 12_345, count - 1]) {
      const expected = Buffer.alloc(8);
      expected.writeBigUInt64LE(BigInt(0x10020 + index));
      expect(await relocated(layout, zeros(count * 8), many, index * 8, index * 8 + 8)).toBe(expected.toString("hex"));
    }
  });

  test("one that reaches past the end does nothing, as one beyond it", async () => {
    expect(await relocated(layout, [1, 2, 3, 4], [{ offset: 0, type: 1, symbol: 0 }, { offset: 2, type: 10, symbol: 0 }, { offset: 2 ** 40, type: 1, symbol: 0 }])).toBe("01020304");
  });

  test("a type that nobody knows: refused in debug information, left alone in code", async () => {
    const file = writeElf({
      type: 1, sections: [{ name: ".text", flags: 6, bytes: Uint8Array.of(0xe8, 0, 0, 0, 0) }, { name: ".debug_info", bytes: new Uint8Array(8) }], symbols: [{ name: "f", section: ".text" }],
      relocations: [{ of: ".text", kind: "rela", entries: [{ offset: 1, type: 4, symbol: 0, addend: -4 }] }, { of: ".debug_info", kind: "rela", entries: [{ offset: 0, type: 99, symbol: 0 }] }],
    });
    const elf = await elfFromBytes("test.o", file);
    expect(Buffer.from(elf.bytes(elf.section(".text")!)).toString("hex")).toBe("e800000000");
    expect(() => elf.bytes(elf.section(".debug_info")!)).toThrow(new OopscopeError("unsupported", "test.o: .debug_info: relocation type 99 of x86_64 is unknown", { file: "test.o", section: ".debug_info" }));
  });

  test("left-over relocations of a linked file are not applied", async () => {
    const elf = await elfFromBytes("vmlinux", writeElf({
      type: 2, sections: [{ name: ".text", flags: 6, address: 0x1000n, bytes: new Uint8Array(8) }, { name: ".debug_info", bytes: new Uint8Array(8) }], symbols: [{ name: "f", section: ".text", value: 0x1000 }],
      relocations: [{ of: ".debug_info", kind: "rela", entries: [{ offset: 0, type: 1, symbol: 0 }] }],
    }));
    expect(Buffer.from(elf.bytes(elf.section(".debug_info")!)).toString("hex")).toBe("0000000000000000");
  });
});
