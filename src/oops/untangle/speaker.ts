/**
 * One speaker's place in the grammar of a report, and what a next line would cost: 0 for a line that may stand there, more the less it may. The
 * order is that of the architectures' show_regs and show_stack, of kernel/panic.c __warn and of die():
 *
 *   headers, [modules], CPU, pc, [Code], rows of registers, Call Trace, frames, [modules], [Code], end marker, the registers once more
 */
import { mayDie, stages, type Header } from "../format.ts";
import { kindOf } from "../root.ts";
import type { CrashKind } from "../types.ts";
import { knownCallee, mayCall } from "./callers.ts";
import type { Sort } from "./sort.ts";

/** A line that cannot be there; one that should not; one that only a loss explains. */
const never = 3;
const hardly = 2;
const lost = 1;

export type Speaker = {
  /** The number of the message that began the report; -1 for the one that was under way. */
  readonly id: number;
  readonly kind: CrashKind;
  readonly stage: number;
  readonly needsTrace: boolean;
  readonly mayDie: boolean;
  readonly dies: boolean;
  readonly phase: "headers" | "body" | "trace" | "ended";
  /** What has come, of the lines that come once. */
  readonly seen: string;
  readonly last: Sort["is"];
  readonly rows: { readonly order: number; readonly at: number } | null;
  readonly markers: string;
  /** Its trace is behind `</TASK>`: no frames follow. */
  readonly marked: boolean;
  readonly cpu: number | null;
  readonly pid: number | null;
  readonly place: string | null;
  readonly trap: boolean | null;
  /** The trace's last frame, if it is known who calls it. */
  readonly callee: string | null;
  /** The trace's last frame is an entry of x86, behind which registers are shown. */
  readonly entered: boolean;
};

const entry = /^(?:asm_|entry_|ret_from_|end_repeat_nmi|\w{1,60}_interrupt$|(?:async_)?page_fault$|general_protection$|invalid_op$|nmi$|int3$)/;

// Rows by their first register: arch/x86/kernel/process_64.c __show_regs, arch/arm64/kernel/process.c __show_regs.
const orders: readonly (readonly string[])[] = [
  ["ss", "rax", "rdx", "rbp", "r10", "r13", "fs", "cs", "cr2", "dr0", "dr3", "pkru"],
  ["sp", "pmr_save", "x29", "x26", "x23", "x20", "x17", "x14", "x11", "x8", "x5", "x2"],
];
const mayLack = new Set(["dr0", "dr3", "pkru", "pmr_save"]);
/** A fault while the bytes of the code are read changes CR2 in between. */
const changing = new Set(["cr2", "pkru"]);
const unordered = orders.length;

export function keyOf(speaker: Speaker): string {
  const { id, stage, phase, seen, last, rows, markers, marked, cpu, pid, place, trap, callee, dies, entered } = speaker;
  return `${id},${stage},${phase},${seen},${last},${rows?.order ?? ""}.${rows?.at ?? ""},${markers},${marked ? 1 : 0},${cpu ?? ""},${pid ?? ""},${place ?? ""},${trap ?? ""},${callee ?? ""},${dies ? 1 : 0}${entered ? 1 : 0}`;
}

export function began(id: number, sort: Sort & { is: "header" }): Speaker {
  const { header, cpu, pid, place, trap } = sort;
  return {
    id, kind: kindOf(header), stage: stages.indexOf(header.format.stage), needsTrace: header.format.trace === "needed", mayDie: mayDie(header), dies: sort.dies, phase: "headers", seen: "", last: "header", rows: null, markers: "", marked: false,
    cpu, pid, place, callee: null, entered: false, trap: header.format.stage === "announcement" ? trap : null,
  };
}

/** Whether this speaker's report would go on with such a header. */
export function continues(speaker: Speaker, header: Header): boolean {
  const stage = stages.indexOf(header.format.stage);
  if (header.format.stage === "panic") return speaker.phase !== "headers" && speaker.stage < stage;
  if (header.format.stage === "death" && !speaker.mayDie) return false;
  return speaker.phase === "headers" && speaker.seen === "" && stage > speaker.stage;
}

/** What is missing if the speaker says no more. */
export function unfinished(speaker: Speaker): number {
  if (speaker.markers !== "") return lost;
  if (speaker.phase === "headers" || speaker.phase === "body") return speaker.needsTrace ? lost : 0;
  return rowsDone(speaker) ? 0 : lost;
}

