/**
 * Reads a log line by line and cuts it into reports.
 *
 * A log interleaves what several processors and tasks say. Where CONFIG_PRINTK_CALLER names the speaker, each has a lane of its own; without it all
 * lines share one. In a lane a report goes through these states:
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
import { readCode } from "./code.ts";
import { archOf, readBanner, readCpuLine, readKernelLine, readKernelOffset, readOldTaskLine } from "./context.ts";
import { isDetail } from "./details.ts";
import { Draft, most, type PlacedFrame, type StackDraft } from "./draft.ts";
import { ExactRules, type StackWay } from "./exact.ts";
import { finishFrame, finishReport, mentioned } from "./finish.ts";
import { HeaderReader, stages, type Header } from "./format.ts";
import { mayHoldFrame, readFrames, type FrameLine } from "./frames.ts";
import { formats } from "./formats/index.ts";
import { middles } from "./formats/middle.ts";
import { reasonOfPanic } from "./formats/panic.ts";
import { kindOf } from "./root.ts";
import { isModulesLine, readModules, readModulesLine } from "./modules.ts";
import { readRegisters } from "./registers.ts";
import { readStackBegin } from "./stacks.ts";
import type { CrashReport, LogLine, ParsedFrame } from "./types.ts";

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

type Lane = {
  draft: Draft | null;
  stack: StackDraft | null;
  /** The name of the next call trace, where a line before it tells more. */
  nextStack: string | null;
  pc: PlacedFrame | null;
  /** The line before showed that pc. */
  pcFresh: boolean;
  /** `open` while the first kernel pc's registers may still come, `shut` once another pc was seen. */
  registers: "none" | "open" | "shut";
  inModules: boolean;
  /** Lines in a row that said nothing. */
  silence: number;
  /** A `cut here` or `=====` line that may begin the next report. */
  begins: number | null;
};

const silenceOpen = 64;
/** Words are less of a proof than frames: after so many lines of silence they no longer count. */
const silenceDetail = 4;
const silenceTail = 32;
const mostLanes = 256;
const mostHeaders = 16;
const mostArchTries = 512;
/** What is looked at of a line; the kernel's own are at most 1 kB, joined module lists a few times that. */
const mostOfLine = 16_384;

