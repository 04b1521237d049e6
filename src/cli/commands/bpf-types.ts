import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { OopscopeError, messageOf } from "../../base/index.ts";
import { eventTypesOf, typesFileOf } from "../../bpf/index.ts";
import { openBtf } from "../../btf/index.ts";
import { exit } from "../exit.ts";
import { say, writeResult } from "../output.ts";

export type BpfTypesFlags = { readonly output?: string; readonly event?: string[]; readonly quiet?: boolean };

/** Writes the types of an object's events, maps and variables, and decoders for its events. */
export async function runBpfTypes(file: string, flags: BpfTypesFlags): Promise<number> {
  const { btf } = await openBtf(file);
  const ids = flags.event?.map((name) => {
    const id = btf.find(name, "struct", "union", "typedef");
    if (id === null) throw new OopscopeError("bad-argument", `\`${file}\` has no struct \`${name}\`; a compiler keeps only those that something refers to`, { file, type: name });
    return id;
  });
  if (ids === undefined && eventTypesOf(btf).length === 0) {
    say("warning", `\`${file}\` declares no type of event: a program has a global pointer to each, such as \`const struct event *unused __attribute__((unused));\`, or name them with --event`);
  }
  const { declarations, code } = typesFileOf(btf, `oopscope bpf types ${basename(file)}`, ids);
  if (flags.output === undefined) {
    writeResult(declarations);
    return exit.done;
  }
  const stem = flags.output.replace(/\.js$/, "");
  for (const [path, text] of [[`${stem}.js`, code], [`${stem}.d.ts`, declarations]] as const) {
    try {
      writeFileSync(path, text);
    } catch (cause) {
      throw new OopscopeError("unwritable", `cannot write \`${path}\`: ${messageOf(cause)}`, { file: path }, cause);
    }
    if (flags.quiet !== true) say("note", `wrote ${path}`);
  }
  return exit.done;
}
