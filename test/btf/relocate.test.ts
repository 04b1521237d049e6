import { expect, test } from "vitest";
import { btfFromBytes, prototypeText, rawText, relocateBtf, typeText, type Btf } from "../../src/btf/index.ts";
import { writeBtf, type WrittenType } from "../support/btfwriter.ts";

const int: WrittenType = { kind: "int", name: "int", size: 4, encoding: 1 };
const struct = (name: string, size: number, flag = false): WrittenType => ({ kind: "struct", name, size, flag, members: [] });
const btfOf = (types: readonly WrittenType[], little = true): Btf => btfFromBytes("kernel", writeBtf({ types, little }));

/** Own types that continue a distilled base, in the order in which both are written. */
function module(base: readonly WrittenType[], own: readonly WrittenType[], little = true): Btf {
  const distilled = btfOf(base, little);
  return btfFromBytes("m", writeBtf({ types: own, baseStrings: distilled.strings, little }), distilled);
}

const outline: WrittenType[] = [int, struct("list", 16), struct("sock", 8), { kind: "enum", name: "how", size: 4, values: [] }, { kind: "fwd", name: "net" }, { kind: "float", name: "double", size: 8 }];
const own: WrittenType[] = [
  { kind: "ptr", type: 3 },
  { kind: "struct", name: "m_priv", size: 64, members: [{ name: "list", type: 10, offset: 0 }, { name: "sk", type: 7, offset: 256 }, { name: "how", type: 4, offset: 320 }] },
  { kind: "typedef", name: "list_t", type: 2 },
  { kind: "array", element: 9, index: 1, length: 2 },
  { kind: "func_proto", result: 1, parameters: [["sk", 7], ["net", 12]] },
  { kind: "ptr", type: 5 },
  { kind: "func", name: "m_xmit", type: 11 },
];
const kernel: WrittenType[] = [
  { kind: "ptr", type: 0 },
  struct("sock", 760),
  int,
  { kind: "int", name: "int", size: 4 },
  { kind: "enum64", name: "how", size: 4, values: [] },
  struct("net", 4992),
  { kind: "float", name: "double", size: 8 },
  struct("list", 16),
  struct("list", 24),
];

for (const little of [true, false]) {
  test(`own types go behind the kernel's, ${little ? "little" : "big"}-endian`, () => {
    const { btf, unfit } = relocateBtf(module(outline, own, little), btfOf(kernel, little));
    expect(unfit).toEqual([]);
    expect([...rawText(btf!)].join("")).toBe(
      `[10] PTR '' type_id=2
[11] STRUCT 'm_priv' size=64 vlen=3
	'list' type_id=13 bits_offset=0
	'sk' type_id=10 bits_offset=256
	'how' type_id=5 bits_offset=320
[12] TYPEDEF 'list_t' type_id=8
[13] ARRAY '' type_id=12 index_type_id=3 nr_elems=2
[14] FUNC_PROTO '' ret_type_id=3 vlen=2
	'sk' type_id=10
	'net' type_id=15
[15] PTR '' type_id=6
[16] FUNC 'm_xmit' type_id=14 linkage=static
`.replaceAll("PTR ''", "PTR '(anon)'").replace("ARRAY ''", "ARRAY '(anon)'").replace("PROTO ''", "PROTO '(anon)'"),
    );
    expect(prototypeText(btf!, 16)).toBe("int m_xmit(struct sock *sk, struct net *net)");
    expect([btf!.find("m_priv"), btf!.find("sock"), typeText(btf!, 13)]).toEqual([11, 2, "list_t[2]"]);
  });
}

test("what stands alone, or continues the kernel's own, is as it was", () => {
  const alone = btfOf(kernel);
  expect(relocateBtf(alone, btfOf([int]))).toEqual({ btf: alone, unfit: [] });
});

test("a struct whose name the kernel has once may have grown where only pointers lead to it; members and names of several may not", () => {
  const without = (name: string, ...more: WrittenType[]): Btf => btfOf([...kernel.filter((type) => !("name" in type) || type.name !== name), ...more]);
  const whys = (base: Btf): string[] => relocateBtf(module(outline, own), base).unfit.map(({ kind, name, why }) => `${kind} ${name}: ${why}`);
  expect(whys(without("sock"))).toEqual(["struct sock: there is none of this name"]);
  expect(whys(without("sock", { kind: "fwd", name: "sock" }))).toEqual([]);
  expect(whys(without("sock", { kind: "fwd", name: "sock", flag: true }))).toEqual(["struct sock: there is none of this name"]);
  expect(whys(without("sock", struct("sock", 16), struct("sock", 24)))).toEqual(["struct sock: it has 8 bytes, and 16 or 24 there"]);
  expect(whys(without("sock", struct("sock", 8), struct("sock", 8)))).toEqual(["struct sock: it could be any of the types 9, 10 there"]);
  expect(whys(without("list", struct("list", 24)))).toEqual(["struct list: it has 16 bytes, and 24 there"]);
  expect(whys(without("list", { kind: "fwd", name: "list" }))).toEqual(["struct list: there it is only declared"]);
  expect(whys(without("how", { kind: "enum", name: "how", size: 8, values: [] }))).toEqual(["enum how: it has 4 bytes, and 8 there"]);
  expect(whys(without("double", { kind: "int", name: "double", size: 8 }))).toEqual(["float double: there is none of this name"]);
  expect(whys(without("net", { kind: "union", name: "net", size: 4, members: [] }))).toEqual(["fwd net: there is none of this name"]);
});

test("what no distilled base has", () => {
  expect(relocateBtf(module([int, { kind: "ptr", type: 1 }, { kind: "enum", values: [["A", 1]] }], []), btfOf(kernel)).unfit).toEqual([
    { id: 2, kind: "ptr", name: "", why: "a distilled base has only integers, floats, structs, unions and enums, with names" },
    { id: 3, kind: "enum", name: "", why: "a distilled base has only integers, floats, structs, unions and enums, with names" },
  ]);
});

test("ids that there are not, and circles", () => {
  const { btf } = relocateBtf(module([int], [{ kind: "ptr", type: 99 }, { kind: "typedef", name: "round", type: 3 }, { kind: "struct", name: "s", size: 8, members: [{ name: "a", type: 3, offset: 0 }] }]), btfOf(kernel));
  expect(() => btf!.type(btf!.sizeOrType(10))).toThrow("type 107 is referred to, the last one is 12");
});
