import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { disassemble, zeroRuns } from "../../src/disasm/index.ts";
import { openElf } from "../../src/elf/index.ts";
import { root } from "../support/cli.ts";
import { objdumpWindows } from "../support/objdump.ts";
import { randomForTest } from "../support/seed.ts";
import { readSectionBytes } from "../support/text.ts";

// arm64 against objdump 2.40, word for word: each text is objdump's, or says that it is none. Most of SVE and SME is not decoded and says so.

/** The text as ours has it: objdump's tabs are the blanks they stand for, and comments stand behind two blanks. */
function untabbed(text: string): string {
  const [code = "", note] = text.split(/\s+(?=\/\/ )/);
  const [mnemonic = "", operands] = code.trimEnd().split("\t");
  return (operands === undefined ? mnemonic : `${mnemonic.padEnd(7)} ${operands}`) + (note === undefined ? "" : `  ${note}`);
}

type Outcome = { words: number; notDecoded: number; notDecodedText: number; missing: string[]; wrong: string[] };

/** FMLAL and its like with the reserved bit 22 set, which objdump takes for the same without. */
const reservedFmlal = /^fml[as]l2? +v\d+\.[24]s, v\d+\.[24]h, v\d+\.[24]h$/;

async function compare(words: Uint32Array): Promise<Outcome> {
  const outcome: Outcome = { words: words.length, notDecoded: 0, notDecodedText: 0, missing: [], wrong: [] };
  const size = 1 << 18;
  for (let from = 0; from < words.length; from += size) {
    const bytes = new Uint8Array(words.slice(from, from + size).buffer);
    const theirs = objdumpWindows([bytes], "arm64")[0]!;
    const ours = await disassemble(bytes, "arm64");
    expect(theirs.length).toBe(ours.length);
    for (const [k, row] of theirs.entries()) {
      const { text, valid } = ours[k]!;
      const reference = untabbed(row.text);
      const none = reference.startsWith(".inst");
      if (text.endsWith("; not decoded")) {
        outcome.notDecoded++;
        if (!none) outcome.notDecodedText++;
      } else if (text !== reference || valid === none) {
        const word = words[from + k]!;
        const line = `${word.toString(16).padStart(8, "0")} at 0x${row.offset.toString(16)}: objdump \`${reference}\`, ours \`${text}\``;
        if (valid || none) outcome.wrong.push(line);
        else if (!(reservedFmlal.test(reference) && (word & 0x400000) !== 0)) outcome.missing.push(line);
      }
    }
  }
  return outcome;
}

function expectEqual(name: string, { words, notDecoded, notDecodedText, missing, wrong }: Outcome): void {
  console.log(`${name}: ${words} words, ${wrong.length} wrong, ${missing.length} missing, ${notDecoded} of SVE and SME not decoded (${notDecodedText} of them instructions to objdump)`);
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(missing.slice(0, 20)).toEqual([]);
}

const wordsOf = (bytes: Uint8Array) => new Uint32Array(bytes.slice(0, bytes.length & ~3).buffer);
/** Bits 28 to 25 of SVE (0010), and of SME (0000 with bit 31). */
const isScalable = (word: number) => ((word >>> 25) & 15) === 2 || (((word >>> 25) & 15) === 0 && word >>> 31 === 1);

