/**
 * Reads a log line by line and cuts it into reports.
 *
 * A log interleaves what several processors and tasks say. Where CONFIG_PRINTK_CALLER names the speaker, each has a lane of its own; without it all
 * lines share one, until two reports turn out to be printed at once: then their lines are told apart by the grammar of reports (untangle/), as far as it
 * tells, and each has a lane again. In a lane a report goes through these states:
 *
 *   idle ──header──▶ open: headers ──CPU line, pc or trace──▶ open: body ──end marker──▶ tail ──silence──▶ idle
 *
 * - Headers may follow one another in the order cause, announcement, death (format.ts); any other header begins the next report.
 * - A panic closes the report that led to it, as far as its words say so (formats/panic.ts); otherwise it is a report of its own.
 * - In the tail only what follows an oops is taken: the registers once more, the panic, the kernel's offset.
 * - A number of lines in a row that say nothing to the report end it; it reaches to the last line that did.
 *
 * The work for a line is bounded by its length, and almost every line outside of reports is let go after a look at its first characters.
 */
import { mention, readBody, readTail } from "./body.ts";
import { readBanner, readKernelOffset } from "./context.ts";
import { Draft } from "./draft.ts";
import { ExactRules } from "./exact.ts";
import { finishFrame, finishReport } from "./finish.ts";
import { mayDie, stages, type Header } from "./format.ts";
import { reasonOfPanic } from "./formats/panic.ts";
import { mayHoldFrame, readFrames, type FrameLine } from "./frames.ts";
import { clearLane, newLane, type Lane } from "./lane.ts";
import { readHeader } from "./header.ts";
import { mostOfLine } from "./lines.ts";
import type { CrashReport, LogLine, ParsedFrame } from "./types.ts";
import { Tangle, type Told } from "./untangle/tangle.ts";

/** What the reader tells while it reads. Reports come when they are complete, in the order of their ends. */
export type LogListener = {
  report(report: CrashReport): void;
  /** Frames of a line outside of every report. */
  loose?(frames: readonly ParsedFrame[]): void;
  kaslrOffset?(line: number, offset: string): void;
  /** The kernel's first line: another boot begins. */
  boot?(line: number): void;
};

/** What the log said about the running kernel outside of reports. */
export type KernelFacts = { release: string | null; version: string | null; hardware: string | null };

const silenceOpen = 64;
const silenceTail = 32;
/** The same where others speak meanwhile. */
const othersOpen = 4096;
const othersTail = 512;
const mostIndent = 64;
const mostLanes = 256;
const mostHeaders = 16;
/** A longer report is not looked at for another that is printed at the same time. */
const mostSaid = 1024;

const banner = /={30,}\s*$/y;
/** An operator asks for stacks or registers (drivers/tty/sysrq.c __handle_sysrq; kernels before 4.20 write `SysRq : `). What follows is no crash. */
const dump = /(?:sysrq|SysRq ): Show /y;

/**
 * Cuts a log into reports, one line after the other. It keeps no lines: a log of any length goes through it in the memory of its open reports.
 */
export class LogReader {
  readonly #listener: LogListener;
  readonly #lanes = new Map<string, Lane>();
  readonly #kernel: KernelFacts = { release: null, version: null, hardware: null };
  /** For frames outside of reports that stand close together. */
  #looseRules: ExactRules | null = null;
  #looseLine = 0;
  /** How far the report that is under way is indented as a whole, as people do in Markdown. */
  #indent = 0;
  /** Lanes with a report in them; while there are none, most lines need no lane at all. */
  #busy = 0;
  /** Lines of nobody known that wait until it is clear whether two reports are printed at once. */
  #tangle: Tangle | null = null;
  /** The last line in which an operator asked for stacks. */
  #dumped = 0;
  /** They are being given out. */
  #telling = false;

  constructor(listener: LogListener) {
    this.#listener = listener;
  }

  /** True while quiet lines (quiet.ts) say nothing to it. */
  get idle(): boolean {
    return this.#tangle === null && this.openFrom === null;
  }

  /** Quiet lines were passed over while it was idle. */
  skip(): void {
    this.#indent = 0;
  }

