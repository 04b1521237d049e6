import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OopscopeError, type ImageOffset, type LinkAddress } from "../../src/base/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR, openElf, type ElfFile } from "../../src/elf/index.ts";
import { openGsym } from "../../src/gsym/index.ts";
import { imageOf, openGsymImage, type Image, packImage, skeletonOf, sourceName, type ResolvedPlace } from "../../src/symbolize/index.ts";
import { root } from "../support/cli.ts";
import { gsymutil } from "../support/gsymutil.ts";
import { debianKernel } from "../support/kernel.ts";
import { randomForTest } from "../support/seed.ts";

// LLVM's reader on our files, and ours on LLVM's, at random addresses of vmlinux and every one of a module.

const { vmlinux, release } = debianKernel();
const module = `${root}test/fixtures/modules/${release}/skb_double_free.ko`;
const work = mkdtempSync(join(tmpdir(), "oopscope-llvm-gsym-"));
const ours = join(work, "ours.gsym");
const theirs = join(work, "theirs.gsym");
const sample = 5000;
const tool = gsymutil();

let elf: ElfFile;
let image: Image;
let addresses: ImageOffset[];
let truth: ResolvedPlace[];

async function pack(file: ElfFile, path: string): Promise<void> {
  const packed = await packImage(file);
  writeFileSync(path, packed.gsym);
  writeFileSync(skeletonOf(path), packed.skeleton);
}

beforeAll(async () => {
  elf = await openElf(vmlinux);
  image = await imageOf(elf);
  await pack(elf, ours);
  execFileSync(tool, ["--quiet", "--convert", vmlinux, "--out-file", theirs], { stdio: ["ignore", "ignore", "ignore"] });
  const random = randomForTest("addresses of vmlinux");
  addresses = [];
  const sections = elf.sections.filter(({ flags, size }) => (flags & SHF_ALLOC) !== 0 && (flags & SHF_EXECINSTR) !== 0 && size > 0);
  while (addresses.length < sample) {
    // Half of them in the smaller sections.
    const section = random.below(2) === 0 ? sections[0]! : sections[random.below(sections.length)]!;
    const address = (elf.placeOf(section) + random.below(section.size)) as ImageOffset;
    const owner = image.symbolAt(address);
    if (owner && owner.size > 0 && address < owner.address + owner.size) addresses.push(address);
  }
  truth = image.lookup(addresses);
});
afterAll(() => {
  elf.close();
  rmSync(work, { recursive: true });
});

/** What llvm-gsymutil says of addresses, a text each: `inner a.h:3 < outer a.c:5`, innermost first. */
function llvmLookup(path: string, at: readonly LinkAddress[]): string[] {
  const text = execFileSync(tool, ["--addresses-from-stdin"], { input: at.map((address) => `0x${address.toString(16)} ${path}\n`).join(""), encoding: "utf8", maxBuffer: 1 << 28 });
  const blocks = text.split(/^(?=0x[0-9a-f]+: )/m);
  expect(blocks.length).toBe(at.length);
  return blocks.map((block) => {
    if (/^0x[0-9a-f]+: error: /.test(block)) return "nothing";
    const lines = block.trim().split("\n").filter((line) => line.trim() !== "");
    return lines.map((line) => lineText(line.replace(/^0x[0-9a-f]+: /, "").trim())).join(" < ");
  });
}

function lineText(line: string): string {
  const [, name, file] = /^(.*?)(?: \+ \d+)?(?: @ (.*?))?(?: \[inlined\])?$/.exec(line)!;
  return `${sourceName(name!)} ${file ?? "??:0"}`;
}

const toldBy = (functions: readonly { readonly function: string | null; readonly file: string | null; readonly line: number | null }[]): string =>
  functions.map((one) => `${sourceName(one.function ?? "")} ${one.file ?? "??"}:${one.line ?? 0}`).join(" < ");

const different = (one: readonly string[], other: readonly string[]): string[] =>
  one.flatMap((text, index) => (text === other[index] ? [] : [`0x${elf.addressOf(addresses[index]!).toString(16)}\n- ${text}\n+ ${other[index]}`]));

test("our GSYM of vmlinux, read by us, is its DWARF", async () => {
  const { image: own } = await openGsymImage(ours);
  const found = own.lookup(addresses);
  expect(different(truth.map(({ functions }) => toldBy(functions)), found.map(({ functions }) => toldBy(functions)))).toEqual([]);
  expect(found.map(({ directory, failure }) => [directory, failure?.reason])).toEqual(truth.map(({ directory, failure }) => [directory, failure?.reason]));
  own.close();
});

