import { expect, test } from "vitest";
import { OopscopeError } from "../../src/base/index.ts";
import { GsymWriter, gsymFromBytes, type GsymFile } from "../../src/gsym/index.ts";
import { expectGolden } from "../support/golden.ts";

const base = 0xffffffff81000000n;

/** A function with rows, inlined calls within one another and in pieces, one of which only the name is known, and one without a name. */
function small(little: boolean, far = 0x40): GsymWriter {
  const writer = new GsymWriter(little);
  const a = writer.file("/src/a.c");
  const b = writer.file("include/b.h");
  const bare = writer.file("top.S");
  writer.add({ start: 0x20, end: 0x30, name: writer.string("label"), rows: null, calls: [] });
  writer.add({
    start: 0,
    end: 0x20,
    name: writer.string("outer.isra.0"),
    rows: { addresses: [0, 4, 5, 0x10, 0x14, 0x18], files: [a, b, b, a, 0, a], lines: [10, 300, 299, 12, 0, 70_000] },
    calls: [
      { name: writer.string("inner"), callFile: a, callLine: 11, ranges: [4, 0x10, 0x18, 0x1c], calls: [{ name: writer.string("leaf"), callFile: b, callLine: 301, ranges: [5, 8, 0x1a, 0x1b], calls: [] }] },
      { name: writer.string(""), callFile: 0, callLine: 0, ranges: [0x12, 0x13], calls: [] },
    ],
  });
  writer.add({ start: far, end: far + 8, name: writer.string(""), rows: { addresses: [far], files: [bare], lines: [3] }, calls: [] });
  return writer;
}

const told = (file: GsymFile, offsets: readonly number[]): string =>
  file
    .lookup(offsets)
    .map((answer, index) => `0x${offsets[index]!.toString(16)}: ${answer === null ? "nothing" : answer instanceof OopscopeError ? answer.message : answer.map((one) => `${one.function ?? "??"} ${one.file ?? "??"}:${one.line}`).join(" < ")}\n`)
    .join("");

const offsets = [-1, 0, 3, 4, 5, 7, 8, 0xf, 0x10, 0x12, 0x14, 0x18, 0x1a, 0x1b, 0x1f, 0x20, 0x2f, 0x30];

test.each([true, false])("what was written is read again, little-endian: %s", (little) => {
  const bytes = small(little).finish(base, "00112233445566778899aabbccddeeff0011223344");
  const file = gsymFromBytes("small.gsym", bytes);
  expect(file.header).toMatchObject({ little, addressSize: 1, uuid: "00112233445566778899aabbccddeeff00112233", base, count: 3 });
  expectGolden(`${told(file, [...offsets, 0x40, 0x47, 0x48])}\n${Buffer.from(bytes).toString("hex").replaceAll(/.{64}/g, "$&\n")}\n`, new URL(`small-${little ? "little" : "big"}.txt`, import.meta.url));
});

test.each([[0x40, 1], [0x4000, 2], [0x40_0000, 4], [0x40_0000_0000, 8]])("a table that reaches 0x%s has addresses of %s bytes", (far, size) => {
  for (const little of [true, false]) {
    const file = gsymFromBytes("far.gsym", small(little, far).finish(base, null));
    expect(file.header.addressSize).toBe(size);
    expect(told(file, [5, far, far + 7, far + 8])).toBe(`0x5: leaf include/b.h:299 < inner include/b.h:301 < outer.isra.0 /src/a.c:11\n0x${far.toString(16)}: ?? top.S:3\n0x${(far + 7).toString(16)}: ?? top.S:3\n0x${(far + 8).toString(16)}: nothing\n`);
    expect([...file.entries()]).toEqual([{ offset: 0, size: 0x20, name: "outer.isra.0" }, { offset: 0x20, size: 0x10, name: "label" }, { offset: far, size: 8, name: "" }]);
  }
});

test("kinds of information that are not known are stepped over", () => {
  const bytes = small(true).finish(0n, null);
  const view = new DataView(bytes.buffer);
  // The lines of `outer` become call sites (4), its inlined calls merged functions (3).
  const at = view.getUint32(52, true);
  expect(view.getUint32(at + 8, true)).toBe(1);
  view.setUint32(at + 8, 4, true);
  const next = at + 16 + view.getUint32(at + 12, true);
  expect(view.getUint32(next, true)).toBe(2);
  expect(told(gsymFromBytes("x", bytes), [5])).toBe("0x5: leaf ??:0 < inner include/b.h:301 < outer.isra.0 /src/a.c:11\n");
  view.setUint32(next, 3, true);
  expect(told(gsymFromBytes("x", bytes), [5, 0x40])).toBe("0x5: nothing\n0x40: ?? top.S:3\n");
});

test("an empty file has nothing", () => {
  expect(told(gsymFromBytes("empty.gsym", new GsymWriter().finish(base, null)), [0])).toBe("0x0: nothing\n");
});

test.each([
  ["no GSYM", (bytes: Uint8Array) => bytes.fill(0, 0, 4), "it does not begin with the letters GSYM"],
  ["another version", (bytes: Uint8Array) => (bytes[4] = 2), "x: GSYM of version 2; version 1 is read"],
  ["odd addresses", (bytes: Uint8Array) => (bytes[6] = 3), "addresses of 3 bytes"],
  ["a long UUID", (bytes: Uint8Array) => (bytes[7] = 21), "a UUID of 21 bytes"],
  ["too many addresses", (bytes: Uint8Array) => bytes.fill(0xff, 16, 20), "4294967295 addresses end at"],
  ["strings past the end", (bytes: Uint8Array) => bytes.fill(0xff, 20, 24), "a string table that ends at"],
])("%s is refused", (_what, damage, message) => {
  const bytes = small(true).finish(base, null);
  damage(bytes);
  expect(() => gsymFromBytes("x", bytes)).toThrow(message);
});
