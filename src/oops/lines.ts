import { byteText, type ByteText } from "../base/index.ts";
import { nextStamp, readHead, readLine } from "./prefix.ts";
import type { LinePart, LogLine } from "./types.ts";
import { Unfolder } from "./unfold/unfolder.ts";

/** Bytes that become text at once: small enough that a line's slice does not keep much else alive. */
const chunkSize = 1 << 18;
/** A line that is longer is cut: no memory is large enough for a log without line feeds. */
const longestLine = 1 << 24;

/**
 * Cuts bytes into physical lines as they come in. A line that is cut by the end of a chunk is held back until the rest of it, or `end`, comes.
 */
export class LineCutter {
  #rest = "";

  push(bytes: Uint8Array, take: (text: string) => void): void {
    for (let from = 0; from < bytes.length; from += chunkSize) this.#chunk(byteText(bytes.subarray(from, from + chunkSize)), take);
  }

  #chunk(text: string, take: (text: string) => void): void {
    let from = 0;
    for (let feed = text.indexOf("\n"); feed >= 0; feed = text.indexOf("\n", from)) {
      const piece = text.slice(from, feed);
      from = feed + 1;
      if (this.#rest === "") take(piece);
      else {
        const whole = this.#rest + piece;
        this.#rest = "";
        take(whole);
      }
    }
    if (from < text.length) this.#rest += text.slice(from);
    if (this.#rest.length > longestLine) this.end(take);
  }

  /** True between lines. */
  get between(): boolean {
    return this.#rest === "";
  }

  /** What stands behind the last line feed. True if there was nothing. */
  end(take: (text: string) => void): boolean {
    const rest = this.#rest;
    this.#rest = "";
    if (rest === "") return true;
    take(rest);
    return false;
  }
}

/** What the parser looks at of a line; the kernel's own are at most 1 kB, joined module lists a few times that. */
export const mostOfLine = 16_384;
/** More messages in one line are left alone. */
const mostParts = 64;

/** Numbers the lines of a log and tells their prefixes apart. */
export class LineNumberer {
  #count = 0;
  #start = 0;
  #caller: string | null = null;

  take(text: string, emit: (line: LogLine) => void): void {
    const line = this.#read(text);
    const torn = tornAt(text, line.start);
    emit(torn < 0 ? line : { ...line, parts: partsOf(text, line, torn) });
  }

  /** Passes so many lines over. */
  skip(lines: number): void {
    this.#count += lines;
  }

  #read(text: string): LogLine {
    const number = ++this.#count;
    // Programs print the further lines of one message below its first, behind as many blanks as the prefix is wide.
    if (this.#start >= 10 && text.charCodeAt(0) === 0x20 && text.charCodeAt(9) === 0x20 && blanks(text) === this.#start && text.length > this.#start) {
      return { line: number, text: text as ByteText, start: this.#start, caller: this.#caller };
    }
    // The dictionary of a record of /dev/kmsg or netconsole (drivers/base/core.c set_dev_info) is no message.
    if (text.startsWith(" SUBSYSTEM=") || text.startsWith(" DEVICE=")) return { line: number, text: text as ByteText, start: text.length, caller: this.#caller };
    const line = readLine(number, text as ByteText);
    this.#start = line.start;
    this.#caller = line.caller;
    return line;
  }
}

function blanks(text: string): number {
  let at = 0;
  while (text.charCodeAt(at) === 0x20) at++;
  return at;
}

/** Where another message begins behind `from`: at a stamp, or behind a carriage return that does not end the line; -1 if there is none. */
function tornAt(text: string, from: number): number {
  const stamp = nextStamp(text, from + 1);
  const feed = text.indexOf("\r", from + 1);
  if (feed < 0 || (stamp >= 0 && stamp < feed)) return stamp;
  let behind = feed;
  while (text.charCodeAt(behind) === 0x0d) behind++;
  return behind < text.length ? behind : stamp;
}

function partsOf(text: string, line: LogLine, torn: number): LinePart[] {
  const parts: LinePart[] = [];
  let { start, caller } = line;
  for (let end = torn; parts.length < mostParts; ) {
    parts.push({ start, end: end < 0 ? text.length : end, caller });
    if (end < 0 || end > mostOfLine) break;
    const head = readHead(text, end);
    ({ start, caller } = head);
    end = tornAt(text, start);
  }
  return parts;
}

/**
 * Bytes to the lines of a log as they come in: physical lines cut, the records of programs unfolded, torn lines told apart. Lines come as soon as they are
 * complete; a line of several records waits for the last.
 */
export class LineSplitter {
  readonly #cutter = new LineCutter();
  readonly #unfolder = new Unfolder();
  readonly #numberer = new LineNumberer();

  /** The lines that are complete now, in order. */
  push(bytes: Uint8Array, take: (line: LogLine) => void): void {
    this.#cutter.push(bytes, (text) => this.#text(text, take));
  }

  #text(text: string, take: (line: LogLine) => void): void {
    if (this.#unfolder.passes(text)) this.#numberer.take(text, take);
    else this.#unfolder.take(text, (unfolded) => this.#numberer.take(unfolded, take));
  }

  /** True as long as each line is one of the bytes' own. */
  get asWritten(): boolean {
    return this.#unfolder.asWritten;
  }

  /** True where lines may be passed over: between lines, and with nothing held back. */
  get between(): boolean {
    return this.#cutter.between && this.#unfolder.between;
  }

  /** Passes so many lines over, which do not come: quiet ones (quiet.ts), at least one of which is left to come. */
  skip(lines: number): void {
    this.#numberer.skip(lines);
  }

  /** Gives out what waits for more: for a log that is silent now, but has not ended. */
  flush(take: (line: LogLine) => void): void {
    this.#unfolder.flush((unfolded) => this.#numberer.take(unfolded, take));
  }

  /** What stands behind the last line feed. True if there was nothing. */
  end(take: (line: LogLine) => void): boolean {
    const terminated = this.#cutter.end((text) => this.#text(text, take));
    this.flush(take);
    return terminated;
  }
}