test("our GSYM of vmlinux, read by llvm-gsymutil, is its DWARF", () => {
  const read = llvmLookup(ours, addresses.map((address) => elf.addressOf(address)));
  // Where a function has no line for an address LLVM's reader gives an error, and of code without debug information the symbol.
  const expected = truth.map(({ functions }, index) => (functions[0]!.file !== null ? toldBy(functions) : read[index] === "nothing" ? "nothing" : toldBy(functions)));
  expect(different(expected, read)).toEqual([]);
  expect(truth.filter(({ functions }) => functions[0]!.file !== null).length).toBeGreaterThan(sample * 0.8);
});

test("llvm-gsymutil's GSYM of vmlinux, read by us, is what its own reader says; where it differs from the DWARF is known", () => {
  const file = openGsym(theirs);
  const found = file.lookup(addresses.map((address) => Number(elf.addressOf(address) - file.header.base))).map((answer) => {
    if (answer instanceof OopscopeError) throw answer;
    return answer;
  });
  const read = llvmLookup(theirs, addresses.map((address) => elf.addressOf(address)));
  const own = found.map((answer, index) => (answer === null ? (/^(?:nothing|\S+ \?\?:0)$/.test(read[index]!) ? read[index]! : "nothing") : answer[0]!.file === null && read[index] === "nothing" ? "nothing" : toldBy(answer)));
  // The converter leaves several rows at one address; the last is the DWARF's, and what newer readers take. LLVM 14's takes the first if asked for that very address.
  const exact = own.map((text, index) => (text === toldBy(truth[index]!.functions) ? text : read[index]!));
  expect(different(exact, own)).toEqual([]);
  console.log(`LLVM 14's reader takes another row of ${own.filter((text, index) => text !== read[index]).length} of ${sample} addresses`);
  // The converter of LLVM 14 against the DWARF.
  const kinds = { same: 0, "fewer inlined calls": 0, "no function or line": 0, "other lines": 0, "other names": 0 };
  for (const [index, { functions }] of truth.entries()) {
    const answer = found[index] ?? [];
    const known = functions[0]!.file !== null;
    if (toldBy(answer) === toldBy(functions) || (!known && answer.every(({ file: path }) => path === null))) kinds.same++;
    else if (answer.length === 0 || answer[0]!.file === null) kinds["no function or line"]++;
    else if (answer.length < functions.length) kinds["fewer inlined calls"]++;
    else if (answer.map(({ file: path, line }) => `${path}:${line}`).join() === functions.map(({ file: path, line }) => `${path}:${line ?? 0}`).join()) kinds["other names"]++;
    else kinds["other lines"]++;
  }
  console.log(`llvm-gsymutil --convert against the DWARF, ${sample} addresses: ${JSON.stringify(kinds)}`);
  expect(kinds.same).toBeGreaterThan(sample * 0.9);
  file.close();
});

test("llvm-gsymutil reads every function of a module that we packed, at the places that its sections were given", async () => {
  const ko = await openElf(module);
  const path = join(work, "module.gsym");
  await pack(ko, path);
  const dump = execFileSync(tool, [path], { encoding: "utf8", maxBuffer: 1 << 28 });
  expect(dump).not.toContain("error");
  const file = openGsym(path);
  const entries = [...file.entries()];
  const listed = [...dump.matchAll(/\[0x([0-9a-f]+) - 0x([0-9a-f]+)\) "(.*)"$/gm)].map(([, from, to, name]) => ({ offset: Number(BigInt(`0x${from}`) - file.header.base), size: Number(BigInt(`0x${to}`) - BigInt(`0x${from}`)), name }));
  expect(listed).toEqual(entries);
  expect(entries.length).toBeGreaterThan(5);
  const at = entries.flatMap(({ offset, size }) => Array.from({ length: size }, (_, k) => offset + k));
  const read = llvmLookup(path, at.map((offset) => (file.header.base + BigInt(offset)) as LinkAddress));
  const own = (await imageOf(ko)).lookup(at.map((offset) => Number(file.header.base) + offset) as ImageOffset[]);
  expect(read).toEqual(own.map(({ functions }, index) => (functions[0]!.file === null && read[index] === "nothing" ? "nothing" : toldBy(functions))));
  file.close();
  ko.close();
});
