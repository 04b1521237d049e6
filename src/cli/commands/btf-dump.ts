import { OopscopeError } from "../../base/index.ts";
import { headerText, jsonText, rawText } from "../../btf/index.ts";
import { changeFlag } from "../code-cache.ts";
import { openNamed } from "../btf-files.ts";
import { exit } from "../exit.ts";
import { say, writeResult } from "../output.ts";

/** The flags of `btf dump`, as the command line gives them. */
export type BtfDumpFlags = { readonly format: "c" | "json" | "raw"; readonly base?: string; readonly quiet?: boolean };

export async function runBtfDump(named: readonly string[], flags: BtfDumpFlags): Promise<number> {
  if (flags.format !== "c" && named.length > 1) throw new OopscopeError("bad-argument", `--format ${flags.format} writes one file at a time: ids of several are not of one numbering`);
  // The work is done before it would pay to compile functions into one another, and there is next to no garbage: with help of other threads to collect it, it is waited for them.
  changeFlag("--no-turbo-inlining", "--turbo-inlining");
  changeFlag("--no-parallel-scavenge", "--parallel-scavenge");
  const files = await openNamed(named, flags.base);
  for (const { path, distilled } of files) {
    if (distilled && flags.format === "c" && !flags.quiet) say("warning", `${path} has a distilled base, and its kernel's types were not found: those that it uses are outlines in this header, with names and sizes alone; --base names a kernel's`);
  }
  const pieces = flags.format === "c" ? headerText(files.map(({ btf }) => btf)) : flags.format === "json" ? jsonText(files[0]!.btf) : rawText(files[0]!.btf);
  for (const piece of pieces) if (!writeResult(piece)) break;
  return exit.done;
}
