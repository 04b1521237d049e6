import { byteText, type ByteText } from "../base/index.ts";
import { readLine } from "./prefix.ts";
import { LogReader } from "./reader.ts";
import type { CrashReport, LogLine, ParsedFrame, ParsedLog } from "./types.ts";

/** Bytes that become text at once: small enough that a line's slice does not keep much else alive. */
const chunkSize = 1 << 18;

/**
 * Cuts bytes into lines as they come in. A line that is cut by the end of a chunk is held back until the rest of it, or `end`, comes.
 */
export class LineSplitter {
  #rest = "";
  #count = 0;

  /** The lines that are complete now, in order. */
  push(bytes: Uint8Array, take: (line: LogLine) => void): void {
    for (let from = 0; from < bytes.length; from += chunkSize) this.#chunk(bytes.subarray(from, from + chunkSize), take);
  }

  #chunk(bytes: Uint8Array, take: (line: LogLine) => void): void {
    const text = byteText(bytes);
    let from = 0;
    for (let feed = text.indexOf("\n"); feed >= 0; feed = text.indexOf("\n", from)) {
      const piece = text.slice(from, feed);
      from = feed + 1;
      if (this.#rest === "") take(readLine(++this.#count, piece as ByteText));
      else {
        const whole = this.#rest + piece;
        this.#rest = "";
        take(readLine(++this.#count, whole as ByteText));
      }
    }
    if (from < text.length) this.#rest += text.slice(from);
  }

  /** What stands behind the last line feed. True if there was nothing. */
  end(take: (line: LogLine) => void): boolean {
    const rest = this.#rest;
    this.#rest = "";
    if (rest === "") return true;
    take(readLine(++this.#count, rest as ByteText));
    return false;
  }
}

/**
 * Reads a whole log: every line, and every crash report in the order of their beginnings. Never throws, whatever the bytes are; what it does not
 * understand stays text. The cost is linear in the log's length.
 */
export function parseLog(bytes: Uint8Array): ParsedLog {
  const lines: LogLine[] = [];
  const reports: CrashReport[] = [];
  const loose: ParsedFrame[] = [];
  const offsets: { readonly line: number; readonly offset: string }[] = [];
  const boots: number[] = [];
  const reader = new LogReader({
    report: (report) => reports.push(report),
    loose: (frames) => loose.push(...frames),
    kaslrOffset: (line, offset) => offsets.push({ line, offset }),
    boot: (line) => boots.push(line),
  });
  const take = (line: LogLine): void => {
    lines.push(line);
    reader.push(line);
  };
  const splitter = new LineSplitter();
  splitter.push(bytes, take);
  const terminated = splitter.end(take) && bytes.length > 0;
  reader.end();
  reports.sort((one, other) => one.lines[0] - other.lines[0]);
  return { lines, reports: reports.map((report) => withOffset(report, offsets, boots)), loose, terminated };
}

/** The first of `count` ascending values that is above `bound`; `count` if there is none. */
function firstAbove(count: number, at: (k: number) => number, bound: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(middle) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The kernel prints its offset with the panic, after all the reports of that boot. */
function withOffset(report: CrashReport, offsets: readonly { line: number; offset: string }[], boots: readonly number[]): CrashReport {
  if (report.kernel.kaslrOffset !== null || offsets.length === 0) return report;
  const end = report.lines[1];
  const next = offsets[firstAbove(offsets.length, (k) => offsets[k]!.line, end)];
  const boot = boots[firstAbove(boots.length, (k) => boots[k]!, end)];
  if (next === undefined || (boot !== undefined && boot < next.line)) return report;
  return { ...report, kernel: { ...report.kernel, kaslrOffset: next.offset } };
}
