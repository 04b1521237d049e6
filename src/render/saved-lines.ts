import type { Case, CaseFrame, CaseReport } from "../case/index.ts";
import { frameText } from "./frame.ts";
import { framesByLine } from "./text.ts";

/** A line of the log as the case holds it, with the frames that stand in it: offsets into its text, in order, none overlapping. */
export type SavedLine = { readonly line: number; readonly text: string; readonly frames: readonly { readonly frame: CaseFrame; readonly from: number; readonly to: number }[] };

/** All lines that the case holds, in the order of their numbers. */
export function savedLines(found: Case): SavedLine[] {
  const byLine = framesByLine(found);
  return found.log.lines.toSorted((a, b) => a.line - b.line).map(({ line, text }) => {
    const placed = (byLine.get(line) ?? []).map((frame) => ({ frame, from: startOf(text, frame) })).filter(({ from }) => from >= 0);
    const frames: { frame: CaseFrame; from: number; to: number }[] = [];
    for (const { frame, from } of placed.sort((a, b) => a.from - b.from)) {
      if (frame.text !== "" && from >= (frames.at(-1)?.to ?? 0)) frames.push({ frame, from, to: from + frame.text.length });
    }
    return { line, text, frames };
  });
}

/** The frame's column counts the bytes of the log's own line; in the case bytes that are no characters are written out. */
function startOf(text: string, { column, text: own }: CaseFrame): number {
  const from = /^[\x00-\x7f]*$/.test(text) ? column : Buffer.from(text, "utf8").subarray(0, column).toString("utf8").length;
  return text.startsWith(own, from) ? from : text.indexOf(own);
}

/** The lines of a report, each frame resolved in place. `lines` are those of the case, in order. */
export function decodedLines(lines: readonly SavedLine[], { lines: [first, last] }: CaseReport): { readonly line: number; readonly text: string }[] {
  return lines.slice(indexOf(lines, first), indexOf(lines, last + 1)).map(({ line, text, frames }) => {
    let out = text;
    for (const { frame, from, to } of [...frames].reverse()) {
      const written = frameText(frame);
      if (written !== null) out = out.slice(0, from) + written + out.slice(to);
    }
    return { line, text: out };
  });
}

/** Of the first line whose number is not below `wanted`. A log may have thousands of reports. */
function indexOf(lines: readonly SavedLine[], wanted: number): number {
  let from = 0;
  for (let to = lines.length; from < to; ) {
    const middle = (from + to) >>> 1;
    if (lines[middle]!.line < wanted) from = middle + 1;
    else to = middle;
  }
  return from;
}
