import { readFileSync, readdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { ImageOffset } from "../../src/base/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR, openElf, type ElfFile } from "../../src/elf/index.ts";
import { imageOf, openGsymImage, type Image, packImage, skeletonOf, type ResolvedPlace } from "../../src/symbolize/index.ts";
import { root } from "../support/cli.ts";

const work = mkdtempSync(join(tmpdir(), "oopscope-gsym-"));
afterAll(() => rmSync(work, { recursive: true }));

const objects = `${root}test/fixtures/objects/`;
const modules = `${root}test/fixtures/modules/`;
const files = [
  ...readdirSync(objects).filter((name) => !/\.(?:c|sh)$/.test(name)).map((name) => objects + name),
  ...["6.1.0-56-amd64/skb_double_free.ko", "6.1.0-56-amd64/static_free.ko", "5.10.0-46-amd64/init_null.ko.xz", "7.2.13+deb14-amd64/warn_credit.ko.xz", "6.1.0-56-arm64/null_chain.ko.xz", "6.1.192-oopscope-kasan/heap_overflow.ko.xz"].map((name) => modules + name),
];

/** Functions, files and lines; columns and discriminators have no place in GSYM. */
function told(place: ResolvedPlace, path: string): string {
  const functions = place.functions.map((one) => `${one.function} ${one.file ?? "??"}:${one.line ?? 0}${one.inlined ? " inlined" : ""}`).join(" < ");
  return `${functions} in ${place.directory} ${place.failure ? `${place.failure.reason}: ${place.failure.why.replaceAll(path, "FILE")}` : ""}`;
}

/** Every address of code that a symbol owns: padding behind one is nobody's. */
function codeAddresses(elf: ElfFile, image: Image): ImageOffset[] {
  const addresses: ImageOffset[] = [];
  for (const section of elf.sections) {
    if ((section.flags & SHF_ALLOC) === 0 || (section.flags & SHF_EXECINSTR) === 0) continue;
    const place = elf.placeOf(section);
    for (let at: number = place; at < place + section.size; at++) {
      const owner = image.symbolAt(at as ImageOffset);
      if (owner && (owner.size === 0 || at < owner.address + owner.size)) addresses.push(at as ImageOffset);
    }
  }
  return addresses;
}

test.each(files.map((file) => [file.slice(root.length + "test/fixtures/".length), file]))("%s: every address is in its GSYM what it is in the file", async (name, file) => {
  const elf = await openElf(file);
  const image = await imageOf(elf);
  const packed = await packImage(elf);
  expect(packed.problems).toEqual([]);
  const path = join(work, `${name.replaceAll("/", "-")}.gsym`);
  writeFileSync(path, packed.gsym);
  writeFileSync(skeletonOf(path), packed.skeleton);
  const { image: own, lacks } = await openGsymImage(path);
  expect(lacks).toBeNull();
  const addresses = codeAddresses(elf, image);
  expect(addresses.length).toBeGreaterThan(30);
  const theirs = image.lookup(addresses).map((place) => told(place, image.path));
  const ours = own.lookup(addresses).map((place) => told(place, own.path));
  const different = addresses.flatMap((address, index) => (theirs[index] === ours[index] ? [] : [`0x${address.toString(16)}\n- ${theirs[index]}\n+ ${ours[index]}`]));
  expect(different).toEqual([]);
  // What stands beside it is the file itself, for all that is not debug information.
  expect(own.elf.buildId()).toBe(elf.buildId());
  expect(own.elf.base).toBe(elf.base);
  expect([...own.elf.modinfo()]).toEqual([...elf.modinfo()]);
  for (const section of elf.sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0)) {
    const kept = own.elf.sections[section.index]!;
    expect({ ...kept, offset: 0 }).toEqual({ ...section, offset: 0 });
    expect(Buffer.compare(own.elf.bytes(kept), elf.bytes(section))).toBe(0);
  }
  own.close();
  elf.close();
});

test("without the file beside it names, sizes and lines are still there; with another's it is refused", async () => {
  const elf = await openElf(`${objects}linked`);
  const image = await imageOf(elf);
  const { gsym, skeleton } = await packImage(elf);
  const path = join(work, "alone.gsym");
  writeFileSync(path, gsym);
  const alone = await openGsymImage(path);
  expect(alone.lacks).toBe(`${path}.elf is missing, which has the kernel's version, symbols and code`);
  expect(alone.image.elf.header).toMatchObject({ machine: 0, type: 2 });
  expect(alone.image.elf.buildId()).toBe(elf.buildId()?.slice(0, 40) ?? null);
  const table = elf.symbols()!;
  const functions = Array.from({ length: table.count }, (_, index) => index).filter((index) => table.type(index) === 2 && table.size(index) > 0);
  expect(functions.length).toBeGreaterThan(1);
  const shared = alone.image.symbols(functions.map((index) => table.name(index)));
  for (const index of functions) {
    const name = table.name(index);
    const symbol = image.symbols([name]).get(name)![0]!;
    const found = shared.get(name);
    if (!found) continue; // an alias of another name
    expect(alone.image.elf.addressOf(found[0]!.address)).toBe(elf.addressOf(symbol.address));
    expect(told(alone.image.lookup([found[0]!.address])[0]!, path).replace(/ in .*/, "")).toBe(told(image.lookup([symbol.address])[0]!, image.path).replace(/ in .*/, ""));
  }
  alone.image.close();

  const other = await packImage(await openElf(`${modules}6.1.0-56-amd64/static_free.ko`));
  writeFileSync(skeletonOf(path), other.skeleton);
  await expect(openGsymImage(path)).rejects.toThrow(`${path}.elf does not belong to ${path}`);
  writeFileSync(skeletonOf(path), skeleton.subarray(0, 100));
  await expect(openGsymImage(path)).rejects.toThrow(`${path}.elf`);
  writeFileSync(skeletonOf(path), readFileSync(`${objects}linked`));
  await expect(openGsymImage(path)).rejects.toThrow("the section is missing, so the file does not belong to a GSYM");
  writeFileSync(skeletonOf(path), skeleton);
  writeFileSync(path, gsym.subarray(0, gsym.length - 1));
  await expect(openGsymImage(path)).rejects.toThrow("does not belong to");
});

test("a file without debug information is not packed", async () => {
  const elf = await openElf(`${objects}linked`);
  const { skeleton } = await packImage(elf);
  const path = join(work, "bare.elf");
  writeFileSync(path, skeleton);
  await expect(packImage(await openElf(path))).rejects.toThrow(`${path} has no debug information`);
});