const headers = new HeaderReader(formats);
const banner = /={30,}\s*$/y;
const tailOnly = /\s{0,4}(?:Kernel Offset: |Rebooting in |note: |SMP: |Shutting down cpus|Dumping ftrace|\(ftrace buffer|Kernel memory|Memory Limit|PHYS_OFFSET|CPU features: |Disabling lock|Fixing recursive fault|CR2: |Bad RIP value|RSP[: ]|RIP[: ])/y;

export class LogReader {
  readonly #listener: LogListener;
  readonly #lanes = new Map<string, Lane>();
  readonly #kernel: KernelFacts = { release: null, version: null, hardware: null };
  /** For frames outside of reports that stand close together. */
  #looseRules: ExactRules | null = null;
  #looseLine = 0;
  /** Lanes with a report in them; while there are none, most lines need no lane at all. */
  #busy = 0;

  constructor(listener: LogListener) {
    this.#listener = listener;
  }

  /** Takes the next line. */
  push(line: LogLine): void {
    const { start, caller } = line;
    const text = messageText(line.text);
    const key = caller ?? "";
    const lane = this.#busy > 0 || this.#lanes.size > 0 ? this.#lanes.get(key) : undefined;
    if (lane?.draft == null) this.#idle(lane, key, line.line, text, start);
    else this.#active(lane, lane.draft, line.line, text, start);
  }

  /** Ends the log: the reports that are still open are complete now. */
  end(): void {
    for (const lane of this.#lanes.values()) {
      if (lane.draft !== null) {
        lane.draft.atEndOfLog = true;
        this.#close(lane);
      }
    }
    this.#lanes.clear();
  }

  #laneOf(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (lane !== undefined) return lane;
    if (this.#lanes.size >= mostLanes) {
      const [oldest, itsLane] = this.#lanes.entries().next().value!;
      this.#close(itsLane);
      this.#lanes.delete(oldest);
    }
    lane = { draft: null, stack: null, nextStack: null, pc: null, pcFresh: false, registers: "none", inModules: false, silence: 0, begins: null };
    this.#lanes.set(key, lane);
    return lane;
  }

  /** A line of a speaker who is not in the middle of a report. */
  #idle(lane: Lane | undefined, key: string, line: number, text: string, start: number): void {
    const header = headers.read(text, start) ?? this.#middle(text, start);
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
    for (const { draft } of this.#lanes.values()) if (draft !== null && (host === null || draft.last > host.last)) host = draft;
    return host;
  }

  #join(key: string, host: Draft, line: number, text: string, start: number): void {
    const lane = this.#laneOf(key);
    lane.draft = host;
    this.#busy++;
    lane.silence = 0;
    lane.registers = host.registers.size > 0 ? "shut" : "none";
    this.#active(lane, host, line, text, start);
  }

  #middle(text: string, start: number): Header | null {
    for (const { word, format } of middles) {
      if (!text.includes(word)) continue;
      format.header.lastIndex = start;
      const match = format.header.exec(text);
      if (match !== null) return { format, match };
    }
    return null;
  }

  #open(lane: Lane, header: Header, line: number, text: string, start: number): void {
    const draft = new Draft(lane.begins !== null && line - lane.begins <= 3 ? lane.begins : line);
    Object.assign(lane, { draft, stack: null, nextStack: null, pc: null, pcFresh: false, registers: "none", inModules: false, silence: 0, begins: null });
    this.#busy++;
    this.#takeHeader(lane, draft, header, line, text, start);
  }

  #takeHeader(lane: Lane, draft: Draft, header: Header, line: number, text: string, start: number): void {
    const found = mayHoldFrame(text) ? readFrames(text, start, false) : null;
    if (draft.headers.length < mostHeaders) draft.headers.push({ header, line, frames: found?.frames ?? [] });
    draft.last = line;
    lane.silence = 0;
    lane.stack = null;
    lane.nextStack = null;
    if (header.format.stage === "panic") {
      lane.nextStack = draft.headers.length > 1 ? "panic" : null;
      draft.state = "open";
    }
    if (found !== null) this.#mention(draft, line, found);
  }

  #mention(draft: Draft, line: number, found: FrameLine): void {
    const stack = draft.stackNamed(mentioned, "saved");
    if (stack !== null) draft.add(stack, line, found.frames);
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
    return !draft.body && draft.state === "open" && stages.indexOf(stage) > draft.stage;
  }

  /** A line of a speaker whose report is under way. */
  #active(lane: Lane, draft: Draft, line: number, text: string, start: number): void {
    const header = headers.read(text, start) ?? this.#middle(text, start);
    if (header !== null) {
      if (this.#belongs(draft, header)) {
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
        draft.last = line;
        draft.state = "tail";
        draft.ended = "banner";
        lane.stack = null;
      } else lane.begins = line;
      return;
    }
    if (draft.state === "tail" ? this.#tail(lane, draft, line, text, start) : this.#body(lane, draft, line, text, start)) {
      draft.last = line;
      lane.silence = 0;
      return;
    }
    if (text.length === start) return;
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
      if (draft.stage === 0 && !draft.body) draft.last = line;
      else lane.begins = line;
      return true;
    }
    if (text.startsWith("---[ end trace ", start)) {
      draft.last = line;
      draft.state = "tail";
      draft.ended = "marker";
      lane.stack = null;
      lane.silence = 0;
      return true;
    }
    if (text.startsWith("---[ end Kernel panic", start)) {
      draft.last = line;
      draft.ended = "marker";
      this.#close(lane);
      return true;
    }
    return false;
  }

  #body(lane: Lane, draft: Draft, line: number, text: string, start: number): boolean {
    if (draft.arch === null && draft.archTries < mostArchTries) {
      draft.archTries++;
      draft.arch = archOf(text);
    }
    // Most lines are frames, and a line that holds nothing else is nothing else.
    const found = mayHoldFrame(text) || lane.stack !== null ? readFrames(text, start, lane.stack !== null) : null;
    if (found?.kind === "call") {
      lane.inModules = false;
      return this.#frames(lane, draft, line, text, start, found);
    }
    if (lane.inModules) {
      if (text.charCodeAt(start) === 0x20) {
        const more = readModules(text, start, new Map());
        if (more.complete && (more.count > 0 || more.lastUnloaded !== null)) {
          draft.lastUnloaded = readModules(text, start, draft.modules).lastUnloaded ?? draft.lastUnloaded;
          return true;
        }
      }
      lane.inModules = false;
    }
    if (isModulesLine(text, start)) {
      const read = readModulesLine(text, start, draft.modules);
      draft.lastUnloaded = read.lastUnloaded ?? draft.lastUnloaded;
      lane.inModules = true;
      lane.stack = null;
      return true;
    }
    const begin = readStackBegin(text, start);
    if (begin !== null) {
      this.#beginStack(lane, draft, begin.name, begin.way);
      if (found !== null && lane.stack !== null) draft.add(lane.stack, line, found.frames);
      return true;
    }
    if (this.#taskLine(draft, text, start)) return true;
    if (this.#codeLine(lane, draft, line, text, start)) return true;
    const other = found ?? readFrames(text, start, false);
    if (other !== null && this.#frames(lane, draft, line, text, start, other)) return true;
    if (this.#registers(lane, draft, text, start)) return true;
    this.#offset(draft, line, text, start);
    if (lane.stack !== null && draft.torn === null && /[\w.]\+0x[0-9a-f]*(?:\/(?:0(?:x[0-9a-f]*)?)?)?\s*$|^\s*\??\s?[\w.]+\+0x[0-9a-f]+\/?[^0-9a-f\s]/.test(text.slice(start, start + 1024))) draft.torn = line;
    return this.#detail(lane, draft, text, start);
  }

  /** After the end marker only the registers once more, and what the dying kernel says last. */
  #tail(lane: Lane, draft: Draft, line: number, text: string, start: number): boolean {
    this.#offset(draft, line, text, start);
    if (!draft.died) return matches(tailOnly, text, start) && !/^\s*(?:RIP|RSP|CR2)/.test(text.slice(start, start + 16));
    if (this.#codeLine(lane, draft, line, text, start)) return true;
    const found = readFrames(text, start, false);
    if (found?.kind === "label") return this.#frames(lane, draft, line, text, start, found);
    return readRegisters(text, start) !== null || matches(tailOnly, text, start);
  }

  #beginStack(lane: Lane, draft: Draft, name: string, way: StackWay): void {
    if (name === "") {
      lane.stack = null;
      return;
    }
    if (name.startsWith("backtrace of cpu")) {
      lane.stack = draft.stack(name, way);
      lane.registers = draft.registers.size > 0 ? "shut" : "none";
      draft.body = true;
      return;
    }
    if (name.startsWith("task ")) {
      if (draft.traced) lane.nextStack = name;
      return;
    }
    draft.body = true;
    if (name === "call trace") {
      // A backtrace of another processor shows its registers first, then this.
      if (lane.stack !== null && (lane.stack.name.startsWith("backtrace of cpu") || lane.stack.frames.length === 0) && !lane.stack.traced) return;
      lane.stack = draft.stack(lane.nextStack ?? name, way);
      lane.nextStack = null;
    } else lane.stack = draft.stack(name, way);
  }

  #taskLine(draft: Draft, text: string, start: number): boolean {
    const cpuLine = readCpuLine(text, start);
    if (cpuLine !== null) {
      draft.cpuLine ??= cpuLine;
      draft.buildId ??= cpuLine.buildId;
      draft.body = true;
      return true;
    }
    const kernelLine = readKernelLine(text, start);
    if (kernelLine !== null) {
      draft.kernelLine ??= kernelLine;
      return true;
    }
    const task = readOldTaskLine(text, start);
    if (task === null) return false;
    draft.task ??= task;
    return true;
  }

  #codeLine(lane: Lane, draft: Draft, line: number, text: string, start: number): boolean {
    const raw = readCode(text, start);
    if (raw === null) return false;
    // A trace that shows registers within it has their code right behind them; otherwise the trace is over.
    if (!lane.pcFresh && lane.stack !== null && !lane.stack.name.startsWith("backtrace of cpu")) lane.stack = null;
    lane.pcFresh = false;
    if (draft.code.length < most.code) draft.code.push({ line, raw, user: lane.pc?.raw.user ?? false, pc: lane.pc });
    return true;
  }

  #frames(lane: Lane, draft: Draft, line: number, text: string, start: number, found: FrameLine): boolean {
    if (found.kind === "mention") {
      // An unrelated driver may name a function too, long after the report fell silent.
      if (lane.silence > 8) return false;
      if (lane.stack !== null && /^\s*\??\s?[\w.]+\+0x/.test(text.slice(start, start + 600))) draft.torn ??= line;
      this.#mention(draft, line, found);
      return true;
    }
    if (found.kind === "label") {
      const inTrace = lane.stack !== null;
      const hadTrace = draft.traced;
      const stack = lane.stack ?? draft.stackNamed(hadTrace ? "summary" : "pc", "walked");
      if (stack === null) return true;
      draft.add(stack, line, found.frames);
      draft.body = true;
      const pc = found.frames.find((frame) => frame.role === "pc");
      if (pc !== undefined) {
        const first = lane.pc === null;
        lane.pc = { line, raw: pc };
        lane.pcFresh = true;
        lane.registers = !pc.user && first && lane.registers !== "shut" && !(inTrace && hadTrace) ? "open" : "shut";
        if (lane.registers === "open" && pc.address !== null) draft.registers.set(pcName(text, start), pc.address);
      }
      this.#registers(lane, draft, text, start, segmentEnd(text, start));
      return true;
    }
    lane.stack ??= draft.stack(draft.hasStack("call trace") ? "further frames" : "call trace", "walked");
    if (lane.stack === null) return true;
    lane.pcFresh = false;
    if (found.marker !== null) {
      draft.marked = true;
      const closing = found.marker.startsWith("/");
      if (!closing) lane.stack.openMarker = found.marker;
      draft.add(lane.stack, line, found.frames);
      if (closing) lane.stack.openMarker = null;
    } else draft.add(lane.stack, line, found.frames);
    draft.body = true;
    return true;
  }

  /** `second`: where registers may begin as well, in a line that shows a pc first. */
  #registers(lane: Lane, draft: Draft, text: string, start: number, second = text.length): boolean {
    const found = readRegisters(text, start) ?? readRegisters(text, second);
    if (found === null) return false;
    if (lane.registers === "none" && draft.registers.size === 0) lane.registers = "open";
    if (lane.registers === "open") for (const [name, value] of found) if (!draft.registers.has(name)) draft.registers.set(name, value);
    return true;
  }

  #offset(draft: Draft | null, line: number, text: string, start: number): void {
    if (!text.startsWith("Kernel Offset: ", start)) return;
    const offset = readKernelOffset(text, start);
    if (offset === null) return;
    if (draft !== null) draft.kaslrOffset ??= offset;
    this.#listener.kaslrOffset?.(line, offset);
  }

  #detail(lane: Lane, draft: Draft, text: string, start: number): boolean {
    if (lane.silence > silenceDetail || !isDetail(text, start, kindOf(draft.headers[0]!.header))) return false;
    const message = text.slice(start, start + 512).trim();
    if (message.startsWith("Hardware name: ")) draft.hardware ??= message.slice(15).trim();
    else if (message.startsWith("Tainted: [")) draft.taintWords ??= [...message.matchAll(/\[([A-Z])\]=([A-Z_]{1,40})/g)].map((word) => word[2]!);
    else if (message.startsWith("#PF: ")) draft.protection ||= message.includes("permissions violation");
    else if (message.startsWith("KASAN: ")) draft.range ??= message.slice(7, 67);
    const access = /^(Read|Write) of size .{1,80}? by task (.{1,32}?)\/(\d{1,10})(?: on cpu \d{1,5})?$/.exec(message) ?? /^(Free) of addr .{1,80}? by task (.{1,32}?)\/(\d{1,10})(?: on cpu \d{1,5})?$/.exec(message);
    if (access !== null) {
      if (access[1] !== "Free") draft.access = ` ${access[1]!}`;
      draft.task ??= { comm: access[2]!, pid: Number(access[3]) };
    } else if (/^(?:Read|Write) (?:of size|at addr)/.test(message)) draft.access = message.startsWith("R") ? " Read" : " Write";
    const owner = /^comm "(.{0,32}?)", pid (\d{1,10})/.exec(message);
    if (owner !== null) draft.task ??= { comm: owner[1]!, pid: Number(owner[2]) };
    const atomic = /^in_atomic\(\): .{1,80}?, pid: (\d{1,10}), name: (.{1,16})$/.exec(message);
    if (atomic !== null) draft.task ??= { pid: Number(atomic[1]), comm: atomic[2]! };
    return true;
  }

  #close(lane: Lane): void {
    const { draft } = lane;
    if (draft === null) return;
    Object.assign(lane, { draft: null, stack: null, nextStack: null, pc: null, pcFresh: false, registers: "none", inModules: false, silence: 0 });
    this.#busy--;
    // Another lane may still speak for this report (backtraces of other processors).
    for (const other of this.#lanes.values()) if (other.draft === draft) return;
    this.#listener.report(finishReport(draft, this.#kernel));
  }
}