  /** Takes the next line. */
  push(line: LogLine): void {
    if (this.#busy > 0 && (line.line & 0xff) === 0) this.#sweep(line.line);
    if (line.parts === undefined) this.#message(line.line, messageText(line.text), line.start, line.caller);
    else for (const { start, end, caller } of line.parts) this.#message(line.line, partText(line.text, end), start, caller);
  }

  #message(line: number, text: string, begin: number, caller: string | null): void {
    if (text.length === begin) return;
    const start = this.#busy > 0 && this.#indent === 0 ? begin : this.#dedented(text, begin);
    if (this.#tangle !== null && caller === null) {
      if (this.#wait(this.#tangle, line, text, start)) return;
    }
    this.#said(caller ?? "", line, text, start);
  }

  /** A message whose speaker is known, as far as it is. */
  #said(key: string, line: number, text: string, start: number): void {
    const code = text.charCodeAt(start);
    if ((code === 0x73 /* s */ || code === 0x53 /* S */) && matches(dump, text, start)) {
      this.#dumped = line;
      for (const one of this.#lanes.values()) this.#close(one);
    }
    const lane = this.#busy > 0 || this.#lanes.size > 0 ? this.#lanes.get(key) : undefined;
    if (lane?.draft == null) this.#idle(lane, key, line, text, start);
    else this.#active(lane, key, lane.draft, line, text, start);
  }

  /** Holds a line back. False if it comes behind all that was held, which is told now. */
  #wait(tangle: Tangle, line: number, text: string, start: number): boolean {
    const boots = text.charCodeAt(start) === 0x4c /* L */ && readBanner(text, start) !== null;
    const held = !boots && tangle.push({ line, text, start, header: readHeader(text, start) });
    if (!held || tangle.complete) this.#tell(tangle);
    return held;
  }

