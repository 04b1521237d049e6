/**
 * A case as one HTML file for any browser, offline: nothing is loaded, and the policy in its head allows nothing but the one style sheet and the one script,
 * by their hashes, so that nothing in a hostile log can run. All of it can be read with scripts off.
 */
import { createHash } from "node:crypto";
import type { Case } from "../../case/index.ts";
import { markdownPieces } from "../markdown.ts";
import { placesOf } from "../frame.ts";
import { savedLines, type SavedLine } from "../saved-lines.ts";
import { html, Html, joined, lined } from "./escape.ts";
import { reportArticle, type Anchors } from "./report.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

export function renderHtml(found: Case): string {
  return [...htmlPieces(found)].join("");
}

/** The head, each report, the lines of the log some at a time, the rest. */
export function* htmlPieces(found: Case): Generator<string, void, undefined> {
  const { reports, log, tool } = found;
  const anchors: Anchors = new Map();
  const held = new Set(log.lines.map(({ line }) => line));
  const contents = reports.length < 2 ? null : html`<nav class="later faint" aria-label="reports">${joined(reports.map(({ title }, index) => html`<a href="#r${index + 1}">${index + 1}: ${title}</a>`))}</nav>`;
  const title = reports[0] === undefined ? log.name : (reports[0].verdict?.guilty ? `${reports[0].title} (${reports[0].verdict.guilty.function})` : reports[0].title);
  yield html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="oopscope ${tool.version}">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<header class="bar"><strong>oopscope</strong><span class="name mono" title="${log.name}">${log.name}</span><span class="tools" hidden><input id="find" type="search" placeholder="find in the log  /" aria-label="find in the log"><span id="count" class="faint" role="status"></span><button id="copy" type="button">Copy as Markdown</button><button id="theme" type="button" aria-label="light or dark">Theme</button><button id="keys" type="button" aria-label="keys">?</button></span></header>
<main>
${contents}
`.source;
  if (reports.length === 0) yield "<p>No crash in this log.</p>\n";
  for (const [index, report] of reports.entries()) yield `${reportArticle(found, report, `r${index + 1}`, anchors, held).source}\n`;
  yield '<h2 id="log">Log</h2>\n';
  yield* logList(found, anchors);
  yield html`
<h2>Environment</h2>
${environment(found)}
<details class="markdown more"><summary>the same as Markdown</summary><textarea id="markdown" readonly aria-label="Markdown">
`.source;
  for (const piece of markdownPieces(found)) yield lined(piece).source;
  yield html`</textarea></details>
</main>
<dialog id="help" aria-label="keys"><dl><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next and previous frame</dd><dt><kbd>Enter</kbd></dt><dd>source and instructions of the frame</dd><dt><kbd>/</kbd></dt><dd>find in the log; Enter: next line</dd><dt><kbd>c</kbd></dt><dd>copy as Markdown</dd><dt><kbd>t</kbd></dt><dd>light or dark</dd><dt><kbd>?</kbd></dt><dd>this</dd></dl><button type="button">Close</button></dialog>
<script>${new Html(script)}</script>
</body>
</html>
`.source;
}

/** As a source of the Content Security Policy (CSP3, section 2.3.1). */
function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;
}

function* logList(found: Case, anchors: Anchors): Generator<string, void, undefined> {
  const evident = new Map(found.reports.flatMap(({ verdict }) => (verdict?.evidence ?? []).map(({ logLine, why }) => [logLine, why] as const)));
  // A frame may stand in a stack that is not shown; another one of its line and text then is what its link leads to.
  const byPlace = new Map([...anchors].map(([{ logLine, column }, anchor]) => [`${logLine}:${column}`, anchor]));
  let between = '<ol class="plain log">';
  let before: number | null = null;
  for (const saved of savedLines(found)) {
    if (before !== null && saved.line !== before + 1) {
      yield `${between}<li class="gap">...</li>`;
      between = "\n";
    }
    before = saved.line;
    const why = evident.get(saved.line);
    yield between + html`<li id="L${saved.line}"${why === undefined ? null : html` class="evident" title="${why}"`}><a class="n" href="#L${saved.line}">${saved.line}</a><span class="t">${lineText(saved, byPlace)}</span></li>`.source;
    between = "\n";
  }
  yield between === "\n" ? "</ol>" : '<ol class="plain log"></ol>';
}

function lineText({ text, frames }: SavedLine, byPlace: ReadonlyMap<string, string>): Html {
  const parts: Html[] = [];
  let at = 0;
  for (const { frame, from, to } of frames) {
    const anchor = byPlace.get(`${frame.logLine}:${frame.column}`);
    if (anchor === undefined) continue;
    const places = frame.functions.length === 0 ? (frame.unresolved?.why ?? null) : placesOf(frame.functions);
    parts.push(html`${text.slice(at, from)}<a href="#${anchor}"${places === null ? null : html` title="${places}"`}>${text.slice(from, to)}</a>`);
    at = to;
  }
  return joined([...parts, html`${text.slice(at)}`]);
}

function environment({ kernel, image, tool, reports }: Case): Html {
  const rows: [string, string][] = [];
  const add = (name: string, value: string | null) => {
    if (value !== null) rows.push([name, value]);
  };
  add("kernel", kernel.release);
  add("version", kernel.version);
  add("architecture", kernel.arch);
  add("hardware", kernel.hardware);
  if (image.vmlinux) add("vmlinux", `${image.vmlinux.path} (${image.vmlinux.match}: ${image.vmlinux.why})`);
  for (const { name, path, match, why } of image.modules) add(`module ${name}`, `${path} (${match}: ${why})`);
  const modules = new Map(reports.flatMap((report) => report.modules.map(({ name, taint }) => [name, taint] as const)));
  if (modules.size > 0) add("modules", [...modules].map(([name, taint]) => (taint === "" ? name : `${name} (${taint})`)).join(", "));
  add("drawn by", `oopscope ${tool.version}`);
  return html`<dl class="environment">${joined(rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`))}</dl>`;
}
