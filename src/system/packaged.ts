import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { OopscopeError } from "../base/index.ts";

/** A file below dist/ of the package that this file belongs to. Throws `not-found` for a build that lacks it. */
export function packagedFile(path: string): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, "dist", path);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) throw new OopscopeError("not-found", `this installation of oopscope has no dist/${path}: it was built where clang was not installed`, { file: path });
  }
}
