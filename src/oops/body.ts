/**
 * The lines within a report. Each is one of a few things, tried in the order of how often they come and how much they prove: a frame, the list of
 * modules, the begin of a stack, who ran where, `Code:`, a pc by its name, registers, or a line that belongs to the report by its words (details.ts).
 */
import { readCode, readMoreCode } from "./code.ts";
import { archOf, readCpuLine, readKernelLine, readOldTaskLine } from "./context.ts";
import { isDetail } from "./details.ts";
import { most, type Draft } from "./draft.ts";
import type { StackWay } from "./exact.ts";
import { mentioned } from "./finish.ts";
import { mayHoldFrame, readFrames, type FrameLine } from "./frames.ts";
import type { Lane } from "./lane.ts";
import { isModulesLine, readModules, readModulesLine } from "./modules.ts";
import { readRegisters, readUnnamedRegisters } from "./registers.ts";
import { kindOf } from "./root.ts";
import { readStackBegin } from "./stacks.ts";

/** Words are less of a proof than frames: after so many lines of silence they no longer count. */
const silenceDetail = 4;
const mostArchTries = 512;
/** Words of code in several lines. */
const mostCode = 512;
const tailOnly = /\s{0,4}(?:Kernel Offset: |Rebooting in |note: |SMP: |Shutting down cpus|Dumping ftrace|\(ftrace buffer|Kernel memory|Memory Limit|PHYS_OFFSET|CPU features: |Disabling lock|Fixing recursive fault|CR2: |Bad RIP value|RSP[: ]|RIP[: ])/y;

/** Takes a line of a report that is under way. False if the line says nothing to it. */
export function readBody(lane: Lane, draft: Draft, line: number, text: string, start: number): boolean {
  if (draft.arch === null && draft.archTries < mostArchTries) {
    draft.archTries++;
    draft.arch = archOf(text);
  }
  // Most lines are frames, and a line that holds nothing else is nothing else.
  const found = mayHoldFrame(text) || lane.stack !== null ? readFrames(text, start, lane.stack !== null) : null;
  if (found?.kind === "call") {
    lane.inModules = false;
    return takeFrames(lane, draft, line, text, start, found);
  }
  if (lane.inCode && takeMoreCode(lane, draft, line, text, start)) return true;
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
    beginStack(lane, draft, begin.name, begin.way);
    if (found !== null && lane.stack !== null) draft.add(lane.stack, line, found.frames);
    return true;
  }
  if (readTaskLine(draft, text, start)) return true;
  if (takeCode(lane, draft, line, text, start)) return true;
  const other = found ?? readFrames(text, start, false);
  if (other !== null && takeFrames(lane, draft, line, text, start, other)) return true;
  if (takeRegisters(lane, draft, text, start)) return true;
  if (lane.stack !== null && draft.torn === null && /[\w.]\+0x[0-9a-f]*(?:\/(?:0(?:x[0-9a-f]*)?)?)?\s*$|^\s*\??\s?[\w.]+\+0x[0-9a-f]+\/?[^0-9a-f\s]/.test(text.slice(start, start + 1024))) draft.torn = line;
  return takeDetail(lane, draft, text, start);
}

/** After the end marker only the registers once more, and what the dying kernel says last. */
export function readTail(lane: Lane, draft: Draft, line: number, text: string, start: number): boolean {
  if (!draft.died) return matches(tailOnly, text, start) && !/^\s*(?:RIP|RSP|CR2)/.test(text.slice(start, start + 16));
  if (takeCode(lane, draft, line, text, start)) return true;
  const found = readFrames(text, start, false);
  if (found?.kind === "label") return takeFrames(lane, draft, line, text, start, found);
  return readRegisters(text, start) !== null || matches(tailOnly, text, start);
}

