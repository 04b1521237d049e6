import { visible } from "../../render/index.ts";
import { nearestNames, openCatalogue, parsePattern, whyTraceable, type Catalogue, type TraceableFunction, type Why } from "../../probe/index.ts";
import { exit } from "../exit.ts";
import { interruptible } from "../interrupt.ts";
import { say, writeResult } from "../output.ts";

/** The flags of `functions`, as the command line gives them. */
export type FunctionsFlags = { readonly module?: string; readonly why?: string; readonly format: "text" | "json"; readonly quiet?: boolean };

/** Columns are aligned up to this width; longer names push theirs to the right. */
const widest = 48;

export async function runFunctions(pattern: string | undefined, flags: FunctionsFlags): Promise<number> {
  if (pattern !== undefined && flags.why !== undefined) {
    say("error", `either a pattern (\`${pattern}\`) or --why NAME (\`${flags.why}\`)`, "oopscope functions --help");
    return exit.usage;
  }
  return interruptible(async (signal) => {
    const catalogue = await openCatalogue({ pattern: flags.why ?? pattern ?? null, module: flags.module ?? null, signal });
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
  const shown: TraceableFunction[] = [];
  let rest = 0;
  for (const row of rows) {
    const one = table.row(row);
    if (one.how.length + one.unsure.length > 0) shown.push(one);
    else rest++;
  }
  writeResult(flags.format === "json" ? shown.map(jsonLine).join("") : functionLines(shown));
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

const probed = (how: readonly string[], unsure: readonly string[]): string => [...how, ...unsure.map((one) => `${one}?`)].join(",");

/** One line a function: module, name, how, signature. */
export function functionLines(functions: readonly TraceableFunction[]): string {
  const cells = functions.map((one) => [visible(one.module ?? "vmlinux"), visible(one.name), probed(one.how, one.unsure), one.signature === null ? "" : `${visible(one.signature)}${one.signatureFrom === "dwarf" ? "  (debug information)" : ""}`] as const);
  const widths = [0, 1, 2].map((column) => cells.reduce((width, row) => (row[column]!.length <= widest && row[column]!.length > width ? row[column]!.length : width), 0));
  return cells.map((row) => `${`${row[0].padEnd(widths[0]!)}  ${row[1].padEnd(widths[1]!)}  ${row[2].padEnd(widths[2]!)}  ${row[3]}`.trimEnd()}\n`).join("");
}

function jsonLine({ module, name, address, how, unsure, signature, signatureFrom }: TraceableFunction): string {
  return `${JSON.stringify({ module, name, address, how, unsure, signature, signatureFrom })}\n`;
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