describe("as objdump prints it", () => {
  const random = randomForTest("arm64 words");
  const word = () => ((random.below(0x1_0000) << 16) | random.below(0x1_0000)) >>> 0;
  beforeAll(() => {
    expect(execFileSync("aarch64-linux-gnu-objdump", ["--version"], { encoding: "utf8" })).toMatch(/GNU objdump .* 2\.40/);
  });

  test("what clang makes of C and of assembly", async () => {
    const folder = mkdtempSync(join(tmpdir(), "oopscope-arm64-"));
    const newest = "armv8.6-a+crypto+fp16+sha3+sm4+memtag+flagm";
    try {
      const build = (source: string, ...options: string[]) => {
        const object = join(folder, "object.o");
        execFileSync("clang", ["--target=aarch64-linux-gnu", ...options, "-c", `${root}test/disasm/arm64/${source}`, "-o", object]);
        return wordsOf(readSectionBytes(object, ".text"));
      };
      const assembled = await compare(build("corpus.s", `-march=${newest}`));
      expectEqual("assembly", assembled);
      expect(assembled.notDecoded).toBe(0);
      for (const march of ["armv8-a", newest]) {
        for (const level of ["-O0", "-O1", "-O2", "-O3", "-Os"]) {
          const compiled = await compare(build("corpus.c", "-ffreestanding", level, `-march=${march}`));
          expectEqual(`C ${level} ${march}`, compiled);
          expect(compiled.notDecoded).toBe(0);
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("the code of kernel modules", async () => {
    const folder = `${root}test/fixtures/modules/6.1.0-56-arm64`;
    const words: number[] = [];
    for (const name of readdirSync(folder)) {
      const elf = await openElf(`${folder}/${name}`);
      for (const section of elf.sections) if ((section.flags & 4) !== 0) words.push(...wordsOf(Uint8Array.from(elf.bytes(section))));
    }
    expect(words.length).toBeGreaterThan(500);
    const outcome = await compare(Uint32Array.from(words));
    expectEqual("modules", outcome);
    expect(outcome.notDecoded).toBe(0);
  });

  test("200,000 random words", async () => {
    expectEqual("random", await compare(Uint32Array.from({ length: 200_000 }, word)));
  });

  test("every value of bits 31 to 12 but those of SVE and SME", async () => {
    // Low bits at random, with equal registers and number 31 more often than chance has them.
    const words = new Uint32Array(1 << 20);
    let count = 0;
    for (let high = 0; high < 1 << 20; high++) {
      const top = (high << 12) >>> 0;
      if (isScalable(top)) continue;
      const register = () => [31, (top >>> 16) & 31, random.below(32), random.below(32)][random.below(4)]!;
      const base = register();
      words[count++] = (top | (random.below(4) << 10) | (base << 5) | (random.below(4) === 0 ? base : register())) >>> 0;
    }
    const outcome = await compare(words.subarray(0, count));
    expectEqual("every opcode", outcome);
    expect(outcome.notDecoded).toBe(0);
  });

  test("what a kernel saves SVE registers with, and the words about it", async () => {
    const bases = [0x85804000, 0xe5804000, 0x85800000, 0xe5800000, 0x2519f000, 0x25289000, 0x2518e400, 0x04bf5000];
    // Each with any of its low bits, and with one bit changed anywhere.
    const words = Uint32Array.from({ length: 40_000 }, (_, k) => (bases[k % bases.length]! | (random.below(2) ? random.below(1 << (k % 3 === 0 ? 22 : 5)) : 0)) ^ (random.below(2) ? 1 << random.below(32) : 0));
    const outcome = await compare(words);
    expectEqual("SVE", outcome);
    expect(outcome.notDecoded).toBeLessThan(outcome.words);
  });

  test("every system instruction", async () => {
    const words = new Uint32Array(2 << 17);
    for (let k = 0; k < 1 << 17; k++) {
      words[2 * k] = (0xd5000000 | (k << 5) | 31) >>> 0;
      words[2 * k + 1] = (0xd5000000 | (k << 5) | random.below(31)) >>> 0;
    }
    expectEqual("system", await compare(words));
  });

  test("where zeros are left out", async () => {
    const windows = Array.from({ length: 500 }, () => new Uint8Array(Uint32Array.from({ length: 1 + random.below(8) }, () => (random.below(2) ? 0 : word())).buffer));
    const reference = objdumpWindows(windows, "arm64", "elide");
    for (const [k, window] of windows.entries()) {
      const starts = (await disassemble(window, "arm64")).map(({ offset }) => offset);
      const runs = zeroRuns(window, starts);
      const ours = starts.flatMap((start): (number | string)[] => {
        const run = runs.find(({ from, to }) => start >= from && start < to);
        return run === undefined ? [start] : run.from === start ? ["..."] : [];
      });
      expect(ours, Buffer.from(window).toString("hex")).toEqual(reference[k]!.map((row) => (row.text === "..." ? "..." : row.offset)));
    }
  });
});
