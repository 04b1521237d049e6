import type { Case, CaseFrame, CaseInstructions, CaseReport, CaseStack } from "../../case/index.ts";
import { contextParts } from "../context.ts";
import { byteGroupsOf, listingLines } from "../listing.ts";
import { faultOrWhyNot, placeText } from "../place.ts";
import { registersOf, type RegisterRow } from "../registers.ts";
import { stackRows, stacksToShow, type StackRow } from "../stack-rows.ts";
import { html, inlineCode, joined, type Html } from "./escape.ts";
import { frameFigure, moduleTag, sourceFigures } from "./source.ts";

/** Where each frame of a log's line is on the page. */
export type Anchors = Map<CaseFrame, string>;

/** A report with its verdict. The frames' anchors are added to `anchors`. `held`: the lines that the page's log has. */
export function reportArticle(found: Case, report: CaseReport, id: string, anchors: Anchors, held: ReadonlySet<number>): Html {
  const { title, kind, verdict, corrupted } = report;
  const facts = [kind, ...(verdict ? [`rule ${verdict.rule}`, `${verdict.confidence} confidence`] : ["no verdict"]), ...contextParts(found, report)];
  const code = [...(report.instructions ? [report.instructions] : []), ...report.moreInstructions].find(({ user }) => !user) ?? null;
  const mismatched = [...(found.image.vmlinux ? [found.image.vmlinux] : []), ...found.image.modules].filter(({ match }) => match === "mismatch");
  const warnings = [...(corrupted ? [`the log is damaged: ${corrupted.why}`] : []), ...mismatched.map(({ path, why }) => `${path} is not the file that crashed: ${why}`)];
  const stacks = stacksToShow(report);
  const fault = verdict && faultOrWhyNot(verdict);
  return html`<article id="${id}">
<p class="title">${title}</p>
<h1>${verdict ? inlineCode(verdict.summary) : title}</h1>
<p class="facts">${joined(facts.map((fact) => html`<span>${fact}</span>`))}</p>
${joined(warnings.map((warning) => html`<p class="warn">${inlineCode(warning)}</p>`))}
${sourceFigures(found, report)}
${fault ? html`<h2>Fault</h2><p>${inlineCode(fault)}</p>` : null}
${evidence(report, held)}
${suspects(report)}
${joined(stacks.map((stack, index) => stackSection(found, report, stack, { id: `${id}s${index}`, code, anchors, held })), "\n")}
${registers(report)}
${next(report)}
</article>`;
}

function logLink(line: number, held: ReadonlySet<number>, label: string): Html {
  return held.has(line) ? html`<a class="n" href="#L${line}">${label}</a>` : html`<span class="n">${label}</span>`;
}

function evidence({ verdict }: CaseReport, held: ReadonlySet<number>): Html | null {
  if (!verdict || verdict.evidence.length === 0) return null;
  return html`<h2>Evidence</h2><ol class="plain evidence">${joined(verdict.evidence.map(({ logLine, text, why }) => html`<li>${logLink(logLine, held, `line ${logLine}`)} <code>${text}</code><p>${inlineCode(why)}</p></li>`))}</ol>`;
}

function suspects({ verdict }: CaseReport): Html | null {
  if (!verdict || verdict.suspects.length === 0) return null;
  return html`<h2>Also suspect</h2><ul class="plain suspects">${joined(verdict.suspects.map((suspect) => html`<li><code>${suspect.function}</code> <span class="faint mono">${placeText(suspect)}</span>${moduleTag(suspect.module)}<p>${inlineCode(suspect.why)}</p></li>`))}</ul>`;
}

type StackPlace = { readonly id: string; readonly code: CaseInstructions | null; readonly anchors: Anchors; readonly held: ReadonlySet<number> };

function stackSection(found: Case, report: CaseReport, { name, frames }: CaseStack, { id, code, anchors, held }: StackPlace): Html {
  const told = new Set<string>();
  const pc = report.stacks.find((stack) => stack.name === "pc")?.frames.find(({ unresolved }) => unresolved?.reason !== "user") ?? null;
  const items = frames.map((frame, index) => {
    const anchor = `${id}f${index}`;
    if (!anchors.has(frame)) anchors.set(frame, anchor);
    const rows = stackRows(frame, report);
    const trap = pc !== null && frame.text === pc.text && frame.exact && code !== null && code.list.length > 0 && index === frames.findIndex(({ text }) => text === pc.text);
    const inside = [...frame.functions.flatMap((fn, at) => frameFigure(found, fn, rows[at]?.guilty ?? false) ?? []), ...(trap ? [disassembly(code, found)] : [])];
    const row = html`${logLink(frame.logLine, held, String(frame.logLine))}<span class="sign"></span><span class="fns">${joined(rows.map((one) => functionRow(one, frame, told)))}</span>`;
    const left = frame.reliable ? null : html` left-over`;
    if (inside.length === 0) return html`<li class="frame${left}" id="${anchor}"><div class="row" tabindex="-1">${row}</div></li>`;
    return html`<li class="frame${left}" id="${anchor}"><details><summary class="row">${row}</summary><div class="inside">${joined(inside)}</div></details></li>`;
  });
  return html`<h2>${name}</h2><ol class="plain stack">${joined(items, "\n")}</ol>`;
}

/** What is missing for all frames is said once. */
function functionRow({ name, place, inlined, module, why, guilty }: StackRow, { reliable, unresolved }: CaseFrame, told: Set<string>): Html {
  const missing = why !== null && place === null && !(unresolved && told.has(why)) ? html`(${why})` : null;
  if (why !== null) told.add(why);
  return html`<span class="fn${guilty ? " guilty" : null}"><span class="name">${reliable ? null : "? "}${name}</span><span class="place">${place}${missing}${inlined ? " inlined" : null}${moduleTag(module)}</span></span>`;
}

function disassembly(code: CaseInstructions, { kernel }: Case): Html {
  const lines = listingLines(code, "plain", byteGroupsOf(kernel.arch)).map((line) => (line.includes("<-- trapping instruction") ? html`<span class="trap">${line}</span>` : html`${line}`));
  return html`<figure><figcaption>instructions, from the <a href="#L${code.logLine}">Code: line</a></figcaption><pre class="asm">${joined(lines, "\n")}</pre></figure>`;
}

function registers(report: CaseReport): Html | null {
  const { general, system } = registersOf(report);
  if (general.length + system.length === 0) return null;
  const known = general.filter(({ what, faulting }) => what !== null || faulting);
  const others = general.filter((row) => !known.includes(row));
  const item = ({ name, value, what, why, faulting }: RegisterRow) =>
    html`<div${faulting ? html` class="known fault"` : what === null ? null : html` class="known"`}><dt>${name}</dt><dd>${value}</dd>${what === null ? null : html`<dd class="what">${inlineCode(what)} <span class="faint">${inlineCode(why ?? "")}</span></dd>`}</div>`;
  return html`<h2>Registers</h2><dl class="registers">${joined([...known, ...others].map(item))}</dl>
${system.length === 0 ? null : html`<details class="more"><summary>system registers</summary><dl class="registers">${joined(system.map(item))}</dl></details>`}`;
}

function next({ verdict }: CaseReport): Html | null {
  if (!verdict || verdict.next.length === 0) return null;
  return html`<h2>Next</h2><ul class="plain next">${joined(verdict.next.map(({ why, command }) => html`<li><code>${command}</code><p>${inlineCode(why)}</p></li>`))}</ul>`;
}
