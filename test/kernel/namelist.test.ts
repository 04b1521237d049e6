import { expect, test } from "vitest";
import type { ImageOffset } from "../../src/base/index.ts";
import { imageOfNames, looksLikeNames, readNames } from "../../src/kernel/index.ts";
import { imageOf } from "../../src/symbolize/index.ts";
import { mutated } from "../support/mutations.ts";
import { randomForTest } from "../support/seed.ts";

const map = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _text
ffffffff81000000 T startup_64
ffffffff81000040 t helper
ffffffff81000040 t alias
ffffffff81000100 T _etext
ffffffff82000000 D data
ffffffff83000000 t early
ffffffff83000020 T early.cold
ffffffff83000030 R rodata
`;
const kallsyms = `${map}ffffffffc0000000 t nc_write	[null_chain]\nffffffffc0000010 t helper\t[null-chain]\n`;

test("a System.map as an image: names, sizes as kallsyms prints them, addresses", async () => {
  const list = readNames("System.map", Buffer.from(map));
  expect({ kind: list.kind, count: list.places.length }).toEqual({ kind: "system-map", count: 10 });
  const image = await imageOf((await imageOfNames(list))!);
  const symbols = image.symbols(["startup_64", "helper", "_etext", "early", "early.cold", "data"]);
  const told = [...symbols].map(([name, all]) => [name, ...all.map((symbol) => `0x${image.elf.addressOf(symbol.address).toString(16)} ${image.extentOf(symbol)}`)]);
  expect(told.sort()).toEqual([
    ["_etext", "0xffffffff81000100 16776960"],
    ["early", "0xffffffff83000000 32"],
    ["early.cold", "0xffffffff83000020 16"],
    ["helper", "0xffffffff81000040 192"],
    ["startup_64", "0xffffffff81000000 64"],
  ]);
  const [helper] = symbols.get("helper")!;
  expect([image.fits(helper!, 192), image.fits(helper!, 0xb0)]).toEqual([true, false]);
  expect(image.lookup([(helper!.address + 7) as ImageOffset])).toEqual([
    { functions: [{ function: "helper", file: null, line: null, column: null, discriminator: null, inlined: false }], directory: null, failure: { reason: "no-debug-info", why: "System.map has no debug information" } },
  ]);
  const outside = image.elf.offsetOf(0xffffffff82000010n as never);
  expect(image.lookup([outside])[0]!.failure).toEqual({ reason: "no-symbol", why: "System.map has no symbol at this address" });
});

test("kallsyms: modules' names are left out, and tell the kind", () => {
  const list = readNames("saved.txt", Buffer.from(kallsyms));
  expect({ kind: list.kind, count: list.places.length }).toEqual({ kind: "kallsyms", count: 10 });
  expect(readNames("/proc/kallsyms", Buffer.from(map)).kind).toBe("kallsyms");
});

test("32-bit addresses, carriage returns, blank lines", async () => {
  const list = readNames("m", Buffer.from("c0100000 T _stext\r\n\r\nc0100010 t next\r\nc0100030 B __bss_start\r\n"));
  const image = await imageOf((await imageOfNames(list))!);
  const [symbol] = image.symbols(["next"]).get("next")!;
  expect([image.elf.addressOf(symbol!.address), image.extentOf(symbol!)]).toEqual([0xc0100010n, 32]);
});

test.each([
  ["", "m is empty"],
  [`${map}ffffffff81000000 T two words\n`, 'm: line 11 is not an address, a type and a name: "ffffffff81000000 T two words"'],
  ["0000000000000000 T a\n0000000000000000 t b\n", "m: all 2 addresses are zero: the kernel hides them (kernel.kptr_restrict)"],
  ["ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n", "m is a stub: the real one is in the kernel's debug package"],
])("what is no list is said: %j", (text, message) => {
  expect(() => readNames("m", Buffer.from(text))).toThrow(message);
});

test("a list without code is no image", async () => {
  expect(await imageOfNames(readNames("m", Buffer.from("ffffffff82000000 D data\n")))).toBeNull();
});

test.each([["ffffffff81000000 T _text", true], ["ffffffff81000000 T _text\nrest", true], ["\x7fELF", false], ["81000000 T _text", true], ["ffffffff81000000", false], ["", false]])("%j looks like a list: %s", (text, wanted) => {
  expect(looksLikeNames(Buffer.from(text, "latin1"))).toBe(wanted);
});

test("mutated lists: an image or a typed error, never anything else", async () => {
  const random = randomForTest("lists of names");
  const bytes = Buffer.from(kallsyms);
  for (let round = 0; round < 2000; round++) {
    const damaged = mutated(bytes, random, [], bytes);
    try {
      const elf = await imageOfNames(readNames("m", damaged));
      if (elf) (await imageOf(elf)).symbols(["helper"]);
    } catch (error) {
      expect(error).toMatchObject({ name: "OopscopeError", code: expect.stringMatching(/^(?:malformed|unreadable|unsupported)$/) as string });
    }
  }
});
