import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Case } from "../../src/case/index.ts";
import { decode, visitNeeded, vmlinuxSourceRoot, vmlinuxTexts } from "../../src/decode/index.ts";
import { openElf, type ElfFile } from "../../src/elf/index.ts";
import { noteRewritten, rewrittenSection } from "../../src/kernel/index.ts";
import { packImage, skeletonOf, type Stretch } from "../../src/symbolize/index.ts";
import { root } from "../support/cli.ts";
import { debianKernel } from "../support/kernel.ts";

// Every log of Debian's 6.1, decoded with the debug files and with what was packed of them: the cases are the same.

const { vmlinux, release } = debianKernel();
const logs = `${root}test/fixtures/logs/`;
const modules = `${root}test/fixtures/modules/${release}`;
const names = readdirSync(logs).filter((name) => name.endsWith(".log") && readFileSync(`${logs}${name}`, "latin1").includes(` ${release} #1`));
const work = mkdtempSync(join(tmpdir(), "oopscope-gsym-"));

async function pack(elf: ElfFile, path: string, only?: readonly Stretch[]): Promise<void> {
  const noted = (stretches: readonly Stretch[]) => [{ name: rewrittenSection, bytes: noteRewritten(elf, stretches) }];
  const packed = await packImage(elf, { texts: vmlinuxTexts, sourceRoot: vmlinuxSourceRoot, noted, ...(only ? { only } : {}) });
  expect(packed.problems).toEqual([]);
  writeFileSync(path, packed.gsym);
  writeFileSync(skeletonOf(path), packed.skeleton);
}

beforeAll(async () => {
  const files = [vmlinux, ...readdirSync(modules).filter((name) => name.endsWith(".ko")).map((name) => join(modules, name))];
  for (const file of files) {
    const elf = await openElf(file);
    await pack(elf, join(work, `${basename(file)}.gsym`));
    elf.close();
  }
});
afterAll(() => rmSync(work, { recursive: true }));

/** A case without what GSYM does not have: columns, discriminators, and where the files are. */
function comparable(found: Case): unknown {
  const text = JSON.stringify(found, (key, value: unknown) => (key === "column" || key === "discriminator" || key === "path" ? undefined : value));
  return JSON.parse(text.replaceAll(/[^" ]*\/(vmlinux-[^"/ ]*?|\w+\.ko)(?:\.gsym)?(?=[" ])/g, "$1"));
}

test.each(names)("%s: decoded from GSYM as from the debug files, packed whole and for this log", async (name) => {
  const log = readFileSync(logs + name);
  const truth = await decode(log, { vmlinux, modules: [modules], root: null });
  const packed = await decode(log, { symbols: [work], root: null });
  expect(comparable(packed.case)).toEqual(comparable(truth.case));
  const folder = mkdtempSync(join(work, "for-"));
  let small = 0;
  await visitNeeded(log, { vmlinux, modules: [modules], root: null }, async ({ elf, only }) => {
    const path = join(folder, `${basename(elf.path)}.gsym`);
    await pack(elf, path, only);
    small += readFileSync(path).length;
  });
  const needed = await decode(log, { symbols: [folder], root: null });
  expect(comparable(needed.case)).toEqual(comparable(truth.case));
  expect(small).toBeLessThan(200_000);
});
