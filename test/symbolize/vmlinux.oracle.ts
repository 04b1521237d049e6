import { expect, test } from "vitest";
import type { ImageOffset } from "../../src/base/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR } from "../../src/elf/index.ts";
import { openImage } from "../../src/symbolize/index.ts";
import { debianKernel } from "../support/kernel.ts";
import { CodeNames, addr2line, agrees, llvmSymbolizer, shown } from "../support/peers.ts";
import { randomForTest } from "../support/seed.ts";

// Against llvm-symbolizer 14, on random addresses of every executable section of Debian's vmlinux. Where the two differ, addr2line decides: what it
// says as we do is counted apart, all else is a failure. See `agrees` for the liberties.

// A quarter of .text are gaps of megabytes before entry code and thunks, which nobody knows anything of.
const wanted = 3200;
const leastOfSection = 100;

test("3,200 random addresses of vmlinux", async () => {
  const random = randomForTest("addresses of vmlinux");
  const { vmlinux } = debianKernel();
  const image = await openImage(vmlinux);
  try {
    const code = image.elf.sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0 && (flags & SHF_ALLOC) !== 0);
    const total = code.reduce((sum, { size }) => sum + size, 0);
    const picked: { section: string; offset: ImageOffset; address: bigint }[] = [];
    for (const section of code) {
      const count = Math.max(leastOfSection, Math.round((wanted * section.size) / total));
      for (let k = 0; k < count; k++) {
        const within = random.below(section.size);
        picked.push({ section: section.name, offset: (image.elf.placeOf(section) + within) as ImageOffset, address: section.address + BigInt(within) });
      }
    }
    const places = image.lookup(picked.map(({ offset }) => offset));
    const theirs = llvmSymbolizer(vmlinux, picked.map(({ address }) => address));
    const names = CodeNames.of(vmlinux);
    const differing = picked.flatMap(({ address, section }, k) => (agrees(places[k]!, theirs[k]!, names.at(address)) ? [] : [{ address, section, k }]));
    const third = differing.length > 0 ? addr2line(vmlinux, differing.map(({ address }) => address)) : [];
    const failures = differing.flatMap(({ address, section, k }, at) =>
      agrees(places[k]!, third[at]!, names.at(address))
        ? []
        : [`0x${address.toString(16)} of ${section}: ours ${shown(places[k]!.functions)}; llvm-symbolizer ${shown(theirs[k]!)}; addr2line ${shown(third[at]!)}`],
    );
    const inlined = places.filter(({ functions }) => functions.length > 1).length;
    const silent = places.filter(({ functions }) => functions.every(({ file }) => file === null)).length;
    console.log(`vmlinux: ${picked.length} addresses in ${code.map(({ name }) => name).join(" ")}, ${inlined} in inlined functions, ${silent} without a line for any tool; ${differing.length} differ from llvm-symbolizer (${countsOf(differing.map(({ section }) => section))}), addr2line sides with us in ${differing.length - failures.length}\n${failures.join("\n")}`);
    expect(picked.length - silent).toBeGreaterThanOrEqual(2000);
    expect(inlined).toBeGreaterThan(picked.length / 5);
    expect(failures.length, failures.join("\n")).toBeLessThanOrEqual(picked.length / 1000);
  } finally {
    image.close();
  }
});

function countsOf(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} of ${name}`).join(", ");
}
