/**
 * A case as a plain-text mail to the kernel's developers, as Documentation/admin-guide/reporting-issues.rst asks: a subject that fits, what happened in the
 * first sentence, the kernel and its taint in words, and the decoded trace, which is never wrapped.
 */
import type { Case, CaseReport } from "../case/index.ts";
import { visible } from "./escape.ts";
import { plainLook, type Look } from "./look.ts";
import { faultText } from "./place.ts";
import { decodedLines, savedLines } from "./saved-lines.ts";
import { sourceLines } from "./source-text.ts";
import { taintInWords } from "./taint.ts";
import { cut, widthOf } from "./width.ts";

/** Columns of a mail's prose, so that answers can quote it. */
const mailColumns = 72;
const subjectColumns = 75;
/** Titles of later reports that are named: what comes after the first is mostly of its making. */
const mostLater = 12;

/** The whole mail is one piece. */
export function lkmlPieces(found: Case): readonly string[] {
  return [renderLkml(found)];
}

/** The mail is of the case's first report, which the others mostly follow from; their titles are named, with the sentence of each. */
export function renderLkml(found: Case): string {
  const [report, ...later] = found.reports;
  if (report === undefined) return "no crash in this log\n";
  const look = plainLook(mailColumns);
  const { verdict, corrupted } = report;
  const paragraphs = [
    [`Subject: ${subjectOf(report)}`],
    look.wrap(firstSentence(report), 0),
    environment(found, report, look),
    ["[ what was done before, how often it happens, and the last kernel without it ]"],
    ...(corrupted ? [look.wrap(`The log is damaged: ${corrupted.why}.`, 0)] : []),
    ...(verdict?.fault ? [look.wrap(`The faulting expression: ${faultText(verdict.fault)}.`, 0)] : []),
    sourceLines(found, report, look).map((line) => line.trimEnd()),
    laterInLog(later, look),
    ["The decoded trace:"],
    decodedLines(savedLines(found), report).map(({ text }) => visible(text)),
  ];
  return `${paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** The reports that followed, those of one title once, with what was said of the first of them. */
function laterInLog(later: readonly CaseReport[], look: Look): string[] {
  if (later.length === 0) return [];
  const titles = new Map<string, CaseReport[]>();
  for (const report of later) {
    const same = titles.get(report.title);
    if (same) same.push(report);
    else titles.set(report.title, [report]);
  }
  const shown = [...titles.values()].slice(0, mostLater).flatMap((same) => {
    const [{ title, lines, verdict }] = same as [CaseReport];
    return [`  ${visible(title)} (from line ${lines[0]} on${same.length === 1 ? "" : `, ${same.length} times`})`, ...(verdict === null ? [] : look.wrap(verdict.summary, 4))];
  });
  return ["Later in the same log:", ...shown, ...(titles.size > mostLater ? [`  and ${titles.size - mostLater} more`] : [])];
}

function subjectOf({ title, kind, verdict }: CaseReport): string {
  const guilty = verdict?.guilty ?? null;
  const area = guilty?.module ? `${guilty.module}: ` : "";
  const short = guilty === null ? kind : `${kind.replaceAll("-", " ")} in ${guilty.function}`;
  const wishes = [`[BUG] ${area}${title}`, `[BUG] ${area}${short}`, `[BUG] ${short}`].map((wish) => visible(wish).replaceAll("\t", " "));
  return wishes.find((wish) => widthOf(wish) <= subjectColumns) ?? cut(wishes[0]!, subjectColumns);
}

function firstSentence({ title, verdict }: CaseReport): string {
  return verdict === null ? `The kernel reported "${title}".` : `${verdict.summary.replace(/^[a-z]/, (first) => first.toUpperCase()).replace(/\.$/, "")}. The kernel reported "${title}".`;
}

function environment({ kernel }: Case, { context, verdict, modules }: CaseReport, look: Look): string[] {
  const words = context.taint === null ? [] : taintInWords(context.taint.flags);
  const guilty = verdict?.guilty?.module ?? null;
  const outOfTree = guilty !== null && modules.some(({ name, taint }) => name === guilty && taint.includes("O"));
  const rows: [string, string][] = [];
  if (kernel.release !== null) rows.push(["Kernel:", [kernel.release, kernel.version].filter((part) => part !== null).join(" ")]);
  if (kernel.arch !== null) rows.push(["Arch:", kernel.arch]);
  if (kernel.hardware !== null) rows.push(["Hardware:", kernel.hardware]);
  rows.push(["Tainted:", words.length === 0 ? (context.taint === null ? "not, or not known from the log" : "no") : words.join(", ")]);
  if (outOfTree) rows.push(["Module:", `${guilty} is not part of the kernel's own sources`]);
  return rows.flatMap(([name, text]) => look.wrap(text, 10).map((line, index) => (index === 0 ? name.padEnd(10) + line.trimStart() : line)));
}
