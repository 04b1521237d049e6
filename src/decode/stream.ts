/**
 * Decodes a log piece by piece: one that is still growing, or that is too large to hold. A piece is a run of lines with the reports that lie in it; it comes as
 * soon as no report is under way in it. Memory is bounded by the size of a piece, whatever the length of the log.
 *
 * A log that is read so lacks what only its whole would tell: the kernel's offset that a panic prints behind earlier reports, the order of pstore's parts, the
 * wrapping of a mail.
 */
import type { Case } from "../case/index.ts";
import { LineSplitter, LogReader, quietLines, type CrashReport, type LogLine, type ParsedFrame } from "../oops/index.ts";
import { bannerOf, contextAround, decode, decodeLog, type Decoded } from "./decode.ts";
import { ImagePool } from "./images.ts";
import type { DecodeOptions } from "./options.ts";

export type Piece = {
  /** The lines of the piece, which follow those of the piece before. Their numbers are those of the log. None for a piece that was passed over: it has bytes alone. */
  readonly lines: readonly LogLine[];
  /** False only for the last line of a log that does not end with a line feed. */
  readonly terminated: boolean;
  /** The lines as the bytes that came in; null for a form whose lines are not the log's own. */
  readonly bytes: readonly Uint8Array[] | null;
  /** Null for a piece without frames. */
  readonly decoded: Decoded | null;
};

/**
 * `live`: lines are given out as they come, those of a report when it is complete. `bulk`: in large pieces. `sieve`: the same, and lines that say nothing of a crash
 * (oops/quiet.ts) are passed over: such a piece is given as bytes alone.
 */
export type StreamWay = "live" | "bulk" | "sieve";

/** Characters of a piece in bulk, and the most that is held back for a report without an end. */
const pieceSize = 1 << 20;
const mostHeld = 1 << 24;
/** So many last lines are kept for what follows them, such as the listing of an earlier run. */
const keptBack = 4;
/** What is read at once where lines are not quiet: about a report. */
const readSize = 1 << 14;
const mostBanners = 16;

export class StreamDecoder {
  readonly #options: DecodeOptions;
  readonly #way: StreamWay;
  readonly #splitter = new LineSplitter();
  readonly #reader: LogReader;
  readonly #banners = new Set<string>();
  readonly #pool = new ImagePool();
  #lines: LogLine[] = [];
  #size = 0;
  #reports: CrashReport[] = [];
  #loose: ParsedFrame[] = [];
  /** The bytes of the lines that are held, and of what follows them. */
  #bytes: Uint8Array[] = [];