/** The register that a label line shows: `rip` of `RIP: 0010:…`, `pc` of `PC is at`. */
function pcName(text: string, start: number): string {
  return /^\s*(RIP|EIP|epc|NIP|ERA)\b/.exec(text.slice(start, start + 24))?.[1]!.toLowerCase() ?? "pc";
}

/** `EIP: 0060:[<c0123456>] EFLAGS: 00010246 CPU: 0`: behind the address. */
function segmentEnd(text: string, start: number): number {
  const at = text.indexOf(" ", start + 12);
  return at < 0 ? text.length : at;
}

/** The line without what would stand in the way at its end: colours that are switched off there, and more text than any kernel prints. */
function messageText(text: string): string {
  if (text.length > mostOfLine) return text.slice(0, mostOfLine);
  if (text.charCodeAt(text.length - 1) !== 0x6d && text.charCodeAt(text.length - 2) !== 0x6d) return text;
  const end = /(?:\u001b\[[\d;]{0,16}m)+\r?$/.exec(text.slice(-64));
  return end === null ? text : text.slice(0, text.length - end[0].length);
}

function isBanner(text: string, start: number): boolean {
  return matches(banner, text, start);
}

function matches(form: RegExp, text: string, at: number): boolean {
  form.lastIndex = at;
  return form.test(text);
}
