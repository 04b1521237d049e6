import { readdirSync } from "node:fs";
import { join } from "node:path";

/** llvm-gsymutil by the name that it has here: Debian's package of LLVM links most tools without their version, but not this one. */
export function gsymutil(): string {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    let names: string[] = [];
    try {
      names = readdirSync(folder);
    } catch {
      continue;
    }
    const own = names.filter((name) => /^llvm-gsymutil(?:-\d+)?$/.test(name)).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    if (own.length > 0) return join(folder, own.at(-1)!);
  }
  throw new Error("llvm-gsymutil is not installed: it is in the package llvm");
}
