import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { btfFromBytes, memberAt, nameText, openBtf, prototypeText, resolve, sizeOf, typeText, type Btf } from "../../src/btf/index.ts";
import { writeBtf, type WrittenType } from "../support/btfwriter.ts";
import { compressed, writeElf } from "../support/elfwriter.ts";

const work = mkdtempSync(join(tmpdir(), "oopscope-btf-"));
afterAll(() => rmSync(work, { recursive: true }));

const types: readonly WrittenType[] = [
  /* 1 */ { kind: "int", name: "int", size: 4, encoding: 1 },
  /* 2 */ { kind: "int", name: "char", size: 1, encoding: 1 },
  /* 3 */ { kind: "int", name: "long unsigned int", size: 8 },
  /* 4 */ { kind: "int", name: "_Bool", size: 1, encoding: 4 },
  /* 5 */ { kind: "struct", name: "net_device", size: 40, members: [{ name: "name", type: 6, offset: 0 }, { name: "flags", type: 10, offset: 128 }, { type: 9, offset: 192 }] },
  /* 6 */ { kind: "array", element: 2, index: 1, length: 16 },
  /* 7 */ { kind: "ptr", type: 5 },
  /* 8 */ { kind: "struct", name: "sk_buff", size: 24, members: [{ name: "dev", type: 7, offset: 0 }, { name: "cloned", type: 1, offset: 64, bits: 1 }, { name: "nohdr", type: 1, offset: 65, bits: 3 }, { name: "len", type: 10, offset: 128 }] },
  /* 9 */ { kind: "union", size: 16, members: [{ name: "a", type: 1, offset: 0 }, { name: "inner", type: 8, offset: 0 }, { type: 12, offset: 0 }] },
  /* 10 */ { kind: "typedef", name: "u32", type: 11 },
  /* 11 */ { kind: "int", name: "unsigned int", size: 4 },
  /* 12 */ { kind: "struct", size: 8, members: [{ name: "deep", type: 13, offset: 0 }] },
  /* 13 */ { kind: "array", element: 14, index: 1, length: 2 },
  /* 14 */ { kind: "volatile", type: 15 },
  /* 15 */ { kind: "const", type: 10 },
  /* 16 */ { kind: "enum", name: "mode", values: [["OFF", 0], ["ON", -1]], flag: true },
  /* 17 */ { kind: "enum64", name: "wide", values: [["ALL", 0xffff_ffff_ffff_ffffn], ["NONE", 0n]] },
  /* 18 */ { kind: "fwd", name: "page", flag: false },
  /* 19 */ { kind: "func_proto", result: 1, parameters: [["skb", 20], ["fn", 22], ["", 0]] },
  /* 20 */ { kind: "ptr", type: 8 },
  /* 21 */ { kind: "func_proto", result: 0, parameters: [["", 24], ["", 23]] },
  /* 22 */ { kind: "ptr", type: 21 },
  /* 23 */ { kind: "ptr", type: 6 },
  /* 24 */ { kind: "restrict", type: 25 },
  /* 25 */ { kind: "ptr", type: 26 },
  /* 26 */ { kind: "const", type: 0 },
  /* 27 */ { kind: "func", name: "xmit", type: 19, linkage: 1 },
  /* 28 */ { kind: "var", name: "jiffies", type: 3, linkage: 1 },
  /* 29 */ { kind: "datasec", name: ".data", size: 8, variables: [[28, 0, 8]] },
  /* 30 */ { kind: "float", name: "double", size: 8 },
  /* 31 */ { kind: "decl_tag", name: "bpf_kfunc", type: 27 },
  /* 32 */ { kind: "decl_tag", name: "aligned(8)", type: 8, component: 2, flag: true },
  /* 33 */ { kind: "type_tag", name: "rcu", type: 8 },
  /* 34 */ { kind: "ptr", type: 33 },
  /* 35 */ { kind: "type_tag", name: "address_space(1)", type: 8, flag: true },
  /* 36 */ { kind: "typedef", name: "page", type: 18 },
];

