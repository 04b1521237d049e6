import { expect, it } from "vitest";
import { compiledDecoderOf, decoderOf, type Decode } from "../../src/bpf/decode.ts";
import { encodeValue } from "../../src/bpf/encode.ts";
import { btfFromBytes, type Btf } from "../../src/btf/index.ts";
import { writeBtf } from "../support/btfwriter.ts";

/** 1 int, 2 char, 3 unsigned char, 4 unsigned long, 5 bool, 6 enum, 7 char[4], 8 unsigned char[2], 9 int[2], 10 double, 11 ptr, 12 an anonymous union, 13 the struct, 14 typedef, 15 void fn, 16 __int128, 17 flexible char[] in 18 */
const types = (little: boolean): Btf =>
  btfFromBytes(
    "test",
    writeBtf({
      little,
      types: [
        { kind: "int", name: "int", size: 4, encoding: 1 },
        { kind: "int", name: "char", size: 1, encoding: 1 },
        { kind: "int", name: "unsigned char", size: 1 },
        { kind: "int", name: "unsigned long", size: 8 },
        { kind: "int", name: "bool", size: 1, encoding: 4 },
        { kind: "enum", name: "colour", size: 4, flag: true, values: [["RED", 0], ["BLUE", -2]] },
        { kind: "array", element: 2, index: 1, length: 4 },
        { kind: "array", element: 3, index: 1, length: 2 },
        { kind: "array", element: 1, index: 1, length: 2 },
        { kind: "float", name: "double", size: 8 },
        { kind: "ptr", type: 13 },
        { kind: "union", size: 4, members: [{ name: "whole", type: 1, offset: 0 }, { name: "parts", type: 8, offset: 0 }] },
        {
          kind: "struct", name: "all", size: 64, flag: true,
          members: [
            { name: "a", type: 1, offset: 0 },
            { name: "low", type: 1, offset: 32, bits: 3 },
            { name: "high", type: 4, offset: 35, bits: 29 },
            { name: "wide", type: 4, offset: 64 },
            { name: "flag", type: 5, offset: 128 },
            { name: "text", type: 7, offset: 136 },
            { name: "raw", type: 8, offset: 168 },
            { type: 12, offset: 192 },
            { name: "colour", type: 6, offset: 224 },
            { name: "pair", type: 9, offset: 256 },
            { name: "real", type: 10, offset: 320 },
            { name: "next", type: 11, offset: 384 },
          ],
        },
        { kind: "typedef", name: "all_t", type: 13 },
        { kind: "func_proto", result: 0, parameters: [] },
        { kind: "int", name: "__int128", size: 16, encoding: 1 },
        { kind: "array", element: 2, index: 1, length: 0 },
        { kind: "struct", name: "tail", size: 4, members: [{ name: "length", type: 1, offset: 0 }, { name: "text", type: 17, offset: 32 }] },
        { kind: "fwd", name: "unknown" },
      ],
    }),
  );

/** What both decoders read, which is the same. */
const decoded = (btf: Btf, id: number): Decode => (view, at, end) => {
  const value = decoderOf(btf, id)(view, at, end);
  expect(compiledDecoderOf(btf, id)(view, at, end)).toStrictEqual(value);
  return value;
};

const value = { a: -5, low: -3, high: 0x12345678 & 0x1fffffff, wide: 0xfedc_ba98_7654_3210n, flag: true, text: "abc", raw: Uint8Array.of(1, 255), whole: 0x01020304, colour: "BLUE", pair: [1, -1], real: 1.5, next: 0xffff_8880_0000_1234n };

it.each([["little", true], ["big", false]] as const)("a struct of all kinds, %s-endian", (_, little) => {
  const btf = types(little);
  const bytes = encodeValue(btf, 14, value);
  const view = new DataView(bytes.buffer);
  expect(view.getInt32(0, little)).toBe(-5);
  expect(view.getBigUint64(8, little)).toBe(value.wide);
  expect(view.getBigUint64(48, little)).toBe(value.next);
  // A compiler counts bit-fields from the low end on little-endian machines, from the high end on others.
  expect(view.getUint32(4, little)).toBe(little ? ((value.high << 3) | 0b101) >>> 0 : ((0b101 << 29) | value.high) >>> 0);
  expect(decoded(btf, 14)(view, 0, bytes.length)).toEqual({ ...value, parts: little ? Uint8Array.of(4, 3) : Uint8Array.of(1, 2) });
});

