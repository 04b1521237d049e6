import { visible } from "../../render/index.ts";
import { nearestNames, openCatalogue, parsePattern, whyTraceable, type Catalogue, type FunctionTable, type TraceableFunction, type Why } from "../../probe/index.ts";
import { exit } from "../exit.ts";
import { interruptible } from "../interrupt.ts";
import { say, writeResult } from "../output.ts";

/** The flags of `functions`, as the command line gives them. */
export type FunctionsFlags = { readonly module?: string; readonly why?: string; readonly format: "text" | "json"; readonly quiet?: boolean };

/** Columns are aligned up to this width; longer names push theirs to the right. */
const widest = 48;
/** Functions that are written at a time. */
const portion = 4096;

export async function runFunctions(pattern: string | undefined, flags: FunctionsFlags): Promise<number> {
  if (pattern !== undefined && flags.why !== undefined) {
    say("error", `either a pattern (\`${pattern}\`) or --why NAME (\`${flags.why}\`)`, "oopscope functions --help");
    return exit.usage;
  }
  return interruptible(async (signal) => {
    const catalogue = await openCatalogue({ pattern: flags.why ?? pattern ?? null, module: flags.module ?? null, root: process.env["OOPSCOPE_ROOT"] || "/", signal });
    try {
      return flags.why === undefined ? list(catalogue, pattern ?? null, flags) : await why(catalogue, flags.why, flags, signal);
    } finally {
      catalogue.close();
    }
  });
}

function list(catalogue: Catalogue, pattern: string | null, flags: FunctionsFlags): number {
  const { table, loaded } = catalogue;
  const rows = table.select(catalogue.pattern, catalogue.module);
  const shown = rows.filter((row) => {
    const { how, unsure } = table.judge(row);
    return how.length + unsure.length > 0;
  });
  const rest = rows.length - shown.length;
  // Whole names and judgements of a hundred thousand functions at once would be more work to keep than to make.
  const write = flags.format === "json" ? (row: number) => jsonLine(table.row(row)) : lineWriter(table, shown);
  for (let from = 0; from < shown.length; from += portion) {
    let text = "";
    for (const row of shown.slice(from, from + portion)) text += write(row);
    if (!writeResult(text)) break;
  }
  if (flags.quiet !== true) {
    for (const note of catalogue.notes) say("note", note);
    if (loaded === "no") say("note", "the module is not loaded: this is what can be traced once it is");
    for (const { text, command } of catalogue.lacking) say("note", text, command);
    if (rest > 0 && (pattern !== null || flags.module !== undefined)) say("note", `${rest} more ${rest === 1 ? "function" : "functions"} cannot be traced; why: oopscope functions --why NAME`);
  }
  if (rows.length > 0) return exit.done;
  if (table.count === 0) {
    say("error", "neither /proc/kallsyms nor BTF tells which functions the kernel has", "oopscope doctor trace");
    return exit.missingPrivilege;
  }
  const near = catalogue.pattern?.exactName == null ? [] : nearestNames(catalogue.pattern.exactName, table.columns.names, 3);
  say("error", `no function matches ${pattern === null ? "" : `\`${pattern}\``}${near.length === 0 ? "" : `; near names: ${near.join(", ")}`}`, catalogue.pattern?.exactName == null ? null : `oopscope functions --why ${catalogue.pattern.text}`);
  return exit.failed;
}

async function why(catalogue: Catalogue, name: string, flags: FunctionsFlags, signal: AbortSignal): Promise<number> {
  const { table, loaded, module } = catalogue;
  const answers = await whyTraceable(table, catalogue.pattern ?? parsePattern(name), module, { debug: (owner) => catalogue.debug(owner), loaded, signal });
  writeResult(flags.format === "json" ? answers.map(whyJson).join("") : answers.map(whyText).join("\n"));
  if (flags.quiet !== true) {
    for (const note of catalogue.notes) say("note", note);
    for (const { text, command } of catalogue.lacking) say("note", text, command);
  }
  return exit.done;
}

const probed = (how: readonly string[], unsure: readonly string[]): string => (unsure.length === 0 ? how.join(",") : [...how, ...unsure.map((one) => `${one}?`)].join(","));

/** Nothing in it that a terminal could take for a command. */
const harmless = /^[ -~]*$/;

const safe = (text: string): string => (harmless.test(text) ? text : visible(text));

/** Writes one line a function: module, name, how, signature; aligned over `rows`. */
export function lineWriter(table: FunctionTable, rows: readonly number[]): (row: number) => string {
  const { names, modules, moduleNames } = table.columns;
  const owners = moduleNames.map((name) => safe(name ?? "vmlinux"));
  let [first, second, third] = [0, 0, 0];
  for (const row of rows) {
    const { how, unsure } = table.judge(row);
    first = widened(first, owners[modules[row]!]!);
    second = widened(second, safe(names[row]!));
    third = widened(third, probed(how, unsure));
  }
  return (row) => {
    const { name, how, unsure, signature, signatureFrom } = table.row(row);
    const start = `${owners[modules[row]!]!.padEnd(first)}  ${safe(name).padEnd(second)}  ${probed(how, unsure)}`;
    if (signature === null) return `${start}\n`;
    return `${start.padEnd(first + second + third + 4)}  ${safe(signature)}${signatureFrom === "dwarf" ? "  (debug information)" : ""}\n`;
  };
}

const widened = (width: number, { length }: string): number => (length > width && length <= widest ? length : width);

/** As JSON.stringify would write `{ module, name, address, how, unsure, signature, signatureFrom }`: a list has a hundred thousand of them. */
function jsonLine({ module, name, address, how, unsure, signature, signatureFrom }: TraceableFunction): string {
  const words = (list: readonly string[]): string => (list.length === 0 ? "[]" : `["${list.join('","')}"]`);
  return `{"module":${JSON.stringify(module)},"name":${JSON.stringify(name)},"address":${address === null ? "null" : `"${address}"`},"how":${words(how)},"unsure":${words(unsure)},"signature":${JSON.stringify(signature)},"signatureFrom":${signatureFrom === null ? "null" : `"${signatureFrom}"`}}\n`;
}

/** A function's answer: what works, then what does not and why. */
export function whyText(answer: Why): string {
  const { module, name, how, unsure, reasons } = answer;
  const lines = [`${module === null ? "" : `${visible(module)}:`}${visible(name)}: ${how.length + unsure.length === 0 ? (answer.function === null ? "no such function can be traced" : "cannot be traced") : `can be traced by ${probed(how, unsure).replaceAll(",", " and ")}`}`];
  if (answer.function?.signature != null) lines.push(`  ${visible(answer.function.signature)}${answer.function.signatureFrom === "dwarf" ? "  (debug information)" : ""}`);
  for (const { code, of, text, instead } of reasons) {
    const ways = of.map((one) => (one === "kprobe" && code === "ambiguous" ? "kprobe by name" : one));
    lines.push(code === "unknown" ? `  ${ways.join(" and ")}: ${visible(text)}` : `  no ${ways.join(", no ")}: ${code}: ${visible(text)}`);
    if (instead !== null) lines.push(`    instead: ${visible(instead)}`);
  }
  return `${lines.join("\n")}\n`;
}

function whyJson({ name, module, function: found, how, unsure, reasons, nearest, inlinedInto }: Why): string {
  return `${JSON.stringify({ module, name, address: found?.address ?? null, how, unsure, signature: found?.signature ?? null, signatureFrom: found?.signatureFrom ?? null, reasons, nearest, inlinedInto })}\n`;
}
