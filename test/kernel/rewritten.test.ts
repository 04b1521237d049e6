import { describe, expect, test } from "vitest";
import type { ImageOffset } from "../../src/base/index.ts";
import { elfFromBytes, type ElfFile } from "../../src/elf/index.ts";
import { compareCode, rewrittenBytes } from "../../src/kernel/rewritten.ts";
import { smallElf, type SmallRelocation, type SmallSection, type SmallSymbol } from "../support/smallelf.ts";

const base = 0xffff_ffff_8100_0000n;
const tablesAt = 0xffff_ffff_8200_0000n;

/** A linked image with 256 bytes of code and one table, whose fields are given by `write`. */
async function image(table: string, size: number, write: (view: DataView, place: bigint) => void, more: { text?: Uint8Array; sections?: SmallSection[]; symbols?: SmallSymbol[]; relocations?: SmallRelocation[] } = {}): Promise<ElfFile> {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer), tablesAt);
  const text: SmallSection = { name: ".text", address: base, code: true, bytes: more.text ?? code, ...(more.relocations && { relocations: more.relocations }) };
  return elfFromBytes("vmlinux", smallElf("linked", [text, { name: table, address: tablesAt, bytes }, ...(more.sections ?? [])], more.symbols ?? []));
}

/** Nothing in it looks like an address of the image. */
const code = Uint8Array.from({ length: 256 }, (_, k) => (k * 7 + 1) & 0x7f);

/** The masked ranges of the first 256 bytes, `from-to`. */
function masked(elf: ElfFile, size = 256): string {
  const section = elf.section(".text")!;
  const from = elf.placeOf(section);
  const mask = rewrittenBytes(elf, from, (from + size) as ImageOffset);
  const ranges: string[] = [];
  for (let at = 0; at < size; at++) {
    if (mask[at] === 0) continue;
    const start = at;
    while (at < size && mask[at] === 1) at++;
    ranges.push(`${start}-${at}`);
  }
  return ranges.join(" ");
}

/** A distance from a field of the table to an offset of the code. */
const to = (field: number, target: number) => Number(base + BigInt(target) - (tablesAt + BigInt(field)));