function beginStack(lane: Lane, draft: Draft, name: string, way: StackWay): void {
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

function readTaskLine(draft: Draft, text: string, start: number): boolean {
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

function takeCode(lane: Lane, draft: Draft, line: number, text: string, start: number): boolean {
  const raw = readCode(text, start);
  if (raw === null) return false;
  lane.inCode = raw.groups.length === 0 ? text.includes("Instruction dump:") : raw.groups[0]!.number || !text.includes("Code: ", start) || text.startsWith("Krnl", start);
  // A trace that shows registers within it has their code right behind them; otherwise the trace is over.
  if (!lane.pcFresh && lane.stack !== null && !lane.stack.name.startsWith("backtrace of cpu")) lane.stack = null;
  lane.pcFresh = false;
  if (draft.code.length < most.code) draft.code.push({ line, raw, user: lane.pc?.raw.user ?? false, pc: lane.pc });
  else lane.inCode = false;
  return true;
}

/** The further lines of code that is printed in several. */
function takeMoreCode(lane: Lane, draft: Draft, line: number, text: string, start: number): boolean {
  const last = draft.code.at(-1);
  const more = last === undefined ? null : readMoreCode(text, start);
  if (last === undefined || more === null || last.raw.groups.length > mostCode) {
    lane.inCode = false;
    return false;
  }
  const first = last.raw.groups.length === 0;
  draft.code[draft.code.length - 1] = { ...last, line: first ? line : last.line, raw: { ...(first ? more : last.raw), groups: [...last.raw.groups, ...more.groups] } };
  return true;
}

function takeFrames(lane: Lane, draft: Draft, line: number, text: string, start: number, found: FrameLine): boolean {
  if (found.kind === "mention") {
    // An unrelated driver may name a function too, long after the report fell silent.
    if (lane.silence > 8) return false;
    if (lane.stack !== null && /^\s*\??\s?[\w.]+\+0x/.test(text.slice(start, start + 600))) draft.torn ??= line;
    mention(draft, line, found);
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
    takeRegisters(lane, draft, text, start, segmentEnd(text, start));
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
function takeRegisters(lane: Lane, draft: Draft, text: string, start: number, second = text.length): boolean {
  // s390 names the first row of four alone.
  const rows = draft.registers.has("r0") && !draft.registers.has("r15") && draft.arch === "s390x" ? [4, 8, 12].find((row) => !draft.registers.has(`r${row}`)) : undefined;
  const found = readRegisters(text, start) ?? (rows === undefined ? null : readUnnamedRegisters(text, start, rows)) ?? readRegisters(text, second);
  if (found === null) return false;
  if (lane.registers === "none" && draft.registers.size === 0) lane.registers = "open";
  if (lane.registers === "open") for (const [name, value] of found) if (!draft.registers.has(name)) draft.registers.set(name, value);
  return true;
}

function takeDetail(lane: Lane, draft: Draft, text: string, start: number): boolean {
  if (lane.silence > silenceDetail || !isDetail(text, start, kindOf(draft.headers[0]!.header))) return false;
  const message = text.slice(start, start + 512).trim();
  if (/^[LB]E PAGE_SIZE=/.test(message)) draft.order = message.startsWith("L") ? "little" : "big";
  else if (message.startsWith("Hardware name: ")) draft.hardware ??= message.slice(15).trim();
  else if (message.startsWith("Tainted: [")) draft.taintWords ??= [...message.matchAll(/\[([A-Z])\]=([A-Z_]{1,40})/g)].map((word) => word[2]!);
  else if (message.startsWith("#PF: ")) draft.protection ||= message.includes("permissions violation");
  else if (message.startsWith("Failing address: ")) draft.failing ??= /^[0-9a-f]{16}/.exec(message.slice(17))?.[0] ?? null;
  else if (message.startsWith("Context: ")) draft.mode ??= (/^(?:process|softirq|hardirq|nmi)(?=, )/.exec(message.slice(9))?.[0] ?? null) as Draft["mode"];
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

/** Keeps the symbols of a line that is no frame. */
export function mention(draft: Draft, line: number, found: FrameLine): void {
  const stack = draft.stackNamed(mentioned, "saved");
  if (stack !== null) draft.add(stack, line, found.frames);
}

/** The register that a label line shows: `rip` of `RIP: 0010:…`, `pc` of `PC is at`. */
function pcName(text: string, start: number): string {
  return /^\s*(RIP|EIP|epc|NIP|ERA|Krnl PSW)\b/.exec(text.slice(start, start + 24))?.[1]!.toLowerCase().replace("krnl ", "") ?? "pc";
}

/** `EIP: 0060:[<c0123456>] EFLAGS: 00010246 CPU: 0`: behind the address. */
function segmentEnd(text: string, start: number): number {
  const at = text.indexOf(" ", start + 12);
  return at < 0 ? text.length : at;
}

function matches(form: RegExp, text: string, at: number): boolean {
  form.lastIndex = at;
  return form.test(text);
}
