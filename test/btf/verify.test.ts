import { describe, expect, test } from "vitest";
import { btfFromBytes, checkModuleBtf, verifyBtf, type Btf } from "../../src/btf/index.ts";
import { elfFromBytes } from "../../src/elf/index.ts";
import { writeBtf, type WrittenType } from "../support/btfwriter.ts";
import { compressed, modinfoSection, writeElf, type WrittenSection } from "../support/elfwriter.ts";

const int: WrittenType = { kind: "int", name: "int", size: 4, encoding: 1 };

/** What is said of the types, by id. */
const problems = (...types: WrittenType[]): string[] => verifyBtf(btfFromBytes("x", writeBtf({ types }))).map(({ type, what }) => `${type}: ${what}`);

describe("the rules of kernel/bpf/btf.c", () => {
  test("well-formed types of every kind are fine", () => {
    expect(
      problems(
        int,
        { kind: "ptr", type: 1 },
        { kind: "array", element: 1, index: 1, length: 3 },
        { kind: "struct", name: "s", size: 16, members: [{ name: "a", type: 3, offset: 0 }, { name: "b", type: 1, offset: 96, bits: 3 }, { type: 5, offset: 96 }] },
        { kind: "union", size: 4, members: [{ name: "c", type: 1, offset: 0 }] },
        { kind: "enum", name: "e", values: [["A", 1]] },
        { kind: "enum64", name: "f", values: [["B", 1n]] },
        { kind: "fwd", name: "g" },
        { kind: "typedef", name: "t", type: 8 },
        { kind: "const", type: 9 },
        { kind: "func_proto", result: 0, parameters: [["a", 2], ["b", 2]] },
        { kind: "func", name: "fn.isra.0", type: 11 },
        { kind: "var", name: "v", type: 1 },
        { kind: "datasec", name: ".data..percpu", size: 4, variables: [[13, 0, 4]] },
        { kind: "float", name: "double", size: 8 },
        { kind: "decl_tag", name: "tag", type: 4, component: 2 },
        { kind: "type_tag", name: "rcu", type: 4, flag: true },
      ),
    ).toEqual([]);
  });

  test.each<[string, string, WrittenType]>([
    ["info bits", "its info 0x61000000 has unknown bits", { kind: "words", words: [0x6100_0000, 4, 32] }],
    ["int bits", "an int of 33 bits in 4 bytes", { kind: "int", name: "i", size: 4, bits: 33 }],
    ["int encoding", "an int of encoding 3", { kind: "int", name: "i", size: 4, encoding: 3 }],
    ["typedef without name", "a name is missing", { kind: "typedef", name: "", type: 1 }],
    ["name with a space", '"a b" is no name that the kernel takes', { kind: "struct", name: "a b", size: 0, members: [] }],
    ["name that is too long", `a name of 512 bytes, the kernel takes 511`, { kind: "fwd", name: "x".repeat(512) }],
    ["member before another", 'member 1 ("b") at bit 0, before the one in front of it at 32', { kind: "struct", size: 8, members: [{ name: "a", type: 1, offset: 32 }, { name: "b", type: 1, offset: 0 }] }],
    ["member past the end", 'member 0 ("a"): its 4 bytes at 2 end past the 4', { kind: "struct", size: 4, members: [{ name: "a", type: 1, offset: 16 }] }],
    ["member of a union", 'member 0 ("a") of a union at bit 8', { kind: "union", size: 8, members: [{ name: "a", type: 1, offset: 8 }] }],
    ["member that is void", 'member 0 ("a"): its member\'s type is void', { kind: "struct", size: 8, members: [{ name: "a", type: 0, offset: 0 }] }],
    ["member within a byte", 'member 0 ("a"): it begins within a byte, at bit 3', { kind: "struct", size: 32, members: [{ name: "a", type: 4, offset: 3 }] }],
    ["bit-field of a pointer", 'member 0 ("a"): a bit-field of kind ptr', { kind: "struct", size: 32, members: [{ name: "a", type: 4, offset: 0, bits: 3 }] }],
    ["struct that holds itself", "type 5 holds itself", { kind: "struct", name: "s", size: 8, members: [{ name: "a", type: 5, offset: 0 }] }],
    ["array of void", "its elements type is void", { kind: "array", element: 0, index: 1, length: 3 }],
    ["array by pointers", "its index type 4 is no regular int", { kind: "array", element: 1, index: 4, length: 3 }],
    ["array of functions", "its elements, of type 2, have no size", { kind: "array", element: 2, index: 1, length: 3 }],
    ["huge array", "an array of 17179869180 bytes", { kind: "array", element: 1, index: 1, length: 0xffff_ffff }],
    ["enum of three bytes", "an enum of 3 bytes", { kind: "enum", size: 3, values: [] }],
    ["value without name", "value 0: a name is missing", { kind: "enum", values: [["", 1]] }],
    ["func without prototype", "its prototype, type 1, is of kind int", { kind: "func", name: "f", type: 1 }],
    ["func of unknown linkage", "a func of linkage 3", { kind: "func", name: "f", type: 2, linkage: 3 }],
    ["parameter without name", "parameter 0 has no name", { kind: "func", name: "f", type: 3 }],
    ["parameter that is a function", "parameter 0, of type 2, has no size", { kind: "func_proto", result: 0, parameters: [["a", 2]] }],
    ["void parameter", "parameter 0 is void", { kind: "func_proto", result: 0, parameters: [["", 0], ["b", 1]] }],
    ["variable of no size", "its type 2 has no size", { kind: "var", name: "v", type: 2 }],
    ["datasec of no variable", "variable 0, type 1, is of kind int", { kind: "datasec", name: ".data", size: 4, variables: [[1, 0, 4]] }],
    ["datasec that is too small", "variable 0 ends at 7, past the section's end at 4", { kind: "datasec", name: ".data", size: 4, variables: [[1, 3, 4]] }],
    ["tag on an int", "it tags type 1 of kind int", { kind: "decl_tag", name: "t", type: 1 }],
    ["tag past the parameters", "it tags component 2 of 0", { kind: "decl_tag", name: "t", type: 6, component: 2 }],
    ["reference past the end", "type 99 is referred to", { kind: "ptr", type: 99 }],
    ["loop of qualifiers", "type 5 holds itself", { kind: "const", type: 5 }],
  ])("%s", (_name, what, type) => {
    const found = problems(int, { kind: "func_proto", result: 0, parameters: [] }, { kind: "func_proto", result: 0, parameters: [["", 1]] }, { kind: "ptr", type: 0 }, type, { kind: "typedef", name: "t", type: 1 });
    expect(found[0]).toContain(what);
    expect(found[0]).toMatch(/^5: /);
  });
});

