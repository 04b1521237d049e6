import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OopscopeError, messageOf, version } from "../../base/index.ts";
import { missingTypeCause, newProgram } from "../../bpf/index.ts";
import { openNamed } from "../btf-files.ts";
import { exit } from "../exit.ts";
import { say } from "../output.ts";

export type BpfNewFlags = { readonly exit?: boolean; readonly output?: string; readonly btf?: string; readonly force?: boolean; readonly quiet?: boolean };

/** Writes a program that watches a function: MODULE:FUNCTION, or FUNCTION for one of the kernel's own. */
export async function runBpfNew(probe: string, flags: BpfNewFlags): Promise<number> {
  const [, module = "vmlinux", name] = /^(?:([\w.-]+):)?([\w.]+)$/.exec(probe) ?? [];
  if (name === undefined) throw new OopscopeError("bad-argument", `\`${probe}\` is not MODULE:FUNCTION`, { probe });
  const files = await openNamed(module === "vmlinux" || module === "kernel" ? [flags.btf ?? "vmlinux"] : [...(flags.btf === undefined ? [] : [flags.btf]), module], undefined);
  const { btf } = files.at(-1)!;
  // A module's file may be named instead of the module.
  const of = module === "kernel" ? "vmlinux" : module.replace(/^.*\//, "").replace(/\.ko(?:\..*)?$/, "").replaceAll("-", "_");
  if (btf.find(name, "func") === null) {
    const cause = missingTypeCause(name, "function");
    throw new OopscopeError("not-found", `\`${probe}\`: ${cause.text}`, cause.facts);
  }
  const folder = flags.output ?? name;
  const program = newProgram({ module: of, function: name, btf, atExit: flags.exit === true, version });
  const there = Object.keys(program).filter((file) => existsSync(join(folder, file)));
  if (there.length > 0 && flags.force !== true) throw new OopscopeError("bad-argument", `\`${folder}\` has ${there.join(", ")} already; --force overwrites`, { folder });
  try {
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(program)) writeFileSync(join(folder, file), text);
  } catch (cause) {
    throw new OopscopeError("unwritable", `cannot write to \`${folder}\`: ${messageOf(cause)}`, { file: folder }, cause);
  }
  if (flags.quiet !== true) say("note", `wrote ${Object.keys(program).map((file) => join(folder, file)).join(", ")}`, `cd ${folder} && make run`);
  return exit.done;
}
