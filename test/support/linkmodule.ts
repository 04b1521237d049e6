import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Links a module as if it were a program, each of its code sections at a place of its own, so that tools which know no sections can be asked about it.
 * Nothing is resolved: calls to the kernel lead nowhere, which no debug information cares for. By ld.
 */
export function linkModule(module: string, sections: readonly string[], folder: string, emulation: "elf_x86_64" | "elf_i386" = "elf_x86_64"): string {
  const script = join(folder, "places.ld");
  const out = join(folder, "linked");
  const own = sections.map((name, index) => `  . = ${0x100_0000 * (index + 1)};\n  ${name} : { *(${name}) }\n`).join("");
  writeFileSync(script, `SECTIONS {\n${own}}\n`);
  execFileSync("ld", ["-m", emulation, "-T", script, "-e", "0", "--noinhibit-exec", "--unresolved-symbols=ignore-all", "--no-warnings", "-o", out, module], { stdio: ["ignore", "ignore", "ignore"] });
  return out;
}

/** Where `linkModule` puts the section of this index. */
export const linkedPlace = (index: number): bigint => BigInt(0x100_0000 * (index + 1));