  constructor(options: DecodeOptions, way: StreamWay) {
    this.#options = options;
    this.#way = way;
    this.#reader = new LogReader({
      report: (report) => this.#reports.push(report),
      loose: (frames) => this.#loose.push(...frames),
    });
  }

  /** Takes the next bytes, and gives the pieces that are complete now. */
  async *push(bytes: Uint8Array): AsyncGenerator<Piece> {
    for (let from = 0; from < bytes.length; from += pieceSize) {
      const part = bytes.subarray(from, from + pieceSize);
      if (this.#way === "sieve") yield* this.#sift(part);
      else yield* this.#read(part);
    }
  }

  async *#read(part: Uint8Array): AsyncGenerator<Piece> {
    this.#bytes = this.#splitter.asWritten ? [...this.#bytes, part] : [];
    this.#splitter.push(part, this.#take);
    if (this.#way !== "live" && this.#size < pieceSize) return;
    if (this.#size > mostHeld) this.#reader.end();
    yield* this.#give(this.#way === "live" ? 0 : keptBack);
  }

  /** Reads only around what is not quiet. */
  async *#sift(part: Uint8Array): AsyncGenerator<Piece> {
    for (let at = 0; at < part.length; ) {
      if (this.#reader.idle && this.#splitter.between) {
        const { end, lines } = quietLines(part, at, contextAround);
        if (lines > 0) {
          yield* this.#give(0);
          this.#splitter.skip(lines);
          this.#reader.skip();
          yield { lines: [], terminated: true, bytes: [part.subarray(at, end)], decoded: null };
          at = end;
        }
      }
      const feed = part.indexOf(0x0a, at + readSize);
      const end = feed < 0 ? part.length : feed + 1;
      yield* this.#read(part.subarray(at, end));
      at = end;
    }
  }

  /** The log is silent: what is under way counts as complete. */
  async *flush(): AsyncGenerator<Piece> {
    this.#splitter.flush(this.#take);
    this.#reader.end();
    yield* this.#give(0);
  }

  async *end(): AsyncGenerator<Piece> {
    const terminated = this.#splitter.end(this.#take);
    this.#reader.end();
    yield* this.#give(0, terminated);
    this.close();
  }

  /** Closes the kernel's files: where a log is left before its end. */
  close(): void {
    this.#pool.close();
  }

  readonly #take = (line: LogLine): void => {
    this.#lines.push(line);
    this.#size += line.text.length + 1;
    this.#reader.push(line);
  };

  /** The lines before all that is under way, and what lies in them. */
  async *#give(keep: number, terminated = true): AsyncGenerator<Piece> {
    const first = this.#lines[0]?.line;
    if (first === undefined) return;
    let cut = Math.min(this.#reader.openFrom ?? Infinity, first + this.#lines.length - keep);
    // Reports of several speakers overlap: none is cut.
    const byEnd = [...this.#reports].sort((one, other) => other.lines[1] - one.lines[1]);
    for (const { lines } of byEnd) if (lines[1] >= cut && lines[0] < cut) cut = lines[0];
    if (cut <= first) return;
    const lines = this.#lines.slice(0, cut - first);
    this.#lines = this.#lines.slice(cut - first);
    this.#size = this.#lines.reduce((sum, { text }) => sum + text.length + 1, 0);
    const within = ({ line }: { readonly line: number }) => line < cut;
    const reports = this.#reports.filter((report) => report.lines[0] < cut).sort((one, other) => one.lines[0] - other.lines[0]);
    const loose = this.#loose.filter(within);
    this.#reports = this.#reports.filter((report) => report.lines[0] >= cut);
    this.#loose = this.#loose.filter((frame) => !within(frame));
    const banners = [...this.#banners];
    for (const line of lines) this.#note(line);
    const log = { lines, reports, loose, terminated: true, asWritten: this.#splitter.asWritten };
    const decoded = reports.length === 0 && loose.length === 0 ? null : await decodeLog(log, this.#options, banners, this.#pool);
    const whole = this.#lines.length > 0 || terminated;
    const size = lines.reduce((sum, { text }) => sum + text.length + 1, whole ? 0 : -1);
    yield { lines, terminated: whole, bytes: this.#splitter.asWritten ? this.#firstBytes(size) : null, decoded };
  }

  /** Takes so many bytes from the front. */
  #firstBytes(size: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    while (size > 0) {
      const [part, ...rest] = this.#bytes;
      if (part === undefined) break;
      taken.push(part.subarray(0, size));
      this.#bytes = part.length > size ? [part.subarray(size), ...rest] : rest;
      size -= part.length;
    }
    return taken;
  }

  /** Later pieces are of this kernel. */
  #note({ text, start }: LogLine): void {
    if (!text.startsWith("Linux version ", start) || this.#banners.size >= mostBanners) return;
    const banner = bannerOf(text);
    if (banner !== null) this.#banners.add(banner);
  }
}

/** A whole log as one piece. */
export async function decodeWhole(bytes: Uint8Array, options: DecodeOptions): Promise<Piece & { readonly decoded: Decoded }> {
  const decoded = await decode(bytes, options);
  return { lines: decoded.log.lines, terminated: decoded.log.terminated, bytes: decoded.log.asWritten ? [bytes] : null, decoded };
}

/** Each report of a case as a case of its own, with its lines and its images alone; frames outside of reports are another. */
export function casesOf({ case: found, log }: Decoded): Case[] {
  const near = (from: number, to: number) => found.log.lines.filter(({ line }) => line >= from - contextAround && line <= to + contextAround);
  const own: Case[] = found.reports.map((report, index) => {
    const { kernel } = log.reports[index]!;
    // A log of several kernels is decoded with the files of one.
    const foreign = kernel.release !== null && kernel.release !== found.kernel.release;
    const named = new Set(report.stacks.flatMap(({ frames }) => frames.map(({ module }) => module)));
    return {
      ...found,
      log: { ...found.log, lines: near(report.lines[0], report.lines[1]) },
      kernel: foreign ? { release: kernel.release, version: kernel.version, arch: kernel.arch, hardware: kernel.hardware } : found.kernel,
      image: foreign ? { ...found.image, vmlinux: null, modules: [] } : { ...found.image, modules: found.image.modules.filter(({ name }) => named.has(name)) },
      reports: [report],
      loose: [],
    };
  });
  if (found.loose.length === 0) return own;
  return [...own, { ...found, log: { ...found.log, lines: near(found.loose[0]!.logLine, found.loose.at(-1)!.logLine) }, reports: [] }];
}
