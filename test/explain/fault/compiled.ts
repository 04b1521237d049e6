import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { OopscopeError } from "../../../src/base/index.ts";
import { openElf } from "../../../src/elf/index.ts";
import { memoryExpression, readings } from "../../../src/explain/fault/access.ts";
import { functionAt } from "../../../src/explain/fault/code.ts";
import { machineOf } from "../../../src/explain/fault/machines/index.ts";
import { FaultImage } from "../../../src/explain/fault/image.ts";

/** As the kernel compiles, without what needs its headers. */
const kernelFlags = ["-c", "-w", "-fno-pic", "-fno-strict-aliasing", "-fno-asynchronous-unwind-tables"];
const machineFlags = { x86_64: ["-mcmodel=kernel", "-mno-sse", "-fcf-protection=none"], arm64: ["-mgeneral-regs-only"] };

export function compile(source: string, compiler: readonly string[], out: string): void {
  const [program, ...flags] = compiler;
  const machine = compiler.some((word) => word.includes("aarch64")) ? machineFlags.arm64 : machineFlags.x86_64;
  execFileSync(program!, [...flags, ...kernelFlags, ...machine, source, "-o", out], { stdio: ["ignore", "ignore", "inherit"] });
}

/** What an access of a line is called; `raw` where no types lead there, `none` where the address is not known. */
export type Said = { readonly line: number; readonly function: string; readonly instruction: string; readonly text: string; readonly how: "typed" | "raw" | "none" };

/** Every access to memory of an object file's functions, in words of the innermost function, save those of the frame itself. */
export async function everyAccess(object: string): Promise<Said[]> {
  const elf = await openElf(object);
  const image = new FaultImage({ elf, code: elf }, machineOf(elf.header.arch)!);
  const symbols = elf.symbols()!;
  const all: Said[] = [];
  for (let k = 1; k < symbols.count; k++) {
    if (symbols.type(k) !== 2 || symbols.section(k) === 0) continue;
    const code = await functionAt(image, symbols.value(k));
    if (!code) continue;
    const places = image.dwarf.lookup(code.list.map(({ at }) => at));
    for (const [index, { at, effect }] of code.list.entries()) {
      if (effect.operation === "nothing" || effect.operation === "address") continue;
      const place = places[index];
      if (!place || place instanceof OopscopeError || place.functions.length === 0) continue;
      const { function: name, line } = place.functions[0]!;
      for (const [which, operand] of effect.operands.entries()) {
        if (operand.kind !== "memory") continue;
        if (operand.base !== null && [code.machine.stack, code.machine.frame].includes(operand.base) && operand.index === null) continue;
        const found = memoryExpression(readings(code, at, name), index, which);
        all.push({ line, function: name ?? "?", instruction: effect.mnemonic, text: found?.expression ?? "", how: found === null ? "none" : found.typed ? "typed" : "raw" });
      }
    }
  }
  elf.close();
  return all;
}

/** What a source promises: by line, ways to say the access that must be found, and what others may be called. */
export type Promised = { readonly must: readonly string[]; readonly may: readonly string[] };

export function promises(source: string): Map<number, Promised> {
  const found = new Map<number, Promised>();
  readFileSync(source, "utf8").split("\n").forEach((text, index) => {
    const match = /\/\* @ (.*?) \*\//.exec(text);
    const [first, ...others] = match?.[1]?.split(" ; ") ?? [];
    if (first !== undefined) found.set(index + 1, { must: first.split(" | "), may: others });
  });
  return found;
}
