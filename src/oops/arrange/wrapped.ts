/**
 * Puts the lines of a wrapped log together again.
 *
 * A mail program breaks a line at the last blank before its width, so the first word of the next line would not have fitted. A text counts as wrapped if no
 * line of its log is longer than a mail's width though it has a blank to break at, and if some line continues another in a way that nothing else explains:
 * hexadecimal bytes behind `Code:`, names behind `Modules linked in:`, a module behind its symbol, or several lines without a stamp among stamped ones, each
 * of whose first word would not have fitted.
 */
import type { ByteText } from "../../base/index.ts";
import { readLine } from "../prefix.ts";

/** Widths at which programs break lines (RFC 3676 says 78 or fewer); quote marks may be added later. */
const narrowest = 56;
const widest = 82;
/** One line is made of at most so many. */
const mostPieces = 64;

type Line = {
  readonly text: string;
  /** Depth of quoting, and where the text begins behind it. */
  readonly quotes: number;
  readonly from: number;
  /** The message, and whether a stamp or the like stands before it. */
  readonly start: number;
  readonly stamped: boolean;
};

export function unwrap(texts: readonly string[]): readonly string[] {
  const width = wrapWidth(texts);
  if (width === null) return texts;
  const out: string[] = [];
  const lines = texts.map(lineOf);
  const stamped = lines.filter((line) => line.stamped).length;
  const allStamped = stamped > 8 && stamped * 3 > lines.length;
  for (let k = 0; k < lines.length; ) {
    const line = lines[k++]!;
    let joined = line.text.replace(/\r$/, "");
    let last = line;
    for (let pieces = 1; pieces < mostPieces && k < lines.length; pieces++) {
      const next = lines[k]!;
      if (!continues(joined, line, last, next, width, allStamped)) break;
      joined = `${joined.trimEnd()} ${next.text.slice(next.from).trim()}`;
      last = next;
      k++;
    }
    out.push(last === line ? line.text : joined);
  }
  return out;
}

/** The width that the text is wrapped at, or null if it is not. */
function wrapWidth(texts: readonly string[]): number | null {
  let width = 0;
  let certain = false;
  // Stamped lines with a line without a stamp behind them: how long they are up to its first word, which would not have fitted if the text is wrapped.
  const upTo: number[] = [];
  let before: Line | null = null;
  for (const text of texts) {
    const line = lineOf(text);
    const shown = text.trimEnd().slice(line.from);
    const ofLog = line.stamped || logLine.test(text.slice(line.start, line.start + 64));
    if (ofLog) {
      if (shown.length > widest && shown.indexOf(" ", line.start - line.from + 1) > 0 && shown.lastIndexOf(" ", widest) > line.start - line.from) return null;
      if (shown.length <= widest) width = Math.max(width, shown.length);
    }
    if (before !== null && !line.stamped && line.quotes === before.quotes && shown.trim() !== "") {
      const message = before.text.slice(before.start).trim();
      if (isContinuation(message, shown.trim())) certain = true;
      if (before.stamped) upTo.push(before.text.trimEnd().length - before.from + 1 + firstWord(shown.trim()));
    }
    before = line;
  }
  const broken = upTo.filter((length) => length > width).length;
  return width >= narrowest && (certain || (broken >= 3 && broken * 4 > upTo.length * 3)) ? width : null;
}

function firstWord(text: string): number {
  const blank = text.indexOf(" ");
  return blank < 0 ? text.length : blank;
}

const logLine = /^\s*(?:Code: |Modules linked in:|CPU: \d|RIP: |Hardware name: |BUG: |WARNING: |R[A-D]X: |\?? ?[\w.]+\+0x)/;

function lineOf(text: string): Line {
  const { start } = readLine(1, text as ByteText);
  let from = 0;
  let quotes = 0;
  while (from < start && (text.charCodeAt(from) === 0x3e || text.charCodeAt(from) === 0x20 || text.charCodeAt(from) === 0x09)) if (text.charCodeAt(from++) === 0x3e) quotes++;
  return { text, quotes, from, start, stamped: start > from };
}

const bytes = /^(?:[<(]?[0-9a-f]{2}[>)]?|[<(]?[0-9a-f]{8}[>)]?)(?: (?:[<(]?[0-9a-f]{2}[>)]?|[<(]?[0-9a-f]{8}[>)]?)){0,80}$/;
const modules = /^(?:[a-z0-9_]{2,56}(?:\([A-Z+-]{1,8}\))?|\[last unloaded: [^\]]{1,80}\]?)(?: {1,2}(?:[a-z0-9_]{1,56}(?:\([A-Z+-]{1,8}\))?|\[last|unloaded:|[\w.]{1,56}(?:\([A-Z]\))?\])){0,40}$/;
const moduleBehind = /^\[[A-Za-z0-9_]{1,56}(?: [0-9a-f]{40})?\](?: \(\w{1,12}\))?$/;

/** Whether the next line can only be the rest of this message. */
function isContinuation(message: string, next: string): boolean {
  if (message.startsWith("Code: ")) return bytes.test(next);
  if (message.startsWith("Modules linked in:")) return modules.test(next);
  return moduleBehind.test(next) && /\+0x[0-9a-f]{1,8}\/0x[0-9a-f]{1,8}$/.test(message);
}

/** Beginnings of messages that are often longer than a mail is wide. */
const long = /^(?:Code: |Modules linked in:|CPU: \d|RIP: |Hardware name: |BUG: |WARNING: |Kernel panic|general protection|Oops: |Kernel Offset: |INFO: |watchdog: |rcu: |R[A-Z0-9]{2}: |FS: |kernel BUG at |Unable to handle |Internal error: |Read of size |Write of size |The buggy address )/;
/** What cannot be the rest of a line. */
const begins = /^(?:\s*<\/?[A-Z]{2,8}>|\s*\??\s?[\w.]+\+0x[0-9a-f]+\/0x|Code: |RIP: |RSP: |R[A-Z0-9]{2}: [0-9a-f]|FS: |CS: |CR2: |Call [Tt]race|Modules linked in|CPU: \d|Hardware name|---|===|BUG: |WARNING: |```|--|Kernel panic|Thanks|Regards|Hello|On .* wrote:)/;

function continues(joined: string, first: Line, last: Line, next: Line, width: number, allStamped: boolean): boolean {
  if (next.stamped || next.quotes !== first.quotes) return false;
  const text = next.text.slice(next.from).trim();
  if (text === "") return false;
  const message = joined.slice(first.start).trim();
  const shown = last.text.trimEnd().length - last.from;
  const word = firstWord(text);
  // The word would have fitted: the break is no wrap's.
  if (shown + 1 + word <= width && shown + 1 + word < 72) return false;
  if (isContinuation(message, text)) return true;
  if (begins.test(text)) return false;
  return first.stamped && allStamped ? true : long.test(message) && last.text.length - last.from >= narrowest;
}
