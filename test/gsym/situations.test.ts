import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decode } from "../../src/decode/index.ts";
import { openElf } from "../../src/elf/index.ts";
import { packImage, skeletonOf } from "../../src/symbolize/index.ts";
import { root } from "../support/cli.ts";

// What `decode` says of GSYM files that are right, another kernel's, alone, damaged, or not wanted.

const work = mkdtempSync(join(tmpdir(), "oopscope-gsym-"));
const example = `${root}examples/null-chain`;
const log = readFileSync(`${example}/panic.log`);
const good = `${example}/symbols`;

async function packed(source: string, folder: string, name: string): Promise<void> {
  const elf = await openElf(`${root}test/fixtures/modules/${source}`);
  const { gsym, skeleton } = await packImage(elf);
  elf.close();
  mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, folder, name), gsym);
  writeFileSync(skeletonOf(join(work, folder, name)), skeleton);
}

beforeAll(async () => {
  await packed("5.10.0-46-amd64/null_chain.ko.xz", "older", "null_chain.ko.gsym");
  await packed("6.1.0-56-amd64/null_chain.ko", "renamed", "mine.gsym");
});
afterAll(() => rmSync(work, { recursive: true }));

const images = async (symbols: readonly string[], more: { vmlinux?: string; modules?: string[] } = {}) => {
  const { case: found, complete, remarks } = await decode(log, { symbols, root: null, code: "none", ...more });
  const frames = found.reports[0]!.stacks.flatMap((stack) => stack.frames).filter(({ unresolved }) => unresolved?.reason !== "user");
  return {
    vmlinux: found.image.vmlinux && `${found.image.vmlinux.match}: ${found.image.vmlinux.why}`.replaceAll(work, "WORK").replaceAll(root, ""),
    modules: found.image.modules.map(({ name, path, match, why }) => `${name}: ${path}: ${match}: ${why}`.replaceAll(work, "WORK").replaceAll(root, "")),
    resolved: frames.filter(({ unresolved }) => unresolved === null).length,
    open: [...new Set(frames.flatMap(({ unresolved }) => unresolved?.why ?? []))].map((why) => why.replaceAll(work, "WORK")),
    notes: [...new Set(frames.flatMap(({ note }) => note ?? []))],
    warnings: remarks.filter(({ severity }) => severity === "warning").map(({ text }) => text.replaceAll(work, "WORK")),
    complete,
  };
};

test("the example decodes whole", async () => {
  expect(await images([good])).toMatchInlineSnapshot(`
    {
      "complete": true,
      "modules": [
        "null_chain: examples/null-chain/symbols/null_chain.ko.gsym: verified: vermagic 6.1.0-56-amd64 agrees, 44 bytes of the log's Code: line agree, the sizes of 2 functions agree",
      ],
      "notes": [],
      "open": [],
      "resolved": 12,
      "vmlinux": "verified: the file's banner is the log's version line, letter for letter",
      "warnings": [],
    }
  `);
});

test("a module of another kernel is a mismatch, and its lines are marked", async () => {
  expect(await images([join(work, "older")])).toMatchInlineSnapshot(`
    {
      "complete": false,
      "modules": [
        "null_chain: WORK/older/null_chain.ko.gsym: mismatch: the log's kernel is 6.1.0-56-amd64, the module was built for 5.10.0-46-amd64",
      ],
      "notes": [
        "by a file of another build",
      ],
      "open": [
        "nc_write has 0x80 bytes in the log and 0x70 in WORK/older/null_chain.ko.gsym: another build",
        "no vmlinux of this kernel was found",
      ],
      "resolved": 2,
      "vmlinux": null,
      "warnings": [
        "WORK/older/null_chain.ko.gsym is not this kernel's null_chain: the log's kernel is 6.1.0-56-amd64, the module was built for 5.10.0-46-amd64. Lines taken from it may be wrong.",
        "no vmlinux of 6.1.0-56-amd64 was found; Debian's package linux-image-6.1.0-56-amd64-dbg has it",
      ],
    }
  `);
});

