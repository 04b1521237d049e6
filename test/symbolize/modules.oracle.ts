import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ImageOffset } from "../../src/base/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR } from "../../src/elf/index.ts";
import { openImage } from "../../src/symbolize/index.ts";
import { debianKernel } from "../support/kernel.ts";
import { linkModule, linkedPlace } from "../support/linkmodule.ts";
import { CodeNames, addr2line, agrees, llvmSymbolizer, shown } from "../support/peers.ts";
import { randomForTest } from "../support/seed.ts";

// Against addr2line -j SECTION, on random addresses of every executable section of modules of the cache, some of them compressed. Where the two differ,
// llvm-symbolizer decides, on the module linked as if it were a program: what it says as we do is counted apart, all else is a failure.

const modulesWanted = 60;
const ofSection = 60;
const compressions = [
  { suffix: ".gz", command: ["gzip", "-k"] },
  { suffix: ".xz", command: ["xz", "-k", "--check=crc32", "-T1", "-1"] },
  { suffix: ".zst", command: ["zstd", "-q", "-k"] },
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oopscope-modules-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("60 modules, every executable section", async () => {
  const random = randomForTest("addresses of modules");
  const root = debianKernel().modules;
  const every = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ko")).sort();
  expect(every.length).toBeGreaterThanOrEqual(modulesWanted);
  const picked = new Set<string>();
  while (picked.size < modulesWanted) picked.add(join(root, every[random.below(every.length)]!));

  const sectionsSeen = new Map<string, number>();
  const failures: string[] = [];
  let addresses = 0;
  let inlined = 0;
  let silent = 0;
  let settled = 0;
  for (const [at, module] of [...picked].entries()) {
    const image = await openImage(at < 2 * compressions.length ? compressed(module, compressions[at % compressions.length]!) : module);
    const names = codeNames(module);
    const code = image.elf.sections.filter(({ flags, size }) => (flags & SHF_EXECINSTR) !== 0 && (flags & SHF_ALLOC) !== 0 && size > 0);
    for (const [index, section] of code.entries()) {
      sectionsSeen.set(section.name, (sectionsSeen.get(section.name) ?? 0) + 1);
      // The first and the last byte always.
      const within = [0, section.size - 1, ...Array.from({ length: ofSection }, () => random.below(section.size))];
      const place = image.elf.placeOf(section);
      const ours = image.lookup(within.map((offset) => (place + offset) as ImageOffset));
      const theirs = addr2line(module, within.map(BigInt), section.name);
      const namesAt = (k: number) => names.get(section.index)?.at(BigInt(within[k]!)) ?? [];
      const differing = [...within.keys()].filter((k) => !agrees(ours[k]!, theirs[k]!, namesAt(k)));
      if (differing.length > 0) {
        const linked = linkModule(module, code.map(({ name }) => name), folder);
        const third = llvmSymbolizer(linked, differing.map((k) => linkedPlace(index) + BigInt(within[k]!)));
        for (const [n, k] of differing.entries()) {
          if (agrees(ours[k]!, third[n]!, namesAt(k))) settled++;
          else failures.push(`${basename(module)} ${section.name}+0x${within[k]!.toString(16)}: ours ${shown(ours[k]!.functions)}; addr2line ${shown(theirs[k]!)}; llvm-symbolizer ${shown(third[n]!)}`);
        }
      }
      addresses += within.length;
      inlined += ours.filter(({ functions }) => functions.length > 1).length;
      silent += ours.filter(({ functions }) => functions.every(({ file }) => file === null)).length;
    }
    image.close();
  }
  const sections = [...sectionsSeen].map(([name, count]) => `${count} ${name}`).join(", ");
  console.log(`${picked.size} modules (${sections}): ${addresses} addresses, ${inlined} in inlined functions, ${silent} without a line for any tool; llvm-symbolizer sides with us against addr2line in ${settled}, ${failures.length} failures\n${failures.join("\n")}`);
  expect(addresses).toBeGreaterThan(2000);
  expect(sectionsSeen.size).toBeGreaterThanOrEqual(4);
  expect(silent).toBeLessThan(addresses / 4);
  expect(failures.length, failures.join("\n")).toBeLessThanOrEqual(addresses / 1000);
});

function compressed(module: string, { suffix, command }: (typeof compressions)[number]): string {
  const copy = join(folder, basename(module));
  copyFileSync(module, copy);
  execFileSync(command[0]!, [...command.slice(1), copy]);
  rmSync(copy);
  return copy + suffix;
}

/** The names of code by the index of its section, from the symbol table as readelf prints it. */
function codeNames(module: string): Map<number, CodeNames> {
  const bySection = new Map<number, { name: string; address: bigint }[]>();
  for (const line of execFileSync("readelf", ["-sW", module], { encoding: "latin1", maxBuffer: 1 << 28 }).split("\n")) {
    const [, address, section, name] = /^\s*\d+: ([0-9a-f]+) +\S+ (?:FUNC|NOTYPE) +\S+ +\S+ +(\d+) (\S+)$/.exec(line) ?? [];
    if (address === undefined) continue;
    const list = bySection.get(Number(section)) ?? [];
    list.push({ name: name!, address: BigInt(`0x${address}`) });
    bySection.set(Number(section), list);
  }
  return new Map([...bySection].map(([section, symbols]) => [section, new CodeNames(symbols)]));
}
