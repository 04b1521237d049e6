import { bytesOf, type ByteText } from "../base/index.ts";
import type { Case, CaseFrame, CaseInstructions } from "../case/index.ts";
import { asBytes, visibleLine } from "./escape.ts";
import { frameText } from "./frame.ts";
import { byteGroupsOf, listingLines, listingTitle } from "./listing.ts";

/** The log's lines as they are, in order, without their line feeds. */
export type TextLine = { readonly line: number; readonly text: ByteText };

/**
 * The log with its frames resolved in place (none without a case): every other byte of it as it was, the listings of a `Code:` line behind that line. `onTerminal` makes
 * control characters of the log visible instead.
 */
export function renderText(found: Case | null, lines: readonly TextLine[], options: { readonly terminated: boolean; readonly onTerminal: boolean }): Buffer {
  const frames = found === null ? new Map<number, CaseFrame[]>() : framesByLine(found);
  const listings = found === null ? new Map<number, CaseInstructions>() : listingsByLine(found, lines);
  if (frames.size === 0 && listings.size === 0 && !options.onTerminal) return joined(lines.map(({ text }) => text), options.terminated);
  const groups = byteGroupsOf(found?.kernel.arch ?? null);
  const parts: string[] = [];
  for (const { line, text } of lines) {
    const own = frames.get(line);
    const returned = text.endsWith("\r");
    const written = own ? withFrames(text, own) : text;
    parts.push(options.onTerminal ? visibleLine(written) : written);
    const code = listings.get(line);
    if (code) parts.push(...listingLines(code, "plain", groups).map((row) => asBytes(row) + (returned && !options.onTerminal ? "\r" : "")));
  }
  return joined(parts, options.terminated);
}

function joined(parts: readonly string[], terminated: boolean): Buffer {
  return bytesOf((parts.join("\n") + (terminated && parts.length > 0 ? "\n" : "")) as ByteText);
}

function withFrames(text: ByteText, frames: readonly CaseFrame[]): string {
  let out: string = text;
  // From the right, so that the columns of the others stay true.
  for (const frame of [...frames].sort((a, b) => b.column - a.column)) {
    const written = frameText(frame);
    if (written === null) continue;
    const size = Buffer.byteLength(frame.text, "utf8");
    out = out.slice(0, frame.column) + asBytes(written) + out.slice(frame.column + size);
  }
  return out;
}

/** Each place of a log once: several stacks may show the same line. */
export function framesByLine(found: Case): Map<number, CaseFrame[]> {
  const frames = new Map<number, CaseFrame[]>();
  for (const frame of [...found.reports.flatMap(({ stacks }) => stacks.flatMap((stack) => stack.frames)), ...found.loose]) {
    const list = frames.get(frame.logLine);
    if (!list) frames.set(frame.logLine, [frame]);
    else if (!list.some(({ column }) => column === frame.column)) list.push(frame);
  }
  return frames;
}

/** The listings that the log's lines have not got behind them yet, from an earlier run or from decode_stacktrace.sh. */
export function listingsByLine(found: Case, lines: readonly TextLine[]): Map<number, CaseInstructions> {
  const listings = new Map<number, CaseInstructions>();
  for (const { instructions, moreInstructions } of found.reports) {
    for (const code of [...(instructions ? [instructions] : []), ...moreInstructions]) {
      if (!lines[code.logLine - (lines[0]?.line ?? 1) + 1]?.text.startsWith(listingTitle)) listings.set(code.logLine, code);
    }
  }
  return listings;
}