test("a module that is named is known by what stands beside it", async () => {
  const found = await images([join(work, "renamed/mine.gsym")]);
  expect([found.vmlinux, found.modules]).toMatchInlineSnapshot(`
    [
      null,
      [
        "null_chain: WORK/renamed/mine.gsym: verified: vermagic 6.1.0-56-amd64 agrees, 44 bytes of the log's Code: line agree, the sizes of 2 functions agree",
      ],
    ]
  `);
});

test("without the files beside them lines are there, and whether they are right is unknown", async () => {
  const folder = join(work, "alone");
  mkdirSync(folder);
  for (const name of ["vmlinux-6.1.0-56-amd64.gsym", "null_chain.ko.gsym"]) copyFileSync(join(good, name), join(folder, name));
  expect(await images([folder])).toMatchInlineSnapshot(`
    {
      "complete": true,
      "modules": [
        "null_chain: WORK/alone/null_chain.ko.gsym: unknown: WORK/alone/null_chain.ko.gsym.elf is missing, which has the kernel's version, symbols and code; the sizes of 2 functions agree; none of the log's Code: bytes can be compared with the file",
      ],
      "notes": [],
      "open": [],
      "resolved": 12,
      "vmlinux": "unknown: WORK/alone/vmlinux-6.1.0-56-amd64.gsym.elf is missing, which has the kernel's version, symbols and code; the sizes of 9 functions agree; the log has no Code: bytes of this image to compare",
      "warnings": [],
    }
  `);
});

test("files that are named come before packed ones, packed ones before nothing", async () => {
  const both = await images([good], { modules: [`${root}test/fixtures/modules/6.1.0-56-amd64/null_chain.ko`] });
  expect(both.modules).toEqual([expect.stringContaining("null_chain: test/fixtures/modules/6.1.0-56-amd64/null_chain.ko: verified")]);
  expect(both.complete).toBe(true);
});

test.each([
  ["absent", "WORK/nowhere: no such file or directory"],
  ["an empty folder", "WORK/empty: no .gsym file is in this folder"],
  ["cut off", "WORK/cut.gsym: "],
  ["a text", "WORK/text.gsym: GSYM header at offset 0x0: it does not begin with the letters GSYM"],
])("what is named and is %s is an error", async (what, message) => {
  mkdirSync(join(work, "empty"), { recursive: true });
  writeFileSync(join(work, "cut.gsym"), readFileSync(join(good, "vmlinux-6.1.0-56-amd64.gsym")).subarray(0, 1000));
  writeFileSync(join(work, "text.gsym"), "this is not what it says, and it is longer than a header");
  const path = join(work, { absent: "nowhere", "an empty folder": "empty", "cut off": "cut.gsym", "a text": "text.gsym" }[what]!);
  await expect(images([path])).rejects.toThrow(message.replace("WORK", work));
});

test("a damaged module of a folder costs itself alone", async () => {
  const folder = join(work, "hurt");
  mkdirSync(folder);
  for (const name of ["vmlinux-6.1.0-56-amd64.gsym", "vmlinux-6.1.0-56-amd64.gsym.elf", "null_chain.ko.gsym.elf"]) copyFileSync(join(good, name), join(folder, name));
  writeFileSync(join(folder, "null_chain.ko.gsym"), readFileSync(join(good, "null_chain.ko.gsym")).subarray(0, 300));
  const found = await images([folder]);
  expect([found.vmlinux, found.modules, found.open, found.warnings]).toMatchInlineSnapshot(`
    [
      "verified: the file's banner is the log's version line, letter for letter",
      [],
      [
        "the file of module null_chain is unusable: WORK/hurt/null_chain.ko.gsym: GSYM header at offset 0x14: a string table that ends at 0x149, past the file's end at 0x12c",
      ],
      [
        "the file of module null_chain is unusable: WORK/hurt/null_chain.ko.gsym: GSYM header at offset 0x14: a string table that ends at 0x149, past the file's end at 0x12c",
      ],
    ]
  `);
});