describe("the tables of a linked image", () => {
  const lengths: [number, number][] = [[0x10, 3], [0x40, 12], [0x80, 5]];
  for (const [size, lengthAt, name] of [[12, 10, "of 6.1"], [14, 12, "of 6.5"], [13, 10, "of 5.10, with a padding length"]] as const) {
    test(`alternatives ${name}`, async () => {
      const elf = await image(".altinstructions", size * lengths.length, (view) => {
        for (const [k, [target, length]] of lengths.entries()) {
          view.setInt32(k * size, to(k * size, target), true);
          view.setInt32(k * size + 4, to(k * size + 4, 0xf0), true);
          view.setUint16(k * size + 8, 0x8123, true);
          view.setUint8(k * size + lengthAt, length);
          view.setUint8(k * size + lengthAt + 1, 2);
        }
      });
      expect(masked(elf)).toBe("16-19 64-76 128-133");
    });
  }

  test("alternatives of an unknown layout leave nothing to compare", async () => {
    const elf = await image(".altinstructions", 60, (view) => {
      for (let k = 0; k < 60; k++) view.setUint8(k, (k * 37 + 11) & 0xff);
    });
    expect(masked(elf)).toBe("0-256");
  });

  test("paravirt", async () => {
    const elf = await image(".parainstructions", 16, (view) => {
      view.setBigUint64(0, base + 0x20n, true);
      view.setUint8(8, 1);
      view.setUint8(9, 7);
    });
    expect(masked(elf)).toBe("32-39");
  });

  test("lock prefixes; zeros that fill the table up", async () => {
    const elf = await image(".smp_locks", 64, (view) => view.setInt32(0, to(0, 0x33), true));
    expect(masked(elf)).toBe("51-52");
  });

  for (const [table, size] of [[".retpoline_sites", 5], [".return_sites", 5], [".ibt_endbr_seal", 4], [".call_sites", 5], [".cfi_sites", 20]] as const) {
    test(table, async () => {
      const elf = await image(table, 4, (view) => view.setInt32(0, to(0, 0x60), true));
      expect(masked(elf)).toBe(`96-${96 + size}`);
    });
  }

  test("a retpoline call with a CS prefix, a conditional one, and FineIBT's check before it", async () => {
    const text = code.slice();
    text.set([0x2e, 0xe8], 0x20);
    text.set([0x0f, 0x85], 0x60);
    const sites = (view: DataView) => [0x20, 0x60].forEach((target, k) => view.setInt32(4 * k, to(4 * k, target), true));
    expect(masked(await image(".retpoline_sites", 8, sites, { text }))).toBe("32-38 96-102");
    const preamble = new Uint8Array(4);
    new DataView(preamble.buffer).setInt32(0, Number(base + 0xa0n - (tablesAt + 0x100n)), true);
    const checked = await image(".retpoline_sites", 8, sites, { text, sections: [{ name: ".cfi_sites", address: tablesAt + 0x100n, bytes: preamble }] });
    expect(masked(checked)).toBe("16-38 80-102 160-180");
  });

  test("jump labels of two and five bytes", async () => {
    const text = code.slice();
    text.set([0xeb, 0x10], 0x20);
    text.set([0x66, 0x90], 0x40);
    text.set([0x0f, 0x1f, 0x44, 0, 0], 0x60);
    const elf = await image("__jump_table", 48, (view) => {
      for (const [k, target] of [0x20, 0x40, 0x60].entries()) {
        view.setInt32(16 * k, to(16 * k, target), true);
        view.setInt32(16 * k + 4, to(16 * k + 4, 0xe0), true);
      }
    }, { text });
    expect(masked(elf)).toBe("32-34 64-66 96-101");
  });

  test("jump labels with absolute addresses", async () => {
    const elf = await image("__jump_table", 24, (view) => [0x30n, 0x90n, 0x1000n].forEach((value, k) => view.setBigUint64(8 * k, base + value, true)));
    expect(masked(elf)).toBe("48-53");
  });

  test("tables that lie between two symbols of another section", async () => {
    const bytes = new Uint8Array(64);
    new DataView(bytes.buffer).setBigUint64(16, base + 0x70n, true);
    new DataView(bytes.buffer).setInt32(32, Number(base + 0x90n - (tablesAt + 32n)), true);
    const symbol = (name: string, at: bigint) => ({ name, section: ".init.data", value: tablesAt + at });
    const symbols = [
      symbol("__start_mcount_loc", 16n), symbol("__stop_mcount_loc", 24n), symbol("__start_static_call_sites", 32n), symbol("__stop_static_call_sites", 40n),
      { name: "__static_call_text_start", section: ".text", value: base + 0xf0n }, { name: "__static_call_text_end", section: ".text", value: base + 0xf8n },
    ];
    const elf = await elfFromBytes("vmlinux", smallElf("linked", [{ name: ".text", address: base, code: true, bytes: code }, { name: ".init.data", address: tablesAt, bytes }], symbols));
    expect(masked(elf)).toBe("112-117 144-149 240-248");
  });

  test("addresses that KASLR moves, and per-CPU variables that it does not", async () => {
    const symbols: SmallSymbol[] = [{ name: "here", section: ".text", value: base }, { name: "counter", section: ".data..percpu", value: 0x40n }];
    const relocations: SmallRelocation[] = [
      { offset: base + 0x10n, type: 11, symbol: 0, addend: 0 },
      { offset: base + 0x20n, type: 2, symbol: 0, addend: 0 },
      { offset: base + 0x30n, type: 1, symbol: 0, addend: 0 },
      { offset: base + 0x40n, type: 2, symbol: 1, addend: 0 },
      { offset: base + 0x50n, type: 4, symbol: 0, addend: 0 },
      { offset: base + 0x60n, type: 11, symbol: 1, addend: 0 },
    ];
    const perCpu = { name: ".data..percpu", address: 0n, bytes: new Uint8Array(0x100) };
    const elf = await image(".smp_locks", 4, () => {}, { symbols, relocations, sections: [perCpu] });
    expect(masked(elf)).toBe("16-20 48-56 64-68");
  });

  test("without relocations: what looks like an address of the image", async () => {
    const text = new Uint8Array(256).fill(0x90);
    const view = new DataView(text.buffer);
    view.setUint32(0x10, 0x8100_0040, true);
    view.setUint32(0x20, 0x0100_0040, true);
    // movq counter(%rip) for a per-CPU variable at 0x40.
    view.setInt32(0x30, (0x40 - 0x8100_0034) | 0, true);
    const elf = await image(".smp_locks", 4, () => {}, { text, sections: [{ name: ".data..percpu", address: 0n, bytes: new Uint8Array(0x100) }] });
    const mask = rewrittenBytes(elf, 0 as ImageOffset, 256 as ImageOffset);
    expect([0x10, 0x13, 0x30, 0x33].map((at) => mask[at])).toEqual([1, 1, 1, 1]);
    expect([0x20, 0x23, 0x60].map((at) => mask[at])).toEqual([0, 0, 0]);
  });

  test("bytes past the code are unknown", async () => {
    expect(masked(await image(".smp_locks", 4, () => {}), 300)).toBe("256-300");
  });
});

