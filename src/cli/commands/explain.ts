import { dirname } from "node:path";
import { OopscopeError, messageOf } from "../../base/index.ts";
import type { Case } from "../../case/index.ts";
import { decode } from "../../decode/index.ts";
import { DeepLook, blameFreers, explain, ruleNames } from "../../explain/index.ts";
import { visible } from "../../render/index.ts";
import { SourceFolders } from "../../source/index.ts";
import { exit } from "../exit.ts";
import { noteUsed, withDebuginfod } from "../fetched.ts";
import { readLog } from "../input.ts";
import { writeResult } from "../output.ts";
import { rulePage } from "../rule-pages.ts";
import { hurry, optionsOf, talk, type LogFlags } from "./decode.ts";

/** The flags of `explain`, as the command line gives them. */
export type ExplainFlags = LogFlags & { readonly source?: string[]; readonly format: "terminal" | "json" };

/** `explain [LOG|-|CASE|RULE]`: a rule's name wins over a file of that name, as a command's does. */
export async function runExplain(what: string | undefined, flags: ExplainFlags): Promise<number> {
  if (what !== undefined && ruleNames.includes(what)) {
    writeResult(rulePage(what));
    return exit.done;
  }
  const { name, bytes } = await readLog(what);
  hurry(bytes);
  const saved = savedCase(name, bytes);
  if (saved !== null) {
    write(await explained(name, saved), flags);
    return exit.done;
  }
  const decoded = await decode(bytes, await withDebuginfod(bytes, { ...optionsOf(flags), name }, flags));
  await noteUsed(decoded.case);
  talk(decoded, flags);
  write(await deepened(decoded.case, flags), flags);
  return decoded.complete ? exit.done : exit.incomplete;
}

/** With all that the files tell. Sources are looked for where the flags say, then beside the modules' own files: there a module that was built by hand has them. */
async function deepened(found: Case, { modules = [], source = [] }: ExplainFlags): Promise<Case> {
  const look = new DeepLook(found, { places: { modules }, sources: new SourceFolders([...source, ...found.image.modules.map(({ path }) => dirname(path))]) });
  try {
    return await explain(found, { deepen: [blameFreers({ modules }), (step) => look.deepen(step)] });
  } finally {
    look.close();
  }
}

/** A case that was saved before, or null if the bytes are a log. */
function savedCase(name: string, bytes: Uint8Array): Case | null {
  if (bytes.find((byte) => byte > 0x20) !== 0x7b || !Buffer.from(bytes.subarray(0, 4096)).includes("oopscope.case/")) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw new OopscopeError("malformed", `${name} begins like a case, but is no JSON: ${messageOf(cause)}`, { file: name }, cause);
  }
  const { schema } = value as { schema?: unknown };
  if (schema !== "oopscope.case/1") throw new OopscopeError("unsupported", `${name}: its schema is ${JSON.stringify(schema)}, and this version reads "oopscope.case/1"`, { file: name });
  return value as Case;
}

/** Whatever stands in a file that calls itself a case: one with a wrong shape is an error of the file. */
async function explained(name: string, saved: Case): Promise<Case> {
  try {
    return await explain(saved);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new OopscopeError("malformed", `${name} is no complete case: ${messageOf(cause)}`, { file: name }, cause);
  }
}

function write(found: Case, { format }: ExplainFlags): void {
  writeResult(format === "json" ? `${JSON.stringify(found, null, 2)}\n` : found.reports.map(plain).join("\n"));
}

/** A report's verdict in plain lines. */
function plain({ title, kind, corrupted, verdict }: Case["reports"][number]): string {
  const lines = [`${title}  (${kind})`];
  if (corrupted !== null) lines.push(`  damaged: ${corrupted.why}`);
  if (verdict !== null) {
    lines.push(`  ${verdict.summary}`, `  rule ${verdict.rule}, confidence ${verdict.confidence}`);
    const { fault } = verdict;
    if (fault !== null) lines.push(`  at fault: ${fault.expression}${fault.variable === null || fault.value === null ? "" : `, where ${fault.variable}${fault.type === null ? "" : ` (${fault.type})`} is ${fault.value}${fault.register === null ? "" : ` in ${fault.register}`}`}`);
    for (const { role, function: name, file, line } of verdict.earlier) lines.push(`  ${role}: ${name}${file === null ? "" : ` (${file}:${line ?? "?"})`}`);
    for (const { function: name, module, why } of verdict.suspects) lines.push(`  also: ${name}${module === null ? "" : ` [${module}]`}: ${why}`);
    for (const { logLine, text, why } of verdict.evidence) lines.push(`  line ${logLine}: ${text}`, `    ${why}`);
    for (const { why, command } of verdict.next) lines.push(`  next: ${command}`, `    ${why}`);
  }
  return lines.map((line) => `${visible(line)}\n`).join("");
}