/** Whether another line of the report may come. */
export function expectsMore(speaker: Speaker): boolean {
  return speaker.phase !== "ended" || (speaker.stage === stages.indexOf("death") && (speaker.rows === null || speaker.rows.order === unordered || !rowsDone(speaker)));
}

/** The speaker after this line, and what it costs. Lines that say nothing of the place in the report are not asked for. */
export function step(speaker: Speaker, sort: Sort): { readonly cost: number; readonly next: Speaker } {
  const next = (change: Partial<Speaker>, cost: number) => ({ cost, next: { ...speaker, last: sort.is, ...change } });
  const has = (letter: string) => speaker.seen.includes(letter);
  const with_ = (letter: string) => (has(letter) ? speaker.seen : speaker.seen + letter);
  const inTrace = speaker.phase === "trace";
  if (sort.is === "pc" || sort.is === "code" || sort.is === "row") {
    if (sort.is === "row" && sort.alone && sort.name === "cr2") return stepRow(speaker, sort, next);
    if (speaker.phase === "ended" && !sort.again && !(sort.is === "row" && changing.has(sort.name))) return next({}, never);
    return stepShown(speaker, sort, next);
  }
  switch (sort.is) {
    case "header":
      if (sort.header.format.stage === "panic") return next({ stage: stages.indexOf("panic"), phase: "headers", seen: "", rows: null, markers: "", needsTrace: false }, unfinished(speaker));
      return next({
        stage: stages.indexOf(sort.header.format.stage), needsTrace: speaker.needsTrace || sort.header.format.trace === "needed", mayDie: speaker.mayDie && mayDie(sort.header),
        dies: (speaker.dies || sort.dies) && sort.header.format.stage !== "death",
        cpu: speaker.cpu ?? sort.cpu, pid: speaker.pid ?? sort.pid, place: speaker.place ?? sort.place,
        trap: speaker.trap === true || sort.trap ? true : speaker.trap,
      }, 0);
    case "cpu": {
      const wrong = (speaker.cpu !== null && speaker.cpu !== sort.cpu) || (speaker.pid !== null && speaker.pid !== sort.pid);
      return next({ cpu: sort.cpu, pid: sort.pid, seen: with_("c"), phase: inTrace && !has("c") ? "trace" : "body" }, has("c") || wrong ? never : speaker.dies ? hardly : inTrace && has("t") ? lost : speaker.phase === "ended" ? hardly : 0);
    }
    case "hardware":
      return next({ seen: with_("h") }, has("h") ? never : has("c") ? 0 : lost);
    case "modules":
      return next({ seen: with_("m") }, has("m") ? never : speaker.markers !== "" ? hardly : speaker.phase === "ended" || (speaker.phase === "body" && has("c")) ? lost : 0);
    case "lr":
      return next({}, speaker.last === "pc" ? 0 : hardly);
    case "trace":
      return next({ phase: "trace", callee: null, marked: false, rows: null, seen: with_("t") }, has("t") || speaker.phase === "ended" || speaker.dies ? hardly : rowsDone(speaker) ? 0 : lost);
    case "section":
      // Another stack of the same report: its processor and registers may come again.
      return next({ phase: "trace", callee: null, seen: speaker.seen.replace(/[chpkt]/g, "") + (sort.cpu === null ? "" : "T"), rows: null, markers: "", marked: false, cpu: sort.cpu, pid: null, place: null }, speaker.markers === "" && !speaker.dies ? 0 : hardly);
    case "open":
      return next({ callee: null, markers: speaker.markers + `<${sort.marker}` }, inTrace && speaker.markers === "" && !speaker.marked ? 0 : hardly);
    case "close": {
      const fits = speaker.markers.endsWith(`<${sort.marker}`);
      return next({ markers: fits ? speaker.markers.slice(0, speaker.markers.lastIndexOf("<")) : speaker.markers, marked: speaker.marked || sort.marker === "TASK", rows: null }, !fits ? never : rowsDone(speaker) ? 0 : lost);
    }
    case "frame": {
      const callee = sort.symbol === null ? speaker.callee : knownCallee(sort.symbol);
      const calls = sort.symbol === null || speaker.callee === null || mayCall(sort.symbol, speaker.callee);
      return next({ rows: null, callee, entered: sort.symbol === null ? speaker.entered : entry.test(sort.symbol) }, !calls ? hardly : !inTrace ? hardly : speaker.marked && speaker.markers === "" ? hardly : rowsDone(speaker) ? 0 : lost);
    }
    case "end":
      return next({ phase: "ended", seen: with_("e"), rows: null }, has("e") ? never : speaker.phase === "headers" || speaker.markers !== "" ? hardly : inTrace ? 0 : lost);
    case "cut":
    case "other":
      return { cost: 0, next: speaker };
  }
}