test("a module: all that has a relocation, and its tables by theirs", async () => {
  const sections: SmallSection[] = [
    { name: ".text", code: true, bytes: code, relocations: [{ offset: 0x11n, type: 4, symbol: 1, addend: -4 }, { offset: 0x22n, type: 1, symbol: 0, addend: 0 }] },
    { name: ".return_sites", bytes: new Uint8Array(8), relocations: [{ offset: 0n, type: 2, symbol: 0, addend: 0x80 }, { offset: 4n, type: 2, symbol: 0, addend: 0x90 }] },
    { name: "__mcount_loc", bytes: new Uint8Array(8), relocations: [{ offset: 0n, type: 1, symbol: 0, addend: 0x40 }] },
  ];
  const elf = await elfFromBytes("some.ko", smallElf("relocatable", sections, [{ name: ".text", section: ".text", value: 0n }, { name: "printk", value: 0n }]));
  expect(masked(elf)).toBe("17-21 34-42 64-69 128-133 144-149");
});

describe("a log's bytes against the file", () => {
  test("the masked ones are left out", async () => {
    const elf = await image(".smp_locks", 4, (view) => view.setInt32(0, to(0, 0x33), true));
    const bytes = code.slice(0x20, 0x60);
    bytes[0x13] = 0x3e;
    expect(compareCode(elf, 0x4a as ImageOffset, bytes, 42)).toEqual({ compared: 63, equal: 63, masked: 1 });
    bytes[0x14]! ^= 1;
    expect(compareCode(elf, 0x4a as ImageOffset, bytes, 42)).toEqual({ compared: 63, equal: 62, masked: 1 });
    expect(compareCode(elf, 0x20 as ImageOffset, bytes, null)).toEqual({ compared: 63, equal: 62, masked: 1 });
  });

  test("a line that begins before the code, or lies outside", async () => {
    const elf = await image(".smp_locks", 4, () => {});
    expect(compareCode(elf, 2 as ImageOffset, Uint8Array.of(9, 9, 9, 9, 9, code[0]!, code[1]!, code[2]!), 7)).toEqual({ compared: 3, equal: 3, masked: 5 });
    expect(compareCode(elf, 0x7000_0000 as ImageOffset, code.subarray(0, 8), 0)).toEqual({ compared: 0, equal: 0, masked: 8 });
  });
});

describe("arm64", () => {
  /** Words of code; the machine of what smallElf writes is x86-64. */
  async function arm64(kind: "linked" | "relocatable", words: readonly number[], more: Partial<SmallSection> = {}): Promise<ElfFile> {
    const bytes = new Uint8Array(Uint32Array.from(words).buffer);
    const file = smallElf(kind, [{ name: ".text", ...(kind === "linked" && { address: base }), code: true, bytes, ...more }], [{ name: "printk", value: 0n }]);
    new DataView(file.buffer, file.byteOffset).setUint16(18, 183, true);
    return elfFromBytes("vmlinux", file);
  }
  const add = 0x8b020020;

  test("what is patched though no table of the file tells: nop, paciasp, autiasp, addresses among the code", async () => {
    const elf = await arm64("linked", [add, 0xd503201f, 0xd503201f, add, 0xd503233f, add, 0xd50323bf, 0xd65f03c0, 0, 0, add]);
    expect(masked(elf, 44)).toBe("4-12 16-20 24-28 32-40");
    const patched = new Uint8Array(Uint32Array.from([add, 0xaa1e03e9, 0xd503201f]).buffer);
    expect(compareCode(elf, 8 as ImageOffset, patched, 8)).toEqual({ compared: 4, equal: 4, masked: 8 });
    patched[3]! ^= 1;
    expect(compareCode(elf, 8 as ImageOffset, patched, 8)).toEqual({ compared: 4, equal: 3, masked: 8 });
  });

  test("relocated instructions of a module cover themselves, addresses eight bytes", async () => {
    const relocations = [{ offset: 4n, type: 283, symbol: 0, addend: 0 }, { offset: 12n, type: 257, symbol: 0, addend: 0 }];
    expect(masked(await arm64("relocatable", [add, 0x94000000, add, add, add, add], { relocations }), 24)).toBe("4-8 12-20");
  });
});