describe.each([true, false])("all kinds, little-endian %s", (little) => {
  const btf = btfFromBytes("vmlinux", writeBtf({ types, little }));

  test("types", () => {
    expect([1, 5, 6, 8, 16, 17, 18, 19, 27, 28, 29, 30, 31, 32, 33, 35].map((id) => btf.type(id))).toEqual([
      { kind: "int", id: 1, name: "int", size: 4, bits: 32, bitOffset: 0, signed: true, char: false, bool: false },
      { kind: "struct", id: 5, name: "net_device", size: 40, members: [{ name: "name", type: 6, bitOffset: 0, bitSize: 0 }, { name: "flags", type: 10, bitOffset: 128, bitSize: 0 }, { name: "", type: 9, bitOffset: 192, bitSize: 0 }] },
      { kind: "array", id: 6, name: "", element: 2, indexType: 1, length: 16 },
      { kind: "struct", id: 8, name: "sk_buff", size: 24, members: [{ name: "dev", type: 7, bitOffset: 0, bitSize: 0 }, { name: "cloned", type: 1, bitOffset: 64, bitSize: 1 }, { name: "nohdr", type: 1, bitOffset: 65, bitSize: 3 }, { name: "len", type: 10, bitOffset: 128, bitSize: 0 }] },
      { kind: "enum", id: 16, name: "mode", size: 4, signed: true, values: [{ name: "OFF", value: 0n }, { name: "ON", value: -1n }] },
      { kind: "enum64", id: 17, name: "wide", size: 8, signed: false, values: [{ name: "ALL", value: 0xffff_ffff_ffff_ffffn }, { name: "NONE", value: 0n }] },
      { kind: "fwd", id: 18, name: "page", of: "struct" },
      { kind: "func_proto", id: 19, name: "", result: 1, parameters: [{ name: "skb", type: 20 }, { name: "fn", type: 22 }], variadic: true },
      { kind: "func", id: 27, name: "xmit", type: 19, linkage: "global" },
      { kind: "var", id: 28, name: "jiffies", type: 3, linkage: "global" },
      { kind: "datasec", id: 29, name: ".data", size: 8, variables: [{ type: 28, offset: 0, size: 8 }] },
      { kind: "float", id: 30, name: "double", size: 8 },
      { kind: "decl_tag", id: 31, name: "bpf_kfunc", type: 27, component: -1, attribute: false },
      { kind: "decl_tag", id: 32, name: "aligned(8)", type: 8, component: 2, attribute: true },
      { kind: "type_tag", id: 33, name: "rcu", type: 8, attribute: false },
      { kind: "type_tag", id: 35, name: "address_space(1)", type: 8, attribute: true },
    ]);
    expect(btf.type(0)).toEqual({ kind: "void", id: 0, name: "" });
  });

  test("names, of every kind and by an index", () => {
    for (let round = 0; round < 8; round++) {
      expect(btf.idsOf("page")).toEqual([18, 36]);
      expect(btf.find("page", "typedef")).toBe(36);
      expect(btf.find("age")).toBeNull();
      expect(btf.idsOf("")).toEqual([]);
      expect(btf.find("int", "struct", "int")).toBe(1);
    }
    expect([...btf.idsOfKind("typedef")]).toEqual([10, 36]);
  });

  test("sizes", () => {
    expect([1, 6, 7, 10, 13, 14, 17, 20, 28, 0, 18, 19].map((id) => sizeOf(btf, id))).toEqual([4, 16, 8, 4, 8, 4, 8, 8, 8, null, null, null]);
    expect(btf.pointerSize).toBe(8);
    expect([resolve(btf, 14), resolve(btf, 14, { typedefs: "keep" })]).toEqual([11, 10]);
  });

  test("members by path", () => {
    expect(memberAt(btf, 5, "name")).toEqual({ type: 6, bitOffset: 0, bitSize: 0, size: 16 });
    expect(memberAt(btf, 5, "name[3]")).toEqual({ type: 2, bitOffset: 24, bitSize: 0, size: 1 });
    expect(memberAt(btf, 5, "inner.nohdr")).toEqual({ type: 1, bitOffset: 192 + 65, bitSize: 3, size: 4 });
    expect(memberAt(btf, 5, " deep [1] ")).toEqual({ type: 14, bitOffset: 192 + 32, bitSize: 0, size: 4 });
    const why = (path: string, id = 5): string => {
      try {
        return JSON.stringify(memberAt(btf, id, path));
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect([why("nam"), why("inner.dev.name"), why("inner.nohdr.x"), why("name[16]"), why("flags[0]"), why("name."), why(""), why("x", 1), why("deep[9007199254740993]")]).toEqual([
      "`nam`: the type (struct net_device) has no member nam",
      "`inner.dev.name`: `inner.dev` is a pointer: it has no member name",
      "`inner.nohdr.x`: `inner.nohdr` is a bit-field: there is nothing in it",
      "`name[16]`: `name` has 16 elements, 16 is none of them",
      "`flags[0]`: `flags` is of kind int: it has no elements",
      "`name.`: not understood from character 5 on; a path is like dev.name or frags[2].len",
      "an empty path leads to no member",
      "`x`: the type is of kind int: it has no member x",
      "`deep[9007199254740993]`: `deep` has 2 elements, 9007199254740992 is none of them",
    ]);
  });

  test("C text", () => {
    expect(prototypeText(btf, 27)).toBe("int xmit(struct sk_buff *skb, void (*fn)(const void * restrict, char (*)[16]), ...)");
    expect(typeText(btf, 34)).toBe("struct sk_buff *");
    expect(typeText(btf, 13, "deep")).toBe("volatile const u32 deep[2]");
    expect(typeText(btf, 9, "u")).toBe("union {…} u");
    expect(nameText(btf, 15)).toBe("u32");
  });
});

const splitTypes: readonly WrittenType[] = [
  /* 37 */ { kind: "struct", name: "gtp5g", size: 16, members: [{ name: "dev", type: 7, offset: 0 }, { name: "pdr", type: 38, offset: 64 }] },
  /* 38 */ { kind: "ptr", type: 37 },
  /* 39 */ { kind: "func", name: "xmit", type: 19 },
];

const baseBytes = writeBtf({ types });
const stringsOf = (btf: Btf): Uint8Array => btf.strings;
const splitBytes = (): Uint8Array => writeBtf({ types: splitTypes, baseStrings: stringsOf(btfFromBytes("vmlinux", baseBytes)) });

test("split BTF continues its base", () => {
  const base = btfFromBytes("vmlinux", baseBytes);
  const btf = btfFromBytes("gtp5g", splitBytes(), base);
  expect([btf.firstId, btf.endId]).toEqual([37, 40]);
  for (let round = 0; round < 8; round++) {
    expect(btf.idsOf("xmit")).toEqual([27, 39]);
    expect(btf.find("gtp5g", "struct")).toBe(37);
  }
  expect(memberAt(btf, 37, "pdr")).toEqual({ type: 38, bitOffset: 64, bitSize: 0, size: 8 });
  expect(typeText(btf, 38)).toBe("struct gtp5g *");
  expect(btf.nameOf(7)).toBe("");
  expect(btf.nameOf(5)).toBe("net_device");
  expect(() => btfFromBytes("gtp5g", splitBytes())).toThrow("gtp5g: BTF continues another one (split BTF), and is nothing without this base");
});

test("ELF files: compressed sections, distilled base", async () => {
  const path = join(work, "gtp5g.ko");
  writeFileSync(path, writeElf({ type: 1, sections: [{ name: ".BTF", bytes: splitBytes() }, { name: ".BTF.base", bytes: compressed(baseBytes), flags: 0x800 }] }));
  const file = await openBtf(path);
  expect([file.form, file.btf.find("gtp5g"), file.distilled?.endId, file.ext()]).toEqual(["elf", 37, 37, null]);
  const bare = join(work, "bare.ko");
  writeFileSync(bare, writeElf({ type: 1, sections: [{ name: ".text" }] }));
  await expect(openBtf(bare)).rejects.toThrow(`${bare} has no BTF: no section .BTF`);
  const raw = join(work, "raw");
  writeFileSync(raw, baseBytes);
  expect((await openBtf(raw)).form).toBe("raw");
});

describe("damaged", () => {
  const why = (bytes: Uint8Array): string => {
    try {
      btfFromBytes("x", bytes);
      return "fine";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const patched = (at: number, value: number): Uint8Array => {
    const bytes = Uint8Array.from(baseBytes);
    new DataView(bytes.buffer).setUint32(at, value, true);
    return bytes;
  };

  test("headers", () => {
    expect([why(baseBytes.subarray(0, 23)), why(patched(0, 0x0001_1234)), why(patched(0, 0x0002_eb9f)), why(patched(4, 20)), why(patched(8, 2)), why(patched(12, 0xffff_fff0)), why(patched(16, 0)), why(baseBytes.subarray(0, baseBytes.length - 1))]).toEqual([
      "x: BTF at offset 0x0: 23 bytes are too few for a header of 24",
      "x: BTF at offset 0x0: it begins with 0x3412, not with BTF's 0xeb9f",
      "x: BTF: version 2 of BTF is unknown",
      `x: BTF at offset 0x4: a header of 20 bytes in a blob of ${baseBytes.length}`,
      expect.stringContaining("is not of whole words"),
      expect.stringContaining("reaches past the end"),
      "x: BTF at offset 0x8: the type and the string section overlap",
      expect.stringContaining("reaches past the end"),
    ]);
  });

  test("types", () => {
    expect(why(writeBtf({ types: [{ kind: "words", words: [20 << 24, 0] }] }))).toBe("x: BTF at offset 0x18: type 1 is of the unknown kind 20");
    expect(why(writeBtf({ types: [{ kind: "words", words: [(4 << 24) | 0xffff, 0] }] }))).toBe("x: BTF at offset 0x18: type 1 (struct, 65535 elements) takes 786432 bytes, 12 are left");
    expect(why(writeBtf({ types: [{ kind: "words", words: [2 << 24] }] }))).toBe("x: BTF at offset 0x18: 8 bytes are left for a type's 12");
  });

  test("references and loops cost themselves alone", () => {
    const btf = btfFromBytes("x", writeBtf({ types: [{ kind: "typedef", name: "a", type: 2 }, { kind: "const", type: 1 }, { kind: "ptr", type: 99 }, { kind: "struct", name: "s", size: 8, members: [{ type: 4, offset: 0 }] }, { kind: "array", element: 5, index: 1, length: 7 }, { kind: "words", words: [12 << 24, 1] }] }));
    expect(() => resolve(btf, 1)).toThrow("type 1 leads through more than 256 typedefs and qualifiers");
    expect(() => sizeOf(btf, 5)).toThrow("2^53 bytes");
    expect(() => typeText(btf, 3)).toThrow("type 99 is referred to, the last one is 6");
    expect(() => typeText(btf, 1)).not.toThrow();
    expect(() => memberAt(btf, 4, "x")).toThrow("without end");
    expect(() => typeText(btf, 5)).toThrow("types within one another");
    expect(() => btf.type(9)).toThrow("x: BTF at offset 0x18: type 9 is referred to, the last one is 6");
  });
});