it("an enum's value without a name is its number, text without a NUL ends with its array, 128 bits are a bigint", () => {
  const btf = types(true);
  expect(decoded(btf, 6)(new DataView(Int32Array.of(77).buffer), 0, 4)).toBe(77);
  expect(decoded(btf, 7)(new DataView(Uint8Array.from(Buffer.from("wxyz!")).buffer), 0, 4)).toBe("wxyz");
  const wide = encodeValue(btf, 16, -3n);
  expect(decoded(btf, 16)(new DataView(wide.buffer), 0, 16)).toBe(-3n);
});

it("an array without a length takes what there is", () => {
  const bytes = Uint8Array.of(3, 0, 0, 0, 0x68, 0x65, 0x79, 0);
  expect(decoded(types(true), 18)(new DataView(bytes.buffer), 0, 8)).toEqual({ length: 3, text: "hey" });
  expect(decoded(types(true), 18)(new DataView(bytes.buffer), 0, 4)).toEqual({ length: 3, text: "" });
});

it.each([
  [{ a: 2 ** 31 }, "`a` is a signed integer of 32 bits, not 2147483648"],
  [{ a: 1.5 }, "`a` is an integer, not 1.5"],
  [{ a: "one" }, '`a` is an integer, not "one"'],
  [{ low: 8 }, "`low` has 3 bits, not 8"],
  [{ text: "abcd" }, "`text` has room for 3 bytes of text and a NUL, not for 4"],
  [{ raw: Uint8Array.of(1) }, "`raw` has 2 bytes, not 1"],
  [{ pair: [1, 2, 3] }, "`pair` has 2 elements, not 3"],
  [{ pair: [1, 2 ** 40] }, "`pair[1]` is a signed integer of 32 bits, not 1099511627776"],
  [{ colour: "GREEN" }, '`colour` is one of RED, BLUE, not "GREEN"'],
  [{ b: 1 }, "`all_t` has no member `b`; it has a, low, high, wide, flag, text, raw, whole, parts, colour, pair, real, next"],
  [5, "the value is a struct, not 5"],
])("%o does not fit: %s", (wrong, message) => {
  expect(() => encodeValue(types(true), 14, wrong)).toThrow(message);
});

it("what has no value says so", () => {
  expect(() => decoderOf(types(true), 15)).toThrow("`void (void)` (func_proto) has no value that could be read");
  expect(() => decoderOf(types(true), 19)).toThrow("`struct unknown` (fwd) has no value that could be read");
  expect(() => compiledDecoderOf(types(true), 19)).toThrow("`struct unknown` (fwd) has no value that could be read");
});

it("names that mean something in JavaScript, and lists of lists without end", () => {
  const names = ["__proto__", "constructor", 'a"]; throw 1; ["', "\u2028", "0"];
  const btf = btfFromBytes("test", writeBtf({
    little: true,
    types: [
      { kind: "int", name: "int", size: 4, encoding: 1 },
      { kind: "struct", name: "odd", size: 20, members: names.map((name, index) => ({ name, type: 1, offset: 32 * index })) },
      ...Array.from({ length: 8 }, (_, index) => ({ kind: "array" as const, element: index === 0 ? 2 : 2 + index, index: 1, length: index < 3 ? 3 : 1 })),
    ],
  }));
  const bytes = new Int32Array(5 * 27).map((_, index) => index);
  const view = new DataView(bytes.buffer);
  const odd = decoded(btf, 2)(view, 0, 20) as object;
  expect(Object.entries(odd).sort()).toEqual(names.map((name, index) => [name, index]).sort());
  expect(Object.getPrototypeOf(odd)).toBe(Object.prototype);
  expect(JSON.stringify(decoded(btf, 10)(view, 0, bytes.byteLength)).match(/constructor/g)).toHaveLength(27);
  const wide = btfFromBytes("test", writeBtf({
    little: true,
    types: [{ kind: "int", name: "int", size: 4, encoding: 1 }, ...Array.from({ length: 6 }, (_, index) => ({ kind: "array" as const, element: 1 + index, index: 1, length: 16 }))],
  }));
  const start = Uint8Array.from({ length: 4 * 16 ** 3 }, (_, index) => index);
  decoded(wide, 4)(new DataView(start.buffer), 0, start.length);
  expect(compiledDecoderOf(wide, 7)).toBeTypeOf("function");
});
