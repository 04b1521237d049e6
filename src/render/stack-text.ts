import type { CaseFrame, CaseReport, CaseStack } from "../case/index.ts";
import { visible } from "./escape.ts";
import type { Look } from "./look.ts";
import { stackRows, type StackRow } from "./stack-rows.ts";
import { cut, padded, widthOf } from "./width.ts";

/** A stack, one function a line: the log's line, `>` for the guilty function and `?` for left-over pointers, the name, the place, the module. */
export function stackLines({ frames }: CaseStack, report: CaseReport, look: Look): string[] {
  const told = new Set<string>();
  // What is missing for all frames is said once.
  const once = (row: StackRow): StackRow => {
    if (row.why === null || !told.has(row.why)) {
      told.add(row.why ?? "");
      return row;
    }
    return { ...row, why: null };
  };
  const rows = frames.flatMap((frame) => stackRows(frame, report).map((row) => ({ row: frame.unresolved ? once(row) : row, frame })));
  const size = Math.max(4, ...frames.map(({ logLine }) => String(logLine).length)) + 1;
  const names = Math.min(Math.max(12, Math.floor(look.prose * 0.4)), Math.max(0, ...rows.map(({ row }) => widthOf(visible(row.name)))));
  return rows.map(({ row, frame }) => `${look.painter.paint("faint", (row.first ? String(frame.logLine) : "").padStart(size))} ${rowText(row, frame, { names, indent: size + 3, look })}`);
}

function rowText(row: StackRow, { reliable }: CaseFrame, { names, indent, look }: { readonly names: number; readonly indent: number; readonly look: Look }): string {
  const { painter } = look;
  const name = padded(visible(row.name), names);
  const why = row.why === null ? "" : painter.paint("faint", cut(`(${visible(row.why)})`, Math.max(20, look.most - indent - names - 1)));
  const place = row.place === null ? why : painter.link(row.file, reliable ? visible(row.place) : painter.paint("faint", visible(row.place)));
  const tail = `${place}${row.inlined ? painter.paint("faint", " (inlined)") : ""}${look.module(row.module)}`;
  if (row.guilty) return `${painter.paint("primary", `> ${name}`)} ${tail}`;
  return reliable ? `  ${name} ${tail}` : `${painter.paint("faint", `? ${name}`)} ${tail}`;
}
