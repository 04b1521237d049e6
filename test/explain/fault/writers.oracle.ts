import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Case, CaseFrame, CaseReport, CaseVerdict } from "../../../src/case/index.ts";
import { openElf, type ElfFile } from "../../../src/elf/index.ts";
import { blameWriter } from "../../../src/explain/fault/blame-writer.ts";
import { functionAt } from "../../../src/explain/fault/code.ts";
import { FaultImage } from "../../../src/explain/fault/image.ts";
import { machineOf } from "../../../src/explain/fault/machines/index.ts";
import { CaseCode } from "../../../src/explain/fault/stack.ts";

const source = new URL("writers.c", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "oopscope-writers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const lines = readFileSync(source, "utf8").split("\n");
/** Where a function writes; the lines that say who must be blamed for what was noticed there, if anybody. */
const writesOf = new Map(lines.flatMap((text, k) => { const name = /\/\* (\w+) \*\//.exec(text)?.[1]; return name === undefined ? [] : [[name, k + 1] as const]; }));
const truths = lines.flatMap((text, k) => { const match = /\/\* (\w+): ?(\w*) \*\//.exec(text); return match ? [{ line: k + 1, where: match[1]!, guilty: match[2]! || null }] : []; });

/** The frame whose call is the last that a line makes: of what frees, or of the stack protector. */
async function frameAt(elf: ElfFile, line: number, callee: string): Promise<CaseFrame> {
  const image = new FaultImage({ elf, code: elf }, machineOf(elf.header.arch)!);
  const symbols = elf.symbols()!;
  for (let k = 1; k < symbols.count; k++) {
    if (symbols.type(k) !== 2 || symbols.section(k) === 0 || !symbols.name(k).startsWith("noticed_")) continue;
    const code = (await functionAt(image, symbols.value(k)))!;
    const own = callee === "kfree" ? lines.findLastIndex((text, index) => index < line && text.includes(`${symbols.name(k)}(`)) : lines.slice(0, line).findLastIndex((text) => /^\w.*noticed_\w+\(/.test(text));
    if (!lines[own]!.includes(`${symbols.name(k)}(`) || !lines.slice(own, line).every((text, index) => index === 0 || !/^\w/.test(text))) continue;
    const index = code.list.findLastIndex((one) => code.calleeOf(one) === callee);
    const { at, effect } = code.list[index]!;
    const section = elf.sectionAt(at)!;
    const file = source.split("/").at(-1)!;
    const functions = [{ function: symbols.name(k), file, line, column: null, discriminator: null, inlined: false }];
    return { logLine: 1, column: 0, text: symbols.name(k), symbol: symbols.name(k), offset: 1, size: 2, module: "m", address: `0x${(at + effect.size - 1 - elf.placeOf(section)).toString(16)}`, section: section.name, reliable: true, exact: false, functions, candidates: [], note: null, unresolved: null };
  }
  throw new Error(`no function is noticed in line ${line}`);
}

async function blamed(object: string, { line, where }: (typeof truths)[number]): Promise<CaseVerdict> {
  const elf = await openElf(object);
  try {
    const stack = where === "stack";
    const frame = await frameAt(elf, line, stack ? "__stack_chk_fail" : "kfree");
    const text = "0xffff888004dc3380-0xffff888004dc3383 @offset=896. First byte 0x20 instead of 0xcc";
    const report = { title: stack ? "stack is corrupted" : "Right Redzone overwritten", kind: stack ? "stack-corruption" : "out-of-bounds", corrupted: null, lines: [1, 2] } as unknown as CaseReport;
    const found = { log: { name: "x", lines: [{ line: 1, text }, { line: 2, text: "Object 0xffff888004dc3340 @offset=832 fp=0x0" }] } } as unknown as Case;
    const verdict = { rule: stack ? "stack-corruption" : "redzone", confidence: "low", summary: "", guilty: { module: "m", function: frame.symbol!, file: source, line }, earlier: [], suspects: [], evidence: [], fault: null, objects: [], next: [] } as CaseVerdict;
    const at = { frame, fn: frame.functions[0]! };
    return await blameWriter({ case: found, report, verdict, at, pc: null, code: new CaseCode(() => Promise.resolve({ elf, code: elf })), sources: null });
  } finally {
    elf.close();
  }
}

const flags = ["-c", "-w", "-g", "-O2", "-fno-pic", "-fno-strict-aliasing", "-fno-asynchronous-unwind-tables", "-fstack-protector-strong", "-fno-optimize-sibling-calls"];

describe.each([["gcc", "-mcmodel=kernel", "-mno-sse", "-fcf-protection=none"], ["aarch64-linux-gnu-gcc", "-mgeneral-regs-only"]])("%s", (...compiler) => {
  const object = join(folder, `${compiler[0]}.o`);
  execFileSync(compiler[0], [...compiler.slice(1), ...flags, source, "-o", object]);
  test.each(truths)("noticed in line $line: $guilty", async (truth) => {
    const { guilty, confidence } = await blamed(object, truth);
    const unchanged = lines.slice(0, truth.line).findLast((text) => /^\w.*noticed_\w+\(/.test(text))!.match(/noticed_\w+/)![0];
    expect({ function: guilty!.function, line: guilty!.line }).toEqual(truth.guilty === null ? { function: unchanged, line: truth.line } : { function: truth.guilty, line: writesOf.get(truth.guilty) });
    expect(confidence).not.toBe("high");
  });
});
