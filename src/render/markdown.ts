/** A case as Markdown for an issue: what matters in sight, the rest folded. */
import type { Case, CaseReport } from "../case/index.ts";
import { byteGroupsOf, listingLines } from "./listing.ts";
import { plainLook } from "./look.ts";
import { codeSpan, escaped, fenced, prose } from "./markdown-text.ts";
import { faultOrWhyNot, placeText } from "./place.ts";
import { registersOf } from "./registers.ts";
import { decodedLines, savedLines, type SavedLine } from "./saved-lines.ts";
import { sourceLines } from "./source-text.ts";
import { stacksToShow } from "./stack-rows.ts";
import { stackLines } from "./stack-text.ts";
import { taintInWords } from "./taint.ts";

export function renderMarkdown(found: Case): string {
  return [...markdownPieces(found)].join("");
}

/** A report a piece. */
export function* markdownPieces(found: Case): Generator<string, void, undefined> {
  if (found.reports.length === 0) yield "No crash in this log.\n\n";
  else {
    const lines = savedLines(found);
    for (const report of found.reports) yield `${reportParts(found, report, lines).join("\n\n")}\n\n`;
  }
  yield `${environment(found).join("\n\n")}\n`;
}

/** Paragraphs, which an empty line parts. */
function reportParts(found: Case, report: CaseReport, lines: readonly SavedLine[]): string[] {
  const { title, kind, verdict, corrupted, instructions, moreInstructions } = report;
  const look = plainLook();
  const parts = [`## ${escaped(title)}`];
  if (verdict) parts.push(prose(verdict.summary));
  parts.push([`- kind ${codeSpan(kind)}${verdict ? `, rule ${codeSpan(verdict.rule)}, ${escaped(verdict.confidence)} confidence` : ", no verdict"}`, ...facts(found, report)].join("\n"));
  if (corrupted) parts.push(`The log is damaged: ${prose(corrupted.why)}`);
  const sources = sourceLines(found, report, look);
  if (sources.length > 0) parts.push(fenced(sources, "c").join("\n"));
  const fault = verdict && faultOrWhyNot(verdict);
  if (fault) parts.push(`**Fault:** ${prose(fault)}`);
  if (verdict && verdict.evidence.length > 0) parts.push("### Evidence", verdict.evidence.map(({ logLine, text, why }) => `- line ${logLine}: ${codeSpan(text)}  \n  ${prose(why)}`).join("\n"));
  if (verdict && verdict.suspects.length > 0) {
    parts.push("### Also suspect", verdict.suspects.map((suspect) => `- ${codeSpan(suspect.function)}${placeText(suspect) === null ? "" : ` (${codeSpan(placeText(suspect)!)})`}: ${prose(suspect.why)}`).join("\n"));
  }
  for (const stack of stacksToShow(report)) parts.push(`### ${escaped(stack.name.replace(/^./, (first) => first.toUpperCase()))}`, fenced(stackLines(stack, report, look), "text").join("\n"));
  const { general, system } = registersOf(report);
  const rows = [...general, ...system].map(({ name, value, what }) => `${name.padEnd(8)} ${value.padEnd(18)}${what === null ? "" : ` ${what}`}`.trimEnd());
  if (rows.length > 0) parts.push(...folded("Registers", rows));
  const code = [...(instructions ? [instructions] : []), ...moreInstructions].find(({ user }) => !user);
  if (code && code.list.length > 0) parts.push(...folded("Instructions", listingLines(code, "plain", byteGroupsOf(found.kernel.arch))));
  parts.push(...folded("Log, decoded", decodedLines(lines, report).map(({ text }) => text)));
  if (verdict && verdict.next.length > 0) parts.push("### Next", verdict.next.map(({ why, command }) => `- ${codeSpan(command)}  \n  ${prose(why)}`).join("\n"));
  return parts;
}

function facts({ kernel }: Case, { context }: CaseReport): string[] {
  const { cpu, pid, comm, mode, taint } = context;
  const words = taint === null ? [] : taintInWords(taint.flags);
  const who = [cpu === null ? null : `CPU ${cpu}`, pid === null ? null : `PID ${pid}`, comm === null ? null : codeSpan(comm), mode === null ? null : `${mode} context`].filter((part) => part !== null);
  return [
    ...(kernel.release === null ? [] : [`- kernel ${codeSpan(kernel.release)}${kernel.version === null ? "" : ` ${codeSpan(kernel.version)}`}${kernel.arch === null ? "" : `, ${codeSpan(kernel.arch)}`}`]),
    ...(kernel.hardware === null ? [] : [`- hardware ${codeSpan(kernel.hardware)}`]),
    ...(who.length === 0 ? [] : [`- ${who.join(", ")}`]),
    ...(words.length === 0 ? [] : [`- tainted: ${escaped(words.join(", "))}`]),
  ];
}

function environment({ image, tool }: Case): string[] {
  const files = [...(image.vmlinux ? [{ name: "vmlinux", ...image.vmlinux }] : []), ...image.modules];
  const rows = files.map(({ name, path, match, why }) => `${name}: ${path}: ${match}: ${why}`);
  return [...(rows.length === 0 ? [] : folded("Files", rows)), `<sub>oopscope ${escaped(tool.version)}</sub>`];
}

function folded(summary: string, lines: readonly string[]): string[] {
  return [`<details><summary>${summary}</summary>`, fenced(lines, "text").join("\n"), "</details>"];
}
