import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { OopscopeError } from "../base/index.ts";

/** The page of a rule: docs/explain/NAME.md of the package or checkout that this file belongs to. */
export function rulePage(name: string): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const page = join(folder, "docs/explain", `${name}.md`);
    if (existsSync(page)) return readFileSync(page, "utf8");
    if (folder === dirname(folder)) throw new OopscopeError("not-found", `this installation of oopscope has no docs/explain/${name}.md`, { name });
  }
}
