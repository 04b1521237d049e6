import type { Case, CaseFunction, CaseReport } from "../../case/index.ts";
import { excerptsOf, marksOf, type Excerpt, type Mark } from "../marks.ts";
import { placeText } from "../place.ts";
import { html, inlineCode, joined, type Html } from "./escape.ts";

const around = 6;
const aroundFrame = 4;

/** The sources of a verdict, a figure a file; arrows lead from one event to the next within it. Places without a source are named. */
export function sourceFigures(found: Case, report: CaseReport): Html {
  const marks = marksOf(report);
  const excerpts = excerptsOf(found, report, marks, around);
  const shown = new Set(excerpts.flatMap(({ lines }) => lines.flatMap(({ underlines }) => underlines.map(({ mark }) => mark))));
  const files = [...new Set(excerpts.map(({ file }) => file))];
  const figures = files.map((file) => {
    const own = [...shown].filter((mark) => mark.file === file);
    return html`<figure><figcaption>${caption(own.find(({ role }) => role === "guilty") ?? own[0]!)}</figcaption><div class="scroll">${table(excerpts.filter((excerpt) => excerpt.file === file), own.length > 1)}</div></figure>`;
  });
  const elsewhere = marks.filter((mark) => !shown.has(mark)).map((mark) => html`<li>${inlineCode(mark.label)}: ${caption(mark)}</li>`);
  const paths = marks.filter(({ path }) => path.length > 1).map((mark) => html`<p class="faint">${inlineCode(mark.label)}, by way of</p><ol class="path mono">${joined(mark.path.map((part) => html`<li>${part}</li>`))}</ol>`);
  return html`${joined(figures)}${elsewhere.length === 0 ? null : html`<ul class="plain">${joined(elsewhere)}</ul>`}${joined(paths)}`;
}

function caption(mark: Mark): Html {
  const place = placeText(mark);
  return html`${place === null ? null : html`<code>${place}</code> in `}<code>${mark.function}</code>${moduleTag(mark.module)}`;
}

export function moduleTag(module: string | null): Html | null {
  return module === null ? null : html` <span class="module mono">[${module}]</span>`;
}

/** `arrows`: beside the marked lines, with its head at the guilty one. */
function table(excerpts: readonly Excerpt[], arrows: boolean): Html {
  const rows: Html[] = [];
  const all = excerpts.flatMap(({ lines }) => lines);
  const marked = all.filter(({ underlines }) => underlines.length > 0);
  const first = marked[0]?.line ?? 0;
  const last = marked.at(-1)?.line ?? 0;
  const flow = (line: number, head: boolean, note = false): Html | null => {
    if (!arrows) return null;
    const within = line >= first && line <= last && !(note && line === last);
    return html`<td class="flow">${within ? html`<i></i>` : null}${head ? html`<b></b>` : null}</td>`;
  };
  for (const [index, { lines }] of excerpts.entries()) {
    if (index > 0) rows.push(html`<tr class="gap">${flow(lines[0]!.line, false)}<td class="n">...</td><td></td></tr>`);
    for (const { line, text, underlines } of lines) {
      const role = underlines.find(({ mark }) => mark.role === "guilty")?.mark.role ?? underlines[0]?.mark.role ?? null;
      const end = !arrows || first === last ? "" : line === first ? " upper" : line === last ? " lower" : "";
      rows.push(html`<tr${role === null ? null : html` class="${role}${end}"`}>${flow(line, role === "guilty")}<td class="n">${line}</td><td class="t">${underlined(text, underlines)}</td></tr>`);
      for (const { mark, from } of underlines) {
        rows.push(html`<tr class="note ${mark.role}">${flow(line, false, true)}<td class="n"></td><td class="t"><span class="pad">${text.slice(0, from).replaceAll(/[^\t]/g, " ")}</span>${inlineCode(mark.label)}</td></tr>`);
      }
    }
  }
  return html`<table class="source"><tbody>${joined(rows)}</tbody></table>`;
}

function underlined(text: string, underlines: readonly { readonly from: number; readonly to: number }[]): Html {
  const [first] = underlines;
  return first === undefined ? html`${text}` : html`${text.slice(0, first.from)}<mark>${text.slice(first.from, first.to)}</mark>${text.slice(first.to)}`;
}

/** The lines around a function's place, or null if the case has not got them. */
export function frameFigure(found: Case, fn: CaseFunction, guilty: boolean): Html | null {
  const { file, line } = fn;
  const source = found.sources.find((one) => one.file === file && line !== null && line >= one.first && line < one.first + one.lines.length);
  if (source === undefined || line === null) return null;
  const from = Math.max(0, line - aroundFrame - source.first);
  const rows = source.lines.slice(from, line + aroundFrame + 1 - source.first).map((text, index) => {
    const number = source.first + from + index;
    return html`<tr${number === line ? html` class="${guilty ? "guilty" : "earlier"}"` : null}><td class="n">${number}</td><td class="t">${text}</td></tr>`;
  });
  return html`<figure><figcaption><code>${source.file}:${line}</code> in <code>${fn.function}</code></figcaption><div class="scroll"><table class="source"><tbody>${joined(rows)}</tbody></table></div></figure>`;
}
