import { describe, expect, test } from "vitest";
import { OopscopeError } from "../../src/base/index.ts";
import { elfFromBytes, openElf, SHT_NOBITS } from "../../src/elf/index.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteWriter } from "../support/bytewriter.ts";
import { buildIdNote, compressed, debugLinkSection, modinfoSection, writeElf, type WrittenElf } from "../support/elfwriter.ts";

const open = (elf: WrittenElf) => elfFromBytes("test.ko", writeElf(elf));
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (of: Uint8Array) => Buffer.from(of).toString("latin1");
const shapes = [[true, true], [true, false], [false, true], [false, false]] as const;

/** Code and message of what a call throws. */
function thrown(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return "nothing";
}

describe("headers and sections", () => {
  test.each(shapes)("64-bit %s, little endian %s", async (wide, little) => {
    const address = wide ? 0xffffffff81000000n : 0xc0100000n;
    const elf = await open({
      wide, little, type: 3, machine: 183,
      sections: [
        { name: ".text", flags: 6, address, bytes: bytes("code"), alignment: 16 },
        { name: ".bss", type: SHT_NOBITS, flags: 3, address: address + 0x1000n, bytes: new Uint8Array(64) },
        { name: ".note", type: 7, bytes: bytes("x"), link: 1, info: 7, entrySize: 4 },
      ],
    });
    expect(elf.header).toEqual({ wide, little, type: 3, machine: 183, arch: "arm64", sectionTable: elf.header.sectionTable, sectionEntrySize: wide ? 64 : 40, sectionCount: 5, nameSection: 4 });
    const start = wide ? 64 : 52;
    const codeAt = Math.ceil(start / 8) * 8;
    expect(elf.sections.map(({ name, type, flags, address: where, size, link, info, alignment, entrySize }) => ({ name, type, flags, where, size, link, info, alignment, entrySize }))).toEqual([
      { name: "", type: 0, flags: 0, where: 0n, size: 0, link: 0, info: 0, alignment: 1, entrySize: 0 },
      { name: ".text", type: 1, flags: 6, where: address, size: 4, link: 0, info: 0, alignment: 16, entrySize: 0 },
      { name: ".bss", type: 8, flags: 3, where: address + 0x1000n, size: 64, link: 0, info: 0, alignment: 1, entrySize: 0 },
      { name: ".note", type: 7, flags: 0, where: 0n, size: 1, link: 1, info: 7, alignment: 1, entrySize: 4 },
      { name: ".shstrtab", type: 3, flags: 0, where: 0n, size: 28, link: 0, info: 0, alignment: 1, entrySize: 0 },
    ]);
    expect(elf.sections[1]!.offset).toBe(codeAt);
    expect(elf.base).toBe(address);
    expect(text(elf.bytes(elf.section(".text")!))).toBe("code");
    expect(text(elf.bytes(elf.section(".text")!, 1, 3))).toBe("od");
    expect(text(elf.bytes(elf.section(".text")!, 4))).toBe("");
    expect(elf.bytes(elf.section(".bss")!)).toEqual(new Uint8Array());
    expect(elf.section(".data")).toBeNull();
    expect([elf.symbols(), elf.buildId(), elf.debugLink(), elf.modinfo().size]).toEqual([null, null, null, 0]);
    expect(elf.sectionAt(0x1000)?.name).toBe(".bss");
    expect([elf.sectionAt(-1), elf.sectionAt(4), elf.sectionAt(0x1040)]).toEqual([null, null, null]);
    const offset = elf.offsetOf((address + 3n) as never);
    expect([offset, elf.addressOf(offset)]).toEqual([3, address + 3n]);
  });

  test("the base is that of the code, whatever stands far from it", async () => {
    const code = 0xffffffff81000000n;
    const elf = await open({
      sections: [
        { name: ".vdso", flags: 6, address: 0n, bytes: new Uint8Array(16) },
        { name: ".init.text", flags: 6, address: code + 0x2000n, bytes: new Uint8Array(16) },
        { name: ".text", flags: 6, address: code, bytes: new Uint8Array(0x1000) },
      ],
    });
    expect(elf.base).toBe(code);
    expect(elf.sectionAt(0x2001)?.name).toBe(".init.text");
  });

  test("sections of relocatable files get places of their own, none of them 0, at their alignment, with a gap behind each", async () => {
    const elf = await open({
      type: 1,
      sections: [
        { name: ".text", flags: 6, bytes: new Uint8Array(5), alignment: 16 }, { name: ".empty", flags: 6, alignment: 1 }, { name: ".init.text", flags: 6, bytes: new Uint8Array(3), alignment: 64 },
        { name: ".comment", bytes: new Uint8Array(100) }, { name: ".exit.text", flags: 6, bytes: new Uint8Array(3), alignment: 1 },
      ],
    });
    expect(elf.base).toBe(0n);
    expect(elf.sections.filter(({ flags }) => flags === 6).map((section) => [section.name, elf.placeOf(section)])).toEqual([[".text", 0x10000], [".empty", 0x10006], [".init.text", 0x10040], [".exit.text", 0x10044]]);
    expect([0x10000, 0x10004, 0x10005, 0x10040, 0x10043, 0x10044].map((offset) => elf.sectionAt(offset)?.name)).toEqual([".text", ".text", undefined, ".init.text", undefined, ".exit.text"]);
  });

  test.each(shapes)("section numbers that do not fit their fields, 64-bit %s, little endian %s", async (wide, little) => {
    const many = Array.from({ length: 300 }, (_, k) => ({ name: `.text.f${k}`, flags: 6, bytes: new Uint8Array(2) }));
    const elf = await open({
      wide, little, type: 1, numbering: "extended", sections: many,
      symbols: [{ name: "f299", section: ".text.f299", value: 1, size: 1 }, { name: "absolute", section: 0xfff1, value: 7, type: 0 }, { name: "undefined" }],
    });
    expect(elf.sections).toHaveLength(305);
    const table = elf.symbols()!;
    expect([1, 2, 3].map((index) => [table.name(index), table.section(index), table.value(index)])).toEqual([
      ["f299", 300, elf.placeOf(elf.sections[300]!) + 1], ["absolute", 0xfff1, 7], ["undefined", 0, 0],
    ]);
  });

  test.each(shapes)("symbols that begin at an address, before and after those near to others were asked for; 64-bit %s, little endian %s", async (wide, little) => {
    const written: WrittenElf = {
      wide, little, sections: [{ name: ".text", flags: 6, address: 0x1000_0000n, bytes: new Uint8Array(5000 * 16) }],
      symbols: Array.from({ length: 5000 }, (_, k) => ({ name: `f${k}`, section: ".text", value: 0x1000_0000 + 16 * (k >> 1) })),
    };
    const places = [0x10, 0x1000, 0x9000, 0x8];
    const fresh = (await open(written)).symbols()!.beginningAt(places);
    expect([...fresh]).toEqual([[0x10, [3, 4]], [0x1000, [513, 514]], [0x9000, [4609, 4610]], [0x8, []]]);
    const table = (await open(written)).symbols()!;
    expect([...table.near([0x20], 1)!].filter((index) => table.value(index) < 0x2000)).toEqual(Array.from({ length: 1024 }, (_, k) => k + 1));
    expect(table.beginningAt(places)).toEqual(fresh);
    expect([...table.beginningAt([0x10, 0x1000])]).toEqual([[0x10, [3, 4]], [0x1000, [513, 514]]]);
  });

  test("no sections at all", async () => {
    const header = writeElf({ sections: [], claims: { sectionTable: 0n, sectionCount: 0, nameSection: 0 } });
    expect((await elfFromBytes("bare", header)).sections).toEqual([]);
  });

  test.each([
    ["empty", new Uint8Array(), "not-elf", "bad: not an ELF file: 0 bytes are less than an ELF header"],
    ["text", bytes("#!/bin/sh\n".repeat(10)), "not-elf", "bad: not an ELF file: it does not begin with 7f 45 4c 46"],
    ["class", Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 3, 1, ...new Uint8Array(60)]), "not-elf", "bad: not an ELF file: class 3"],
    ["byte order", Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 0, ...new Uint8Array(60)]), "not-elf", "bad: not an ELF file: byte order 0"],
    ["short", writeElf({ sections: [] }).subarray(0, 60), "malformed", "bad: ELF header at offset 0x3c: 2 bytes wanted, 0 left"],
    ["table past the end", writeElf({ sections: [], claims: { sectionTable: 1n << 40n } }), "malformed", "bad: bytes 0x10000000000 to 0x10000000080 lie past the file's end at 0xd0"],
    ["table at 2^60", writeElf({ sections: [], claims: { sectionTable: 1n << 60n } }), "malformed", "bad: ELF header at offset 0x28: a 64-bit offset or size above 2^53"],
    ["entries of 8 bytes", writeElf({ sections: [], claims: { sectionEntrySize: 8 } }), "malformed", "bad: ELF header at offset 0x40: section headers of 8 bytes"],
    ["2^40 sections", writeElf({ sections: [], numbering: "extended", claims: { extendedCount: 1n << 40n } }), "over-budget", "bad: 1099511627776 sections, the limit is 262144"],
  ])("%s is refused", async (_, file, code, message) => {
    await expect(elfFromBytes("bad", file)).rejects.toMatchObject({ name: "OopscopeError", code, message });
  });

  test("a table of names past the end of the file is refused", async () => {
    const file = writeElf({ sections: [] });
    // The offset in the last section header, which is that of the names.
    new DataView(file.buffer).setBigUint64(file.length - 64 + 24, 1n << 50n, true);
    await expect(elfFromBytes("bad", file)).rejects.toMatchObject({ code: "malformed", message: "bad: bytes 0x4000000000000 to 0x400000000000b lie past the file's end at 0xd0" });
  });

  test("contents past the end of the file cost that section alone", async () => {
    const file = writeElf({ sections: [{ name: ".bad", flags: 2, bytes: bytes("x"), claims: { size: 1n << 60n } }, { name: ".far", bytes: bytes("x"), claims: { offset: 1n << 62n } }, { name: ".packed", flags: 0x800, bytes: bytes("xxxxxxxxxxxx"), claims: { offset: 1n << 62n } }, { name: ".good", bytes: bytes("good") }] });
    const { length: size } = file;
    const elf = await elfFromBytes("test.ko", file);
    const end = `0x${size.toString(16)}`;
    expect(thrown(() => elf.bytes(elf.section(".bad")!))).toBe(`malformed: test.ko: .bad at offset 0x0: its 0x1000000000000000 bytes at file offset 0x40 lie past the file's end at ${end}`);
    expect(thrown(() => elf.bytes(elf.section(".far")!))).toBe(`malformed: test.ko: .far at offset 0x0: its 0x1 bytes at file offset 0x4000000000000000 lie past the file's end at ${end}`);
    expect(thrown(() => elf.bytes(elf.section(".packed")!))).toBe(`malformed: test.ko: .packed at offset 0x0: its 0xc bytes at file offset 0x4000000000000000 lie past the file's end at ${end}`);
    expect(thrown(() => elf.bytes(elf.section(".good")!, 5))).toBe("malformed: test.ko: .good at offset 0x5: bytes from there to 0x4 wanted");
    expect(text(elf.bytes(elf.section(".good")!))).toBe("good");
  });

  test("files that cannot be read", async () => {
    const folder = mkdtempSync(join(tmpdir(), "oopscope-elf-"));
    try {
      await expect(openElf(join(folder, "absent"))).rejects.toMatchObject({ code: "not-found", message: `failed to open ${folder}/absent: no such file` });
      await expect(openElf(folder)).rejects.toMatchObject({ code: "unreadable", message: `${folder}: not a regular file` });
      const path = join(folder, "good");
      writeFileSync(path, writeElf({ sections: [{ name: ".text", flags: 6, address: 4096n, bytes: bytes("code") }] }));
      const elf = await openElf(path);
      expect(text(elf.bytes(elf.section(".text")!))).toBe("code");
      elf.close();
      elf.close();
      expect(thrown(() => elf.bytes(elf.section(".text")!))).toBe(`unreadable: ${path}: already closed`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("notes, debug links, module information", () => {
  const id = "00112233445566778899aabbccddeeff00112233";

  test.each([true, false])("a build id among other notes, little endian %s", async (little) => {
    const others = new ByteWriter(little).u32(5).u32(3).u32(1).text("Xen!").align(4).raw([1, 2, 3]).align(4).u32(4).u32(1).u32(0x100).text("GNU").raw([9]).align(4).u32(0).u32(0).u32(3).bytes;
    const elf = await open({ little, sections: [{ name: ".note.Linux", type: 7, bytes: others }, { name: ".note.gnu.build-id", type: 7, bytes: Uint8Array.from([...others, ...buildIdNote(id, little)]) }] });
    expect(elf.buildId()).toBe(id);
  });

  test("a note that claims more than there is, and one without end", async () => {
    const broken = new ByteWriter().u32(4).u32(0xffff_fff0).u32(3).text("GNU").bytes;
    const long = new ByteWriter().u32(0xffff_ffff).u32(4).u32(3).text("GNU").bytes;
    const elf = await open({ sections: [{ name: ".a", type: 7, bytes: broken }, { name: ".b", type: 7, bytes: long }, { name: ".c", type: 7, bytes: Uint8Array.of(1, 2, 3) }, { name: ".note.gnu.build-id", type: 7, bytes: buildIdNote(id) }] });
    expect(elf.buildId()).toBe(id);
    expect((await open({ sections: [{ name: ".a", type: 7, bytes: broken }] })).buildId()).toBeNull();
  });

  test.each([true, false])("a debug link, little endian %s", async (little) => {
    for (const name of ["a.debug", "ab.debug", "abc.debug", "abcd.debug"]) {
      const elf = await open({ little, sections: [{ name: ".gnu_debuglink", bytes: debugLinkSection(name, 0xdeadbeef, little) }] });
      expect(elf.debugLink()).toEqual({ name, crc: 0xdeadbeef });
    }
  });

  test("module information, with keys that repeat and texts that are none", async () => {
    const elf = await open({ type: 1, sections: [{ name: ".modinfo", bytes: modinfoSection(["license=GPL", "alias=one", "", "=nothing", "vermagic=6.1.0 SMP mod_unload ", "alias=two=three", "noequals"]) }] });
    expect([...elf.modinfo()]).toEqual([["license", ["GPL"]], ["alias", ["one", "two=three"]], ["vermagic", ["6.1.0 SMP mod_unload "]]]);
  });
});

describe("compressed sections", () => {
  const contents = bytes("debug ".repeat(1000));

  test.each(shapes)("SHF_COMPRESSED with zlib, 64-bit %s, little endian %s", async (wide, little) => {
    const elf = await open({ wide, little, sections: [{ name: ".debug_str", flags: 0x800, bytes: compressed(contents, { wide, little }) }] });
    const section = elf.section(".debug_str")!;
    expect(elf.sizeOf(section)).toBe(6000);
    expect(text(elf.bytes(section, 5994))).toBe("debug ");
    expect(text(elf.bytes(section))).toBe(text(contents));
  });

  test("the old form, .zdebug_", async () => {
    const packed = compressed(contents).subarray(24);
    const old = new ByteWriter(false).raw(bytes("ZLIB")).u64(6000).raw(packed).bytes;
    const elf = await open({ sections: [{ name: ".zdebug_str", bytes: old }] });
    expect(text(elf.bytes(elf.section(".zdebug_str")!))).toBe(text(contents));
  });

  test("zstd", async () => {
    // `printf 'debug %.0s' $(seq 1000) | zstd -19`
    const packed = new Uint8Array(Buffer.from(zstdOfContents, "hex"));
    const elf = await open({ sections: [{ name: ".debug_str", flags: 0x800, bytes: compressed(contents, { type: 2, packed }) }] });
    expect(text(elf.bytes(elf.section(".debug_str")!))).toBe(text(contents));
  });

  test("relocations count from the unfolded bytes", async () => {
    const elf = await open({
      type: 1, symbols: [{ name: "f", section: ".text", value: 8 }],
      sections: [{ name: ".text", flags: 6, bytes: new Uint8Array(16) }, { name: ".debug_addr", flags: 0x800, bytes: compressed(new Uint8Array(1000)) }],
      relocations: [{ of: ".debug_addr", kind: "rela", entries: [{ offset: 992, type: 1, symbol: 0, addend: 2 }] }],
    });
    expect(elf.cursor(elf.section(".debug_addr")!, 992).u64()).toBe(0x1000a);
  });

  test.each([
    ["a claim of 2^60 bytes", compressed(contents, { size: 1n << 60n }), "malformed", /: test\.ko: \.debug_str at offset 0x8: a 64-bit offset or size above 2\^53$/],
    ["a claim of 2^40 bytes", compressed(contents, { size: 1n << 40n }), "over-budget", /: test\.ko: \.debug_str: its \d+ bytes claim to unfold to 1099511627776, the limit is 67108864$/],
    ["a claim that is too large", compressed(contents, { size: 6001n }), "malformed", /: test\.ko: \.debug_str at offset 0x0: 6000 bytes unfolded where the header says 6001$/],
    ["a claim that is too small", compressed(contents, { size: 5999n }), "over-budget", /: test\.ko: \.debug_str: the zlib data unfold to more than 5999 bytes$/],
    ["an unknown type", compressed(contents, { type: 7 }), "unsupported", /: test\.ko: \.debug_str: compression type 7 of the ELF header is unknown$/],
    ["damaged zlib data", compressed(contents, { packed: new Uint8Array(40).fill(0x55) }), "malformed", /: test\.ko: \.debug_str: damaged zlib data: /],
    ["cut zlib data", compressed(contents).subarray(0, 40), "malformed", /: test\.ko: \.debug_str: damaged zlib data: /],
    ["damaged zstd data", compressed(contents, { type: 2, packed: new Uint8Array(40).fill(0x55) }), "malformed", /: test\.ko: \.debug_str: damaged zstd data: /],
    ["less than a header", Uint8Array.of(1, 0, 0, 0, 0), "malformed", /: test\.ko: \.debug_str at offset 0x4: 4 bytes wanted, 1 left$/],
  ])("%s", async (_, packed, code, message) => {
    const elf = await open({ sections: [{ name: ".debug_str", flags: 0x800, bytes: packed }] });
    expect(thrown(() => elf.bytes(elf.section(".debug_str")!))).toMatch(new RegExp(`^${code}${message.source}`));
  });
});

const zstdOfContents = "28b52ffd04687500003064656275672001006797be140106a1a2d6";