/** A kernel that takes BTF of modules; `distilled`: also such with a distilled base. */
const kernelTypes = (distilled: boolean): WrittenType[] => [
  int,
  { kind: "func_proto", result: 1, parameters: [["a", 1]] },
  { kind: "func", name: distilled ? "btf_relocate" : "other", type: 2 },
  { kind: "struct", name: "btf_module", size: 8, members: [{ name: "a", type: 1, offset: 0 }] },
];
const kernelOf = (types: readonly WrittenType[]): Btf => btfFromBytes("vmlinux", writeBtf({ types }));

async function judge(sections: readonly WrittenSection[], kernel: Btf): Promise<string> {
  const elf = await elfFromBytes("m.ko", writeElf({ type: 1, sections: [{ name: ".modinfo", bytes: modinfoSection(["name=m"]) }, ...sections] }));
  const { state, why } = await checkModuleBtf(elf, kernel);
  return `${state}: ${why}`;
}

describe("a module's BTF, and the kernel that is to take it", () => {
  const kernel = kernelOf(kernelTypes(false));
  const own: WrittenType[] = [{ kind: "func", name: "m_xmit", type: 2 }, { kind: "struct", name: "m_priv", size: 4, members: [{ name: "a", type: 1, offset: 0 }] }];
  const split = (types: readonly WrittenType[], base = kernel): Uint8Array => writeBtf({ types, baseStrings: base.strings });

  test("verdicts", async () => {
    expect(await judge([{ name: ".BTF", bytes: split(own) }], kernel)).toBe("good: its BTF is good: 2 types of its own after the kernel's 4");
    expect(await judge([{ name: ".BTF", bytes: compressed(split(own)), flags: 0x800 }], kernel)).toBe("good: its BTF is good: 2 types of its own after the kernel's 4");
    expect(await judge([], kernel)).toBe("missing: there is no BTF in it (no section .BTF)");
    expect(await judge([{ name: ".BTF", bytes: new Uint8Array() }], kernel)).toBe("missing: there is no BTF in it (its section .BTF is empty)");
    expect(await judge([{ name: ".BTF", bytes: writeBtf({ types: kernelTypes(false) }) }], kernel)).toContain("stand-alone: its BTF stands alone, with 4 types of its own");
    expect(await judge([{ name: ".BTF", bytes: split(own) }], kernelOf([int]))).toContain("not-taken: this kernel takes no BTF of modules");
    const other = kernelOf([...kernelTypes(false), { kind: "fwd", name: "one_more_type" }]);
    expect(await judge([{ name: ".BTF", bytes: split(own) }], other)).toBe("other-base: its BTF continues another kernel's: after the 5 types and 38 bytes of names of this one, 1 of its 2 types have names that begin within others, or past the end");
    expect(await judge([{ name: ".BTF", bytes: split([{ kind: "func", name: "m xmit", type: 2 }]) }], kernel)).toBe('invalid: its BTF breaks the kernel\'s rules: type 5: "m xmit" is no name that the kernel takes');
    expect(await judge([{ name: ".BTF", bytes: split(own).subarray(0, 30) }], kernel)).toContain("invalid: m.ko: .BTF at offset");
  });

  test("a distilled base", async () => {
    const outline = btfFromBytes("base", writeBtf({ types: [int, { kind: "struct", name: "btf_module", size: 8, members: [] }] }));
    const bytes = writeBtf({ types: [{ kind: "struct", name: "m_priv", size: 8, members: [{ name: "a", type: 2, offset: 0 }] }], baseStrings: outline.strings });
    const sections = [{ name: ".BTF", bytes }, { name: ".BTF.base", bytes: outline.bytes }];
    expect(await judge(sections, kernelOf(kernelTypes(true)))).toBe("good: its BTF is good: 1 types of its own on a distilled base");
    expect(await judge(sections, kernel)).toContain("other-base: its BTF has a distilled base (.BTF.base), which kernels fit to their own from 6.11 on");
    const grown = kernelOf([...kernelTypes(true).slice(0, 3), { kind: "struct", name: "btf_module", size: 16, members: [] }]);
    expect(await judge(sections, grown)).toBe("other-base: 1 of the 2 types of its distilled base do not fit this kernel's: struct btf_module (it has 8 bytes, and 16 there)");
  });
});
