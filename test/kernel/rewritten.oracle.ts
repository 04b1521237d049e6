import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImageOffset } from "../../src/base/index.ts";
import { openElf, type ElfFile } from "../../src/elf/index.ts";
import { guessMoved, movedBytes } from "../../src/kernel/moved.ts";
import { compareCode, rewrittenBytes } from "../../src/kernel/rewritten.ts";
import { debianKernel } from "../support/kernel.ts";
import { randomForTest } from "../support/seed.ts";

// Code: lines of real panics (test/fixtures/logs, made in guests that boot with KASLR) against the files of that very kernel: wherever they differ, the mask
// must say so.

type CodeLine = { readonly log: string; readonly symbol: string; readonly offset: number; readonly module: string | null; readonly bytes: Uint8Array; readonly trap: number };

const logs = join(import.meta.dirname, "../fixtures/logs");
const ownModules = join(import.meta.dirname, "../fixtures/modules");

/** Each kernel-mode RIP line with the Code: line after it, in the logs of one kernel. */
function codeLines(release: string): CodeLine[] {
  const found: CodeLine[] = [];
  for (const name of readdirSync(logs).filter((file) => file.endsWith(".log")).sort()) {
    const text = readFileSync(join(logs, name), "latin1");
    if (!text.includes(`Linux version ${release} `)) continue;
    let at: RegExpExecArray | null = null;
    for (const line of text.split("\n")) {
      if (line.includes("RIP: ")) at = /RIP: 0010:([\w.]+)\+0x([0-9a-f]+)\/0x[0-9a-f]+(?: \[(\w+)\])?/.exec(line);
      const code = /Code: ((?:[0-9a-f]{2} )*)<([0-9a-f]{2})>((?: [0-9a-f]{2})*)/.exec(line);
      if (!code || !at) continue;
      const before = Buffer.from(code[1]!.replaceAll(" ", ""), "hex");
      const bytes = Uint8Array.from(Buffer.concat([before, Buffer.from(code[2]! + code[3]!.replaceAll(" ", ""), "hex")]));
      found.push({ log: name, symbol: at[1]!, offset: parseInt(at[2]!, 16), module: at[3] ?? null, bytes, trap: before.length });
      at = null;
    }
  }
  return found;
}

