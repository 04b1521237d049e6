import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { OopscopeError } from "../base/index.ts";

/** The folder of the scenarios' sources: lab/modules of the package or checkout that this file belongs to. */
export function scenariosFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, "lab/modules");
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) throw new OopscopeError("not-found", "this installation of oopscope has no lab/modules", { folder: import.meta.dirname });
  }
}
