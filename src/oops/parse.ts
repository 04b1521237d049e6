import { arrange, mostArranged } from "./arrange/index.ts";
import { LineCutter, LineNumberer, LineSplitter } from "./lines.ts";
import { LogReader } from "./reader.ts";
import type { CrashReport, LogLine, ParsedFrame, ParsedLog } from "./types.ts";
import { Unfolder } from "./unfold/unfolder.ts";

/**
 * The lines of a whole text, those of wrapped and reordered forms put right. `terminated`: the last one ends with a line feed.
 */
export function readLines(bytes: Uint8Array, take: (line: LogLine) => void): { readonly terminated: boolean; readonly asWritten: boolean } {
  if (bytes.length > mostArranged) {
    const splitter = new LineSplitter();
    splitter.push(bytes, take);
    const terminated = splitter.end(take);
    return { terminated, asWritten: splitter.asWritten };
  }
  const cutter = new LineCutter();
  const physical: string[] = [];
  const hold = (text: string): void => void physical.push(text);
  const onlyReturns = !bytes.includes(0x0a) && bytes.includes(0x0d);
  cutter.push(onlyReturns ? bytes.map((byte) => (byte === 0x0d ? 0x0a : byte)) : bytes, hold);
  const terminated = cutter.end(hold);
  const unfolder = new Unfolder();
  const texts: string[] = [];
  const emit = (text: string): void => void texts.push(text);
  for (const text of physical) {
    if (unfolder.passes(text)) emit(text);
    else unfolder.take(text, emit);
  }
  unfolder.flush(emit);
  const numberer = new LineNumberer();
  const arranged = arrange(texts);
  for (const text of arranged) numberer.take(text, take);
  return { terminated, asWritten: unfolder.asWritten && arranged === texts && !onlyReturns };
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
  const { terminated, asWritten } = readLines(bytes, take);
  reader.end();
  reports.sort((one, other) => one.lines[0] - other.lines[0]);
  return { lines, reports: reports.map((report) => withOffset(report, offsets, boots)), loose, terminated: terminated && bytes.length > 0, asWritten };
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
