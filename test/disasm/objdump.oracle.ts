import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { disassemble, listCode, zeroRuns, type DisasmArch } from "../../src/disasm/index.ts";
import { debianKernel } from "../support/kernel.ts";
import { normalise, objdumpWindows } from "../support/objdump.ts";
import { randomForTest, type Random } from "../support/seed.ts";
import { readSectionBytes } from "../support/text.ts";

// Against objdump 2.40, on windows as a Code: line cuts them: 64 bytes from anywhere, so that most begin and end in the midst of an instruction.

const size = 64;
const trap = 42;

/**
 * The differences that are known, all of bytes that no assembler makes: they arise where decoding starts in the midst of an instruction. binutils
 * finds a wrong operand only as it prints it, and then prints the mnemonic with `(bad)` among the operands and goes back to the byte after the prefixes.
 * The shares are of windows, some three times what many seeds have shown; every other difference must not occur at all.
 */
const known: readonly { readonly name: string; readonly bytes: RegExp; readonly share: number }[] = [
  { name: "VEX, XOP or EVEX with fields that its opcode does not take", bytes: /^(c4|c5|62|8f)/, share: 0.001 },
  { name: "VIA PadLock opcodes with a memory operand", bytes: /^0fa[67]/, share: 0.0005 },
  { name: "MPX registers above bnd3", bytes: /^0f1[ab]/, share: 0.0005 },
  { name: "3DNow! without a valid suffix", bytes: /^0f0f/, share: 0.0005 },
];

type Outcome = { lines: number; known: Map<string, number>; unknown: string[]; milliseconds: number };

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

async function compare(windows: readonly Uint8Array[], arch: DisasmArch): Promise<Outcome> {
  const reference = objdumpWindows(windows, arch);
  const outcome: Outcome = { lines: 0, known: new Map(), unknown: [], milliseconds: 0 };
  for (const [k, window] of windows.entries()) {
    const started = performance.now();
    const ours = await disassemble(window, arch);
    outcome.milliseconds += performance.now() - started;
    const theirs = reference[k]!;
    outcome.lines += theirs.length;
    // Rows after the first difference only follow from it.
    const wrong = theirs.findIndex((row, place) => row.offset !== ours[place]?.offset || row.size !== ours[place]?.size || normalise(row.text) !== ours[place]?.text);
    if (wrong < 0 && ours.length === theirs.length) continue;
    const row = theirs[wrong]!;
    const bytes = hexOf(window.subarray(row.offset));
    const opcode = bytes.replace(/^(26|2e|36|3e|64|65|66|67|f0|f2|f3|4.)*/, "");
    const kind = known.find((one) => one.bytes.test(opcode));
    if (kind) outcome.known.set(kind.name, (outcome.known.get(kind.name) ?? 0) + 1);
    else outcome.unknown.push(`${bytes.slice(0, 32)}: objdump \`${row.text}\`, ours \`${ours[wrong]?.text}\``);
  }
  return outcome;
}

function cut(text: Uint8Array, count: number, random: Random): Uint8Array[] {
  return Array.from({ length: count }, () => {
    const at = random.below(text.length - size);
    return text.subarray(at, at + size);
  });
}

function expectEqual(name: string, windows: number, outcome: Outcome): void {
  const listed = [...outcome.known].map(([kind, count]) => `${count} of ${kind}`).join(", ");
  console.log(`${name}: ${windows} windows, ${outcome.lines} lines, ${outcome.unknown.length} differences${listed ? `, known: ${listed}` : ""}, ${((1000 * outcome.milliseconds) / outcome.lines).toFixed(1)} µs a line`);
  expect(outcome.unknown).toEqual([]);
  for (const { name: kind, share } of known) expect(outcome.known.get(kind) ?? 0, kind).toBeLessThanOrEqual(Math.max(1, windows * share));
}

describe("as objdump prints it", () => {
  const random = randomForTest("disassembly");
  beforeAll(() => {
    expect(execFileSync("objdump", ["--version"], { encoding: "utf8" })).toMatch(/GNU objdump .* 2\.40/);
  });

  test("5,000 Code: windows of vmlinux", async () => {
    const windows = cut(readSectionBytes(debianKernel().vmlinux, ".text"), 5000, random);
    expectEqual("vmlinux", 5000, await compare(windows, "x86_64"));
    // The second listing of the same lines: from the trapping byte on.
    const tails = windows.slice(0, 1000).map((window) => window.subarray(trap));
    const reference = objdumpWindows(tails, "x86_64");
    const knownTail = (bytes: Uint8Array) => known.some((one) => one.bytes.test(hexOf(bytes)));
    for (const [k, window] of windows.slice(0, 1000).entries()) {
      const { fromTrap } = await listCode(window, trap, "x86_64");
      const theirs = reference[k]!.map((row) => normalise(row.text));
      const ours = fromTrap.map((row) => row.text);
      const wrong = theirs.findIndex((text, place) => text !== ours[place]);
      if (wrong >= 0 && !knownTail(tails[k]!.subarray(reference[k]![wrong]!.offset))) expect(ours).toEqual(theirs);
    }
  });

  test("1,000 windows of modules", async () => {
    const net = join(debianKernel().modules, "net");
    const modules = readdirSync(net, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ko")).sort();
    const windows: Uint8Array[] = [];
    for (let k = 0; k < 10; k++) windows.push(...cut(readSectionBytes(join(net, modules[random.below(modules.length)]!), ".text"), 100, random));
    expectEqual("modules", windows.length, await compare(windows, "x86_64"));
  });

  test("1,000 windows of user-space code", async () => {
    const windows = cut(readSectionBytes(process.execPath, ".text"), 1000, random);
    expectEqual("user space", 1000, await compare(windows, "x86_64"));
  });

  test("1,000 windows of vmlinux as if they were 32-bit code", async () => {
    const windows = cut(readSectionBytes(debianKernel().vmlinux, ".text"), 1000, random);
    const outcome = await compare(windows, "i386");
    console.log(`i386: ${outcome.lines} lines, ${outcome.unknown.length} differences\n${outcome.unknown.join("\n")}`);
    // 32-bit mode gets no care of its own: 64-bit code read as 32-bit code is the hardest case, and 1 window in 500 may differ.
    expect(outcome.unknown.length).toBeLessThanOrEqual(2);
  });

  test("where zeros are left out", () => {
    const windows = Array.from({ length: 2000 }, () => {
      const parts = Array.from({ length: 1 + random.below(4) }, () => (random.below(2) ? new Uint8Array(random.below(20)) : random.bytes(random.below(6))));
      const joined = Buffer.concat(parts);
      return Uint8Array.from(joined.subarray(0, size));
    }).filter((window) => window.length > 0);
    const reference = objdumpWindows(windows, "x86_64", "elide");
    const whole = objdumpWindows(windows, "x86_64");
    for (const [k, window] of windows.entries()) {
      const theirs = reference[k]!.map((row) => (row.text === "..." ? "..." : row.offset));
      // The rows of objdump itself, so that only the runs are compared.
      const starts = whole[k]!.map((row) => row.offset);
      const runs = zeroRuns(window, starts);
      const ours = starts.flatMap((start): (number | string)[] => {
        const run = runs.find(({ from, to }) => start >= from && start < to);
        return run === undefined ? [start] : run.from === start ? ["..."] : [];
      });
      expect(ours, hexOf(window)).toEqual(theirs);
    }
  });
});
