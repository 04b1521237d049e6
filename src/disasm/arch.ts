import { OopscopeError } from "../base/index.ts";
import type { Disassembler } from "./types.ts";

/** The architectures whose code can be disassembled. */
export type DisasmArch = "x86_64" | "i386" | "arm64";

/** The disassembler of an architecture; its engine is loaded by its first use. The one place that knows which there are. */
export async function disassemblerFor(arch: DisasmArch): Promise<Disassembler> {
  switch (arch) {
    case "x86_64":
    case "i386": {
      const { x86 } = await import("./x86/index.ts");
      return x86(arch === "x86_64");
    }
    case "arm64":
      return (await import("./arm64/index.ts")).arm64;
    default:
      throw new OopscopeError("unsupported", `no disassembler for ${String(arch)}`, { arch });
  }
}

/** Whether `arch`, as a log or an ELF header names it, can be disassembled. */
export function canDisassemble(arch: string | null): arch is DisasmArch {
  return arch === "x86_64" || arch === "i386" || arch === "arm64";
}