  /** What was held goes to its speakers: to one after the other, or to several at once. */
  #tell(tangle: Tangle): void {
    this.#tangle = null;
    this.#telling = true;
    const told = tangle.tell();
    if (told === null) for (const { line, text, start } of tangle.held) this.#said("", line, text, start);
    else {
      const { begins } = this.#lanes.get("") ?? { begins: null };
      for (const one of told) this.#toldBy(one, begins);
      this.#gather();
    }
    this.#telling = false;
  }

  #toldBy({ message: { line, text, start }, is, speaker, others, idle }: Told, begins: number | null): void {
    if (idle) return;
    const key = speaker === 0 ? "" : `~${speaker}`;
    if (others.length > 0) {
      const drafts = [speaker, ...others].map((number) => this.#lanes.get(number === 0 ? "" : `~${number}`)?.draft).filter((draft) => draft != null);
      for (const draft of drafts) {
        const other = drafts.find((one) => one !== draft)?.first ?? draft.doubt?.other;
        if (other !== undefined) draft.doubt = { from: draft.doubt?.from ?? line, to: line, other };
        draft.reach(line);
      }
      if (is !== "header" && is !== "section") {
        const found = readFrames(text, start, true);
        if (found !== null) this.#tellLoose(line, found);
        return;
      }
    }
    if (is === "header" && begins !== null && line - begins <= 3 && this.#lanes.get(key) === undefined) this.#laneOf(key).begins = begins;
    this.#said(key, line, text, start);
  }

  /** Behind interleaved reports one speaker goes on: whoever spoke last. */
  #gather(): void {
    const spoke = [...this.#lanes].filter(([key]) => key === "" || key.startsWith("~"));
    const last = spoke.reduce<Lane | null>((latest, [, lane]) => (lane.draft !== null && (latest?.draft == null || lane.draft.last > latest.draft.last) ? lane : latest), null);
    for (const [key, lane] of spoke) {
      if (lane !== last) this.#close(lane);
      this.#lanes.delete(key);
    }
    if (last !== null) this.#lanes.set("", last);
  }

  /** Behind the indentation of the whole report. A header behind blanks tells how deep it is; a line that stands less deep ends it. */
  #dedented(text: string, start: number): number {
    const code = text.charCodeAt(start);
    if (code !== 0x20 && code !== 0x09) {
      if (text.length > start) this.#indent = 0;
      return start;
    }
    if (this.#indent > 0) {
      const from = indentedTo(text, start, this.#indent);
      if (from - start === this.#indent || from === text.length) return from;
      this.#indent = 0;
    }
    if (code === 0x20 && text.charCodeAt(start + 1) !== 0x20) return start;
    const from = indentedTo(text, start, mostIndent);
    if (readHeader(text, from) === null && !text.startsWith("------------[ cut here ]", from) && !isBanner(text, from)) return start;
    this.#indent = from - start;
    return from;
  }

  /** The first line of what is under way: of a report, or of what may begin one. Null while nothing is. */
  get openFrom(): number | null {
    let from = Infinity;
    for (const { draft, begins } of this.#lanes.values()) from = Math.min(from, draft?.first ?? Infinity, begins ?? Infinity);
    return from === Infinity ? null : from;
  }

  /** Ends the log: the reports that are still open are complete now. What comes later begins anew, of the same kernel. */
  end(): void {
    if (this.#tangle !== null) this.#tell(this.#tangle);
    for (const lane of this.#lanes.values()) {
      if (lane.draft !== null) {
        lane.draft.atEndOfLog = true;
        this.#close(lane);
      }
    }
    this.#lanes.clear();
  }

  /** A speaker who fell silent for good never ends a report; the others' lines do. */
  #sweep(line: number): void {
    for (const [key, lane] of this.#lanes) {
      if (lane.draft === null || line - lane.draft.last <= (lane.draft.state === "tail" ? othersTail : othersOpen)) continue;
      this.#close(lane);
      this.#lanes.delete(key);
    }
  }

  #laneOf(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (lane !== undefined) return lane;
    if (this.#lanes.size >= mostLanes) {
      const entries = [...this.#lanes];
      const [oldest, itsLane] = entries.find(([, candidate]) => candidate.draft === null) ?? entries[0]!;
      this.#close(itsLane);
      this.#lanes.delete(oldest);
    }
    lane = newLane();
    this.#lanes.set(key, lane);
    return lane;
  }

  /** A line of a speaker who is not in the middle of a report. */
  #idle(lane: Lane | undefined, key: string, line: number, text: string, start: number): void {
    const header = readHeader(text, start);
    if (header !== null) {
      this.#open(this.#laneOf(key), header, line, text, start);
      return;
    }
    const code = text.charCodeAt(start);
    if (code === 0x2d /* - */ && text.startsWith("------------[ cut here ]", start)) this.#laneOf(key).begins = line;
    else if (code === 0x3d /* = */ && isBanner(text, start)) this.#laneOf(key).begins = line;
    else if (lane !== undefined && lane.begins !== null && line - lane.begins > 3) lane.begins = null;
    if (code === 0x4c /* L */) {
      const kernel = readBanner(text, start);
      if (kernel !== null) {
        this.#boot(line, kernel);
      }
    } else if (code === 0x44 /* D */ && text.startsWith("DMI: ", start)) this.#kernel.hardware ??= text.slice(start + 5, start + 261).trim();
    else if (code === 0x4b /* K */) this.#offset(null, line, text, start);
    if (this.#busy > 0 && (mayHoldFrame(text) || text.startsWith("NMI backtrace", start))) {
      const host = this.#hostOf(text, start);
      if (host !== null) {
        this.#join(key, host, line, text, start);
        return;
      }
    }
    if (!mayHoldFrame(text)) return;
    const found = readFrames(text, start, false);
    if (found !== null) this.#tellLoose(line, found);
  }

  /** Another boot: whatever was under way has come to its end. */
  #boot(line: number, kernel: { release: string; version: string }): void {
    for (const lane of this.#lanes.values()) this.#close(lane);
    this.#lanes.clear();
    Object.assign(this.#kernel, kernel, { hardware: null });
    this.#listener.boot?.(line);
  }

  #tellLoose(line: number, found: FrameLine): void {
    if (found.frames.length === 0 || this.#listener.loose === undefined) return;
    if (line - this.#looseLine > silenceOpen) this.#looseRules = null;
    this.#looseLine = line;
    this.#looseRules ??= new ExactRules("walked", null);
    const rules = this.#looseRules;
    this.#listener.loose(found.frames.map((raw) => finishFrame(line, raw, rules.next(raw))));
  }

  /** An NMI backtrace is spoken by the processor it shows: it belongs to the stall that asked for it. */
  #hostOf(text: string, start: number): Draft | null {
    if (!text.startsWith("NMI backtrace for cpu ", start)) return null;
    let host: Draft | null = null;
    for (const { draft } of this.#lanes.values()) if (draft !== null && draft.first > this.#dumped && (host === null || draft.last > host.last)) host = draft;
    return host;
  }

  #join(key: string, host: Draft, line: number, text: string, start: number): void {
    const lane = this.#laneOf(key);
    lane.draft = host;
    this.#busy++;
    lane.silence = 0;
    lane.registers = host.registers.size > 0 ? "shut" : "none";
    this.#active(lane, key, host, line, text, start);
  }

  #open(lane: Lane, header: Header, line: number, text: string, start: number): void {
    const draft = new Draft(lane.begins !== null && line - lane.begins <= 3 ? lane.begins : line);
    clearLane(lane);
    lane.draft = draft;
    lane.begins = null;
    this.#busy++;
    this.#takeHeader(lane, draft, header, line, text, start);
  }

  #takeHeader(lane: Lane, draft: Draft, header: Header, line: number, text: string, start: number): void {
    const found = mayHoldFrame(text) ? readFrames(text, start, false) : null;
    if (draft.headers.length < mostHeaders) draft.headers.push({ header, line, frames: found?.frames ?? [] });
    if (lane.said.length === 0) lane.said.push({ line, text, start, header });
    draft.reach(line);
    lane.silence = 0;
    lane.stack = null;
    lane.nextStack = null;
    if (header.format.stage === "panic") {
      lane.nextStack = draft.headers.length > 1 ? "panic" : null;
      draft.state = "open";
    }
    if (found !== null) mention(draft, line, found);
  }

  /** Whether a header belongs to the report that is under way. */
  #belongs(draft: Draft, header: Header): boolean {
    const { stage, kind, weight } = header.format;
    if (stage === "panic") {
      const reason = reasonOfPanic(header.match[1] ?? "");
      if (draft.headers.some((earlier) => earlier.header.format.stage === "panic")) return false;
      return reason.closing || draft.died;
    }
    if (header.format.repeats === true && draft.headers[0]!.header.format === header.format) return draft.headers[0]!.header.match[0] === header.match[0];
    if (weight === 0 && stage === "announcement") return draft.headers.some((earlier) => earlier.header.format.kind === kind);
    if (draft.state === "open" && draft.cpuLine === null && draft.headers[0]!.header.format.tracedBy?.(header.match) === true) return true;
    if (stage === "death" && !draft.headers.every((earlier) => mayDie(earlier.header))) return false;
    return !draft.body && draft.state === "open" && stages.indexOf(stage) > draft.stage;
  }

  /** A line of a speaker whose report is under way. */
  #active(lane: Lane, key: string, draft: Draft, line: number, text: string, start: number): void {
    const header = readHeader(text, start);
    const nobody = key === "" || key.startsWith("~");
    const belongs = header !== null && this.#belongs(draft, header);
    if (nobody && lane.said.length < mostSaid && (header === null || belongs)) lane.said.push({ line, text, start, header });
    if (header !== null) {
      if (!belongs && !this.#telling && key === "" && lane.said.length < mostSaid && lane.said[0]?.header != null) {
        const tangle = new Tangle(lane.said);
        if (tangle.expectsMore) {
          this.#tangle = tangle;
          tangle.push({ line, text, start, header });
          return;
        }
      }
      if (belongs) {
        this.#takeHeader(lane, draft, header, line, text, start);
        return;
      }
      const { begins } = lane;
      if (!draft.body) draft.cutBy = line;
      this.#close(lane);
      lane.begins = begins;
      this.#open(lane, header, line, text, start);
      return;
    }
    const code = text.charCodeAt(start);
    if (code === 0x4c /* L */) {
      const kernel = readBanner(text, start);
      if (kernel !== null) {
        this.#boot(line, kernel);
        return;
      }
    }
    if (code === 0x2d /* - */ && this.#marker(lane, draft, line, text, start)) return;
    if (code === 0x3d /* = */ && isBanner(text, start)) {
      const closedBy = draft.headers[0]?.header.format.closedBy;
      if (closedBy === "banner" && draft.body && draft.state === "open") {
        draft.reach(line);
        draft.state = "tail";
        draft.ended = "banner";
        lane.stack = null;
      } else lane.begins = line;
      return;
    }
    this.#offset(draft, line, text, start);
    if (draft.state === "tail" ? readTail(lane, draft, line, text, start) : readBody(lane, draft, line, text, start)) {
      draft.reach(line);
      lane.silence = 0;
      return;
    }
    if (++lane.silence > (draft.state === "tail" ? silenceTail : silenceOpen)) {
      this.#close(lane);
      this.#idle(lane, this.#keyOf(lane), line, text, start);
    } else if (draft.state === "tail" && mayHoldFrame(text)) {
      const found = readFrames(text, start, false);
      if (found !== null) this.#tellLoose(line, found);
    }
  }

  #keyOf(lane: Lane): string {
    for (const [key, candidate] of this.#lanes) if (candidate === lane) return key;
    return "";
  }

  /** `---[ end trace …`, `---[ end Kernel panic…`, `------------[ cut here ]`. */
  #marker(lane: Lane, draft: Draft, line: number, text: string, start: number): boolean {
    if (text.startsWith("------------[ cut here ]", start)) {
      // Between a cause and what it announces it stands within the report.
      if (draft.stage === 0 && !draft.body) draft.reach(line);
      else lane.begins = line;
      return true;
    }
    if (text.startsWith("---[ end trace ", start)) {
      draft.reach(line);
      draft.state = "tail";
      draft.ended = "marker";
      lane.stack = null;
      lane.silence = 0;
      return true;
    }
    if (text.startsWith("---[ end Kernel panic", start)) {
      draft.reach(line);
      draft.ended = "marker";
      this.#close(lane);
      return true;
    }
    return false;
  }

  #offset(draft: Draft | null, line: number, text: string, start: number): void {
    if (!text.startsWith("Kernel Offset: ", start)) return;
    const offset = readKernelOffset(text, start);
    if (offset === null) return;
    if (draft !== null) draft.kaslrOffset ??= offset;
    this.#listener.kaslrOffset?.(line, offset);
  }

  #close(lane: Lane): void {
    const { draft } = lane;
    if (draft === null) return;
    clearLane(lane);
    this.#busy--;
    // Another lane may still speak for this report (backtraces of other processors).
    for (const other of this.#lanes.values()) if (other.draft === draft) return;
    this.#listener.report(finishReport(draft, this.#kernel));
  }
}

/** The line without what would stand in the way at its end: colours that are switched off there, and more text than any kernel prints. */
function messageText(text: string): string {
  if (text.length > mostOfLine) return text.slice(0, mostOfLine);
  if (text.charCodeAt(text.length - 1) !== 0x6d && text.charCodeAt(text.length - 2) !== 0x6d) return text;
  const end = /(?:\u001b\[[\d;]{0,16}m)+\r?$/.exec(text.slice(-64));
  return end === null ? text : text.slice(0, text.length - end[0].length);
}

/** A part of a torn line; the bracket that follows it tells that its last word may be cut. */
function partText(text: string, end: number): string {
  if (end > mostOfLine) return messageText(text);
  return text.charCodeAt(end) === 0x5b && text.charCodeAt(end - 1) !== 0x0d ? text.slice(0, end + 1) : messageText(text.slice(0, end));
}

function indentedTo(text: string, start: number, most: number): number {
  let at = start;
  while (at - start < most && (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09)) at++;
  return at;
}

function isBanner(text: string, start: number): boolean {
  return matches(banner, text, start);
}

function matches(form: RegExp, text: string, at: number): boolean {
  form.lastIndex = at;
  return form.test(text);
}
