import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OopscopeError } from "../../../src/base/index.ts";
import { decode } from "../../../src/decode/index.ts";
import { elfFromBytes, type ElfFile } from "../../../src/elf/index.ts";
import { DeepLook } from "../../../src/explain/fault/index.ts";
import type { CaseVerdict } from "../../../src/case/index.ts";
import { mutated } from "../../support/mutations.ts";
import { randomForTest } from "../../support/seed.ts";

const root = new URL("../../../", import.meta.url).pathname;
const release = "6.1.0-56-amd64";
const bare: CaseVerdict = { rule: "none", confidence: "low", summary: "", guilty: null, earlier: [], suspects: [], evidence: [], fault: null, objects: [], next: [] };

test("damaged modules give less, but never an error, and end", async () => {
  const random = randomForTest("damaged modules for expressions");
  for (const [log, module] of [["null-chain", "null_chain"], ["skb-double-free", "skb_double_free"], ["list-corruption", "list_corruption"], ["kmalloc-double-free", "kmalloc_double_free"]] as const) {
    const path = `${root}test/fixtures/modules/${release}/${module}.ko`;
    const { case: found } = await decode(readFileSync(`${root}test/fixtures/logs/${log}.log`), { modules: [path], root: null, code: "none" });
    const report = found.reports[0]!;
    const frames = report.stacks.flatMap((stack) => stack.frames);
    const frame = frames.find((one) => one.module === module && one.functions.length > 0)!;
    const bytes = readFileSync(path);
    const elf = await elfFromBytes(path, bytes);
    const ranges = elf.sections.filter(({ name }) => /^\.(?:rela)?(?:\.?debug_|\.text|text)/.test(name)).map(({ offset, size }) => ({ from: offset, to: offset + size }));
    for (let round = 0; round < 40; round++) {
      let broken: ElfFile;
      try {
        broken = await elfFromBytes(path, mutated(bytes, random, ranges, bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(OopscopeError);
        continue;
      }
      const look = new DeepLook(found, { open: (name) => Promise.resolve(name === null ? null : { elf: broken, code: broken }) });
      const verdict = await look.deepen({ case: found, report, verdict: bare, at: { frame, fn: frame.functions.at(-1)! }, pc: report.stacks.find(({ name }) => name === "pc")?.frames[0] ?? null, signal: null });
      expect(verdict.rule).toBe("none");
    }
  }
}, 120_000);

test("a report of nonsense is not explained", async () => {
  const look = new DeepLook({ schema: "oopscope.case/1", tool: { version: "" }, log: { name: "", lines: [] }, kernel: { release: null, version: null, arch: null, hardware: null }, image: { vmlinux: null, basePath: null, modules: [] }, sources: [], reports: [], loose: [], events: [] });
  const report = { title: "", altTitles: [], kind: "null-dereference", corrupted: null, lines: [1, 1] as const, context: { cpu: null, pid: null, comm: null, mode: null, taint: null }, modules: [], registers: { rax: "0x6b6b6b6b6b6b6b73" }, instructions: null, moreInstructions: [], stacks: [], verdict: null };
  const verdict = await look.deepen({ case: { schema: "oopscope.case/1", tool: { version: "" }, log: { name: "", lines: [] }, kernel: { release: null, version: null, arch: null, hardware: null }, image: { vmlinux: null, basePath: null, modules: [] }, sources: [], reports: [], loose: [], events: [] }, report, verdict: bare, at: null, pc: null, signal: null });
  expect(verdict.fault).toBeNull();
  expect(verdict.objects).toEqual([{ address: "0x6b6b6b6b6b6b6b73", what: "RAX: 0x6b6b6b6b6b6b6b6b plus 0x8, the poison of freed slab memory", why: "its bits say so" }]);
});