describe("Code: bytes of real panics", () => {
  const kernel = debianKernel();
  const random = randomForTest("wrong addresses");
  let vmlinux: ElfFile;
  const modules = new Map<string, ElfFile>();

  beforeAll(async () => {
    vmlinux = await openElf(kernel.vmlinux);
    const folder = join(ownModules, kernel.release);
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".ko"))) modules.set(name.replace(/\.ko$/, ""), await openElf(join(folder, name)));
  });
  afterAll(() => {
    for (const elf of [vmlinux, ...modules.values()]) elf.close();
  });

  /** Addresses of the trapping byte: a name may stand for several functions. */
  const places = (line: CodeLine): [ElfFile, ImageOffset][] => {
    const elf = line.module === null ? vmlinux : modules.get(line.module);
    const symbols = elf?.symbols();
    if (!elf || !symbols) return [];
    return (symbols.named([line.symbol]).get(line.symbol) ?? []).filter((index) => symbols.isCode(index)).map((index) => [elf, (symbols.value(index) + line.offset) as ImageOffset]);
  };

  test("every byte that is compared agrees with the file", () => {
    const lines = codeLines(kernel.release);
    let checked = 0;
    let compared = 0;
    let masked = 0;
    let rewritten = 0;
    for (const line of lines) {
      const found = places(line);
      if (found.length === 0) continue;
      const results = found.map(([elf, address]) => ({ ...compareCode(elf, address, line.bytes, line.trap), elf, address }));
      const best = results.sort((one, other) => one.compared - one.equal - (other.compared - other.equal))[0]!;
      expect(best.compared - best.equal, `${line.log}: ${line.symbol}+0x${line.offset.toString(16)}`).toBe(0);
      expect(best.compared + best.masked).toBe(line.bytes.length);
      checked++;
      compared += best.compared;
      masked += best.masked;
      // How much of what is masked did differ: without the mask this many bytes would have been a mismatch.
      const section = best.elf.sectionAt(best.address)!;
      const from = best.address - line.trap - best.elf.placeOf(section);
      if (from >= 0) rewritten += best.elf.bytes(section, from, from + line.bytes.length).filter((byte, k) => byte !== line.bytes[k]).length;
    }
    console.log(`${checked} of ${lines.length} kernel Code: lines: ${compared} bytes compared, all equal; ${masked} masked, of which ${rewritten} differ`);
    expect(checked).toBeGreaterThan(20);
    expect(rewritten).toBeGreaterThan(0);
  });

  test("another address does not agree", () => {
    const text = vmlinux.section(".text")!;
    let agreed = 0;
    let asked = 0;
    for (const line of codeLines(kernel.release).filter(({ module }) => module === null)) {
      for (let k = 0; k < 20; k++) {
        const address = (vmlinux.placeOf(text) + 64 + random.below(text.size - 128)) as ImageOffset;
        const { compared, equal } = compareCode(vmlinux, address, line.bytes, line.trap);
        asked++;
        if (compared >= 16 && equal === compared) agreed++;
      }
    }
    expect(asked).toBeGreaterThan(100);
    expect(agreed).toBe(0);
  });

  test("a shift by one byte does not agree", () => {
    for (const line of codeLines(kernel.release)) {
      for (const [elf, address] of places(line)) {
        const { compared, equal } = compareCode(elf, (address + 1) as ImageOffset, line.bytes, line.trap);
        expect(compared >= 16 && equal === compared, line.log).toBe(false);
      }
    }
  });

  test("without relocations the guess covers what they would name", () => {
    const text = vmlinux.section(".text")!;
    const start: number = vmlinux.placeOf(text);
    const stop = start + text.size;
    const window = 1 << 16;
    let moved = 0;
    let guessed = 0;
    let missed = 0;
    for (let from = start; from < stop; from += window) {
      const to = Math.min(from + window, stop);
      const known = new Uint8Array(to - from);
      const guess = new Uint8Array(to - from);
      const into = (mask: Uint8Array) => (first: number, last: number) => void mask.fill(1, Math.max(0, first - from), Math.max(0, last - from));
      movedBytes(vmlinux, text, from, to, into(known));
      guessMoved(vmlinux, text, from, to, into(guess));
      for (let at = 0; at < to - from; at++) {
        moved += known[at]!;
        guessed += guess[at]!;
        if (known[at] === 1 && guess[at] === 0) missed++;
      }
    }
    console.log(`of ${text.size} bytes ${moved} move by the relocations, ${guessed} by the guess, which misses ${missed}`);
    // The first instructions after the boot loader, which run elsewhere; upper halves of 64-bit addresses, which never change; a few differences of addresses.
    expect(missed / moved).toBeLessThan(0.001);
    expect(guessed / text.size).toBeLessThan(0.2);
  });

  test("most of the kernel's bytes can be compared", () => {
    const text = vmlinux.section(".text")!;
    const windows = 5000;
    let masked = 0;
    let few = 0;
    for (let k = 0; k < windows; k++) {
      const from = (vmlinux.placeOf(text) + random.below(text.size - 64)) as ImageOffset;
      const count = rewrittenBytes(vmlinux, from, (from + 64) as ImageOffset).filter((one) => one === 1).length;
      masked += count;
      if (64 - count < 16) few++;
    }
    const share = 1 - masked / (windows * 64);
    console.log(`${windows} windows of 64 bytes of vmlinux: ${(100 * share).toFixed(1)}% of the bytes can be compared; ${few} windows have fewer than 16`);
    expect(share).toBeGreaterThan(0.85);
    expect(few / windows).toBeLessThan(0.01);
  });
});