type Next = (change: Partial<Speaker>, cost: number) => { readonly cost: number; readonly next: Speaker };

function stepShown(speaker: Speaker, sort: Sort & { is: "pc" | "code" | "row" }, next: Next): ReturnType<Next> {
  if (sort.is === "pc") return stepPc(speaker, sort.place, sort.user, next);
  if (sort.is === "row") return stepRow(speaker, sort, next);
  const inTrace = speaker.phase === "trace";
  const first = !speaker.seen.includes("k");
  const seen = first ? `${speaker.seen}k` : speaker.seen;
  const wrong = speaker.trap !== null && sort.trap !== null && speaker.trap !== sort.trap && !speaker.seen.includes("T");
  if (speaker.last === "pc") return next({ seen: inTrace ? speaker.seen : seen }, wrong && !inTrace ? hardly : 0);
  return next({ seen }, inTrace && speaker.markers === "" && first ? 0 : hardly);
}

function stepPc(speaker: Speaker, place: string | null, user: boolean, next: Next): ReturnType<Next> {
  const rows = { order: unordered, at: -1 };
  // x86 shows the registers of an interrupted function within its trace.
  if (speaker.phase === "trace" && speaker.markers !== "") return next({ rows, entered: false }, speaker.entered ? 0 : lost);
  if (user) return next({ rows }, speaker.phase === "trace" ? 0 : lost);
  if (speaker.phase === "ended") return next({ rows }, (speaker.place === null || speaker.place === place ? 0 : never) + (speaker.rows === null ? 0 : never));
  if (speaker.phase === "trace" && !speaker.seen.includes("T")) return next({ rows }, hardly);
  const wrong = speaker.place !== null && place !== speaker.place;
  return next({ phase: "body", rows, seen: speaker.seen.includes("p") ? speaker.seen : `${speaker.seen}p`, place }, speaker.seen.includes("p") || wrong ? never : speaker.seen.includes("c") ? 0 : lost);
}

function stepRow(speaker: Speaker, sort: Sort & { is: "row" }, next: Next): ReturnType<Next> {
  // Rows that many tasks have in common prove nothing.
  const repeated = sort.again && speaker.phase === "body" && /^(?:r|x|ss$)/.test(sort.name) ? lost : 0;
  // `CR2: …` behind the trace, before the end marker.
  if (sort.alone && sort.name === "cr2" && (speaker.phase === "trace" || speaker.phase === "ended")) return next({ seen: speaker.seen.includes("2") ? speaker.seen : `${speaker.seen}2` }, speaker.seen.includes("2") ? never : speaker.markers === "" ? 0 : hardly);
  if (sort.name === "pstate") return next({}, speaker.phase === "body" && !speaker.seen.includes("p") ? 0 : hardly);
  const order = orders.findIndex((names) => names.includes(sort.name));
  const { rows } = speaker;
  if (rows === null) return next({}, hardly);
  if (order < 0) return next({ rows: { order: unordered, at: 0 } }, rows.order !== unordered ? hardly : 0);
  const names = orders[order]!;
  const at = names.indexOf(sort.name);
  if (rows.order !== unordered && rows.order !== order) return next({}, hardly);
  const from = rows.order === unordered ? -1 : rows.at;
  if (at <= from) return next({ rows: { order, at } }, never);
  const skipped = names.slice(from + 1, at).some((name) => !mayLack.has(name));
  return next({ rows: { order, at } }, (skipped ? lost : 0) + repeated);
}

/** The rows that the kernel always prints have all come; within a trace x86 prints the general registers alone. */
function rowsDone({ rows, phase }: Speaker): boolean {
  if (rows === null || rows.order === unordered) return true;
  const names = orders[rows.order]!;
  return !names.slice(rows.at + 1, phase === "trace" ? names.indexOf("r13") + 1 || names.length : names.length).some((name) => !mayLack.has(name));
}
