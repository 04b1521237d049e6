import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { OopscopeError, type ImageOffset } from "../../src/base/index.ts";
import { decode } from "../../src/decode/index.ts";
import { elfFromBytes, openElf } from "../../src/elf/index.ts";
import { gsymFromBytes } from "../../src/gsym/index.ts";
import { openGsymImage, packImage, skeletonOf } from "../../src/symbolize/index.ts";
import { root } from "../support/cli.ts";
import { mutated } from "../support/mutations.ts";
import { randomForTest } from "../support/seed.ts";

// Damaged GSYM files and what stands beside them: nothing but an OopscopeError that names the file is thrown, and nothing takes long.

const work = mkdtempSync(join(tmpdir(), "oopscope-gsym-"));
afterAll(() => rmSync(work, { recursive: true }));
const sources = ["test/fixtures/objects/linked", "test/fixtures/objects/clang-dwarf5-s390x.o", "test/fixtures/modules/6.1.0-56-amd64/skb_double_free.ko"].map((name) => root + name);
const packedFiles = await Promise.all(
  sources.map(async (path) => {
    const elf = await openElf(path);
    const packed = await packImage(elf);
    elf.close();
    return packed;
  }),
);
const mutations = 20_000;
const besides = 600;
const damagedObjects = 3_000;

function checkError(error: unknown): void {
  if (!(error instanceof OopscopeError)) throw error;
  expect(["malformed", "unsupported", "over-budget", "not-elf", "missing-section"]).toContain(error.code);
  expect(error.message).toContain(String(error.facts["file"]));
}

test(`${mutations} damaged GSYM files are read without harm`, () => {
  const random = randomForTest("gsym");
  let answered = 0;
  let refused = 0;
  for (let round = 0; round < mutations; round++) {
    const { gsym } = packedFiles[random.below(packedFiles.length)]!;
    const other = packedFiles[random.below(packedFiles.length)]!.gsym;
    const bytes = mutated(gsym, random, [{ from: 0, to: 48 }, { from: 48, to: 200 }, { from: Math.max(0, gsym.length - 400), to: gsym.length }], other);
    try {
      const file = gsymFromBytes("damaged.gsym", bytes);
      for (const answer of file.lookup([-1, 0, 1, 5, 0x20, 0x47, 0x91, 0x133, 0x1_0000, 2 ** 40])) {
        if (answer instanceof OopscopeError) checkError(answer);
        else if (answer !== null) answered++;
      }
      let entries = 0;
      for (const { name } of file.entries()) if (name.length > 1 << 14 || ++entries > 1000) break;
    } catch (error) {
      checkError(error);
      refused++;
    }
  }
  expect(answered).toBeGreaterThan(mutations / 10);
  expect(refused).toBeGreaterThan(mutations / 100);
});

test(`${damagedObjects} damaged files are packed without harm, and what comes out is a GSYM`, async () => {
  const random = randomForTest("packing");
  const names = ["gcc-dwarf5.o", "gcc-dwarf2.o", "clang-dwarf4-riscv64.o", "clang-dwarf5-s390x.o", "linked"];
  const objects = await Promise.all(
    names.map(async (name) => {
      const bytes = new Uint8Array(readFileSync(`${root}test/fixtures/objects/${name}`));
      const elf = await elfFromBytes(name, bytes);
      return { bytes, ranges: elf.sections.filter((section) => section.name.startsWith(".debug_")).map(({ offset, size }) => ({ from: offset, to: offset + size })) };
    }),
  );
  let packed = 0;
  let refused = 0;
  for (let round = 0; round < damagedObjects; round++) {
    const { bytes, ranges } = objects[random.below(objects.length)]!;
    try {
      const { gsym, skeleton, problems } = await packImage(await elfFromBytes("damaged.elf", mutated(bytes, random, ranges, objects[0]!.bytes)), { texts: ["linux_banner"], sourceRoot: "walk" });
      for (const problem of problems) checkError(problem);
      const file = gsymFromBytes("packed.gsym", gsym);
      expect(file.lookup([0, 1, 0x20, 0x81]).filter((answer) => answer instanceof OopscopeError)).toEqual([]);
      await elfFromBytes("packed.elf", skeleton);
      packed++;
    } catch (error) {
      checkError(error);
      refused++;
    }
  }
  expect(packed).toBeGreaterThan(damagedObjects / 2);
  expect(refused).toBeGreaterThan(0);
});

