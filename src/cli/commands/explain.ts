import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { OopscopeError } from "../../base/index.ts";
import { casePieces, readCase, type Case } from "../../case/index.ts";
import { decode } from "../../decode/index.ts";
import { DeepLook, blameFreers, explain, withSources, ruleNames } from "../../explain/index.ts";
import { kinds } from "../../oops/index.ts";
import { piecesOf, type RenderFormat, type TerminalOptions } from "../../render/index.ts";
import { SourceFolders } from "../../source/index.ts";
import { exit } from "../exit.ts";
import { noteUsed, withDebuginfod } from "../fetched.ts";
import { readLog, statusOf } from "../input.ts";
import { gathered, isTerminal, say, terminalColumns, writePieces, writeResult } from "../output.ts";
import { rulePage } from "../rule-pages.ts";
import { saveFile } from "../savefile.ts";
import { tuneFor, optionsOf, talk, type LogFlags } from "./decode.ts";

/** The flags of `explain`, as the command line gives them. */
export type ExplainFlags = LogFlags & { readonly source?: string[]; readonly format: RenderFormat | "json"; readonly output?: string; readonly failOn?: string[]; readonly color: "auto" | "always" | "never" };

/** `explain [LOG|-|CASE|RULE]`: a rule's name wins over a file of that name, as a command's does. */
export async function runExplain(what: string | undefined, flags: ExplainFlags): Promise<number> {
  if (what !== undefined && ruleNames.includes(what)) {
    writeResult(rulePage(what));
    return exit.done;
  }
  for (const kind of flags.failOn ?? []) {
    if (kind !== "any" && !(kinds as readonly string[]).includes(kind)) throw new OopscopeError("bad-argument", `--fail-on ${JSON.stringify(kind)}: the kinds are ${kinds.join(", ")}, and any`);
  }
  const { name, bytes, damage } = await readLog(what);
  tuneFor(bytes);
  if (isCase(bytes)) {
    const saved = await readCase(Buffer.from(bytes).toString("utf8"), name);
    if (saved.reports.length === 0 && !flags.quiet) say("note", "the case has no crash in it");
    // What has a verdict keeps it: only what decode wrote is explained here.
    const found = await explain(saved);
    await write(found, flags);
    return isWanted(found, flags) ? exit.failed : exit.done;
  }
  const decoded = await decode(bytes, await withDebuginfod(bytes, { ...optionsOf(flags), name }, flags));
  await noteUsed(decoded.case);
  talk(decoded, flags);
  const found = await deepened(decoded.case, flags);
  await write(found, flags);
  const status = statusOf(damage, decoded.complete);
  return isWanted(found, flags) ? exit.failed : status;
}

/** Whether a report is of a kind that `--fail-on` names. */
function isWanted({ reports }: Case, { failOn = [] }: ExplainFlags): boolean {
  return reports.some(({ kind }) => failOn.includes(kind) || failOn.includes("any"));
}

/** With all that the files tell. Sources are looked for where the flags say, then beside the modules' own files: there a module that was built by hand has them. */
export async function deepened(found: Case, { modules = [], source = [] }: { readonly modules?: string[]; readonly source?: string[] }): Promise<Case> {
  const sources = new SourceFolders([...source, ...found.image.modules.map(({ path }) => dirname(path))]);
  const look = new DeepLook(found, { places: { modules }, sources });
  try {
    return withSources(await explain(found, { deepen: [blameFreers({ modules }), (step) => look.deepen(step)] }), sources);
  } finally {
    look.close();
  }
}

/** Whether the bytes are a case that was saved before, and not a log. */
export function isCase(bytes: Uint8Array): boolean {
  return bytes.find((byte) => byte > 0x20) === 0x7b && Buffer.from(bytes.subarray(0, 4096)).includes("oopscope.case/");
}

async function write(found: Case, { format, output, color }: ExplainFlags): Promise<void> {
  const pieces = format === "json" ? casePieces(found) : (await piecesOf(format))(found, terminalOptions(color, output === undefined && isTerminal(1)));
  if (output === undefined) writePieces(pieces);
  else saveFile(output, gathered(pieces));
}

/** NO_COLOR as on no-color.org; `dumb` terminals take neither colours nor links. */
export function terminalOptions(color: ExplainFlags["color"], onTerminal: boolean): TerminalOptions {
  const wanted = onTerminal && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
  const colour = color === "always" || (color === "auto" && wanted);
  return {
    columns: onTerminal ? terminalColumns() : null,
    colour,
    ...(colour && onTerminal ? { linkOf: (file: string) => (existsSync(file) ? pathToFileURL(resolve(file)).href : null) } : {}),
  };
}
