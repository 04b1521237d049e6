import type { Case, CaseReport } from "../case/index.ts";
import { visible } from "./escape.ts";
import type { Look } from "./look.ts";
import { excerptsOf, marksOf, type Excerpt, type Mark } from "./marks.ts";
import type { Style } from "./paint.ts";
import { placeText } from "./place.ts";
import { cut, untabbed, widthOf, wrapped } from "./width.ts";

const around = 3;

/** The source lines that a verdict speaks of, what is meant underlined and labelled, as rustc shows them. Places whose source the case has not got are named. */
export function sourceLines(found: Case, report: CaseReport, look: Look): string[] {
  const marks = marksOf(report);
  const excerpts = excerptsOf(found, report, marks, around);
  const gutter = Math.max(0, ...excerpts.flatMap(({ lines }) => lines.map(({ line }) => String(line).length)));
  const shown = new Set(excerpts.flatMap(({ lines }) => lines.flatMap(({ underlines }) => underlines.map(({ mark }) => mark))));
  const bar = look.painter.paint("rule", `${" ".repeat(gutter)} |`);
  const lines: string[] = [];
  let before: string | null = null;
  for (const excerpt of excerpts) {
    if (excerpt.file === before) lines.push(look.painter.paint("rule", "..."));
    else {
      const own = marks.filter((mark) => mark.file === excerpt.file && shown.has(mark));
      lines.push(pointer(before === null ? "-->" : ":::", gutter, own.find(({ role }) => role === "guilty") ?? own[0]!, look), bar);
    }
    before = excerpt.file;
    lines.push(...excerptLines(excerpt, gutter, look));
  }
  if (lines.length > 0) lines.push(bar);
  for (const mark of marks) {
    if (!shown.has(mark)) lines.push(pointer("-->", gutter, mark, look), ...look.wrap(`= ${mark.label}`, gutter + 1));
    if (mark.path.length < 2) continue;
    lines.push(`${" ".repeat(gutter + 1)}= ${visible(mark.label)}, by way of`);
    lines.push(...mark.path.map((step, index) => `${" ".repeat(gutter + 3 + 2 * Math.min(index, 8))}${visible(step)}`));
  }
  return lines;
}

function pointer(arrow: string, gutter: number, mark: Mark, look: Look): string {
  const place = placeText(mark);
  const where = place === null ? look.name(mark.function) : `${look.painter.link(mark.file, visible(place))} in ${look.name(mark.function)}`;
  return `${" ".repeat(gutter)}${look.painter.paint("rule", arrow)} ${where}${look.module(mark.module)}`;
}

function excerptLines({ lines }: Excerpt, gutter: number, look: Look): string[] {
  const room = look.most - gutter - 3;
  const shared = Math.min(...lines.filter(({ text }) => text.trim() !== "").map(({ text }) => untabbed(visible(text)).search(/\S/)));
  const bar = look.painter.paint("rule", `${" ".repeat(gutter)} |`);
  const out: string[] = [];
  for (const { line, text, underlines } of lines) {
    const column = (offset: number) => widthOf(visible(text.slice(0, offset)));
    out.push(`${look.painter.paint("rule", `${String(line).padStart(gutter)} |`)} ${cut(untabbed(visible(text)).slice(shared), room)}`);
    for (const { mark, from, to } of underlines) {
      const style: Style = mark.role === "guilty" ? "primary" : "secondary";
      const start = Math.max(0, Math.min(column(from) - shared, room - 4));
      const size = Math.max(1, Math.min(column(to) - shared, room) - start);
      const label = visible(mark.label);
      const drawn = (mark.role === "guilty" ? "^" : "-").repeat(size);
      if (start + size + 1 + widthOf(label) <= room) {
        out.push(`${bar} ${" ".repeat(start)}${look.painter.paint(style, `${drawn} ${label}`)}`);
        continue;
      }
      const indent = Math.max(0, Math.min(start, room - widthOf(label)));
      out.push(`${bar} ${" ".repeat(start)}${look.painter.paint(style, drawn)}`);
      out.push(...wrapped(label, room - indent).map((part) => `${bar} ${" ".repeat(indent)}${look.painter.paint(style, part)}`));
    }
  }
  return out;
}