test("a GSYM that is cut off at any place is refused, or answers for what is left", () => {
  const { gsym } = packedFiles[2]!;
  for (let length = 0; length < gsym.length; length++) {
    try {
      for (const answer of gsymFromBytes("cut.gsym", gsym.slice(0, length)).lookup([0, 0x20, 0x100])) if (answer instanceof OopscopeError) checkError(answer);
    } catch (error) {
      checkError(error);
    }
  }
});

test(`${besides} damaged pairs are opened without harm, and decode says what is amiss`, async () => {
  const random = randomForTest("gsym pairs");
  const log = readFileSync(`${root}test/fixtures/logs/skb-double-free.log`);
  const path = join(work, "skb_double_free.ko.gsym");
  for (let round = 0; round < besides; round++) {
    const { gsym, skeleton } = packedFiles[2]!;
    const hurt = random.below(2) === 0;
    writeFileSync(path, hurt ? mutated(gsym, random, [{ from: 60, to: gsym.length }], skeleton) : gsym);
    const tail = { from: skeleton.length - 3000, to: skeleton.length };
    if (random.below(8) === 0) rmSync(skeletonOf(path), { force: true });
    else writeFileSync(skeletonOf(path), hurt ? skeleton : mutated(skeleton, random, [{ from: 0, to: 64 }, tail], gsym));
    try {
      const { image } = await openGsymImage(path);
      image.lookup([0x10000, 0x10020, 0x10100] as ImageOffset[]);
      image.close();
    } catch (error) {
      checkError(error);
    }
    // A folder's damaged file costs itself alone.
    if (round % 10 === 0) expect((await decode(log, { symbols: [work], root: null, code: "none" })).case.reports.length).toBeGreaterThan(0);
  }
});

test("calls that are inlined without end, and lengths beyond all files", async () => {
  const { gsym } = packedFiles[0]!;
  const elf = await elfFromBytes("x", packedFiles[0]!.skeleton);
  expect(elf.base).toBeGreaterThan(0n);
  const view = new DataView(gsym.buffer, gsym.byteOffset, gsym.byteLength);
  const bytes = new Uint8Array(gsym.length + 200_000);
  bytes.set(gsym);
  // The first function gets inlined calls of 20,000 levels: each one range from 0 of 127 bytes.
  const at = gsym.length + ((4 - (gsym.length % 4)) % 4);
  const own = new DataView(bytes.buffer);
  const table = 48 + view.getUint8(6) * view.getUint32(16, true);
  own.setUint32(Math.ceil(table / 4) * 4, at, true);
  own.setUint32(at, 0x7f, true);
  own.setUint32(at + 4, 1, true);
  own.setUint32(at + 8, 2, true);
  own.setUint32(at + 12, 20_000 * 10, true);
  for (let level = 0; level < 18_000; level++) bytes.set([1, 0, 0x7f, 1, 1, 0, 0, 0, 0, 0], at + 16 + level * 10);
  const answer = gsymFromBytes("deep.gsym", bytes.slice()).lookup([0])[0];
  expect(answer).toBeInstanceOf(OopscopeError);
  expect((answer as OopscopeError).message).toMatch(/^deep\.gsym: .*(?:more than 256 calls inlined into one another|past the file's end)/);
  own.setUint32(at + 12, 0xffff_fff0, true);
  expect((gsymFromBytes("long.gsym", bytes.slice()).lookup([0])[0] as OopscopeError).message).toMatch(/^long\.gsym: .*(?:the limit is|past the file's end)/);
});
