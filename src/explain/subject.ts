import type { Case, CaseFrame, CaseLine, CaseReport } from "../case/index.ts";
import { plainName } from "../oops/index.ts";
import { linesBetween } from "./log-lines.ts";
import { entry } from "./plumbing.ts";

/** A line of the log that speaks for a cause. */
export type Evidence = { readonly logLine: number; readonly text: string; readonly why: string };

/** What a pattern found in a report: the match, and the line from there on. */
export type Said = { readonly logLine: number; readonly text: string; readonly match: RegExpExecArray };

/** Evidence shows no more of a line than this. */
const longest = 160;
const linesBefore = 4;

/** What rules ask of a whole case, worked out once. */
export class CaseFacts {
  readonly case: Case;
  readonly #taints = new Map<string, string>();

  constructor(found: Case) {
    this.case = found;
    for (const { modules } of found.reports) for (const { name, taint } of modules) this.#taints.set(name, taint);
    for (const { text } of found.log.lines) {
      const loaded = /\b([\w-]{1,64}): loading out-of-tree module taints kernel/.exec(text);
      if (loaded && !this.#taints.has(loaded[1]!)) this.#taints.set(loaded[1]!, "O");
    }
  }

  /** Lines of the log between two, both inclusive. */
  linesOf(range: readonly [number, number]): readonly CaseLine[] {
    return linesBetween(this.case, range);
  }

  /** Whether a module is none of the kernel's own: by its taint, or (where no report lists it) by that of the kernel. */
  isOutOfTree(module: string | null, report: CaseReport): boolean {
    if (module === null || module === "bpf") return false;
    const taint = this.#taints.get(module) ?? this.#taints.get(module.replaceAll("-", "_"));
    return taint === undefined ? (report.context.taint?.flags.includes("O") ?? false) : taint.includes("O");
  }

  get outOfTree(): readonly string[] {
    return [...this.#taints].filter(([, taint]) => taint.includes("O")).map(([name]) => name);
  }
}

/** One report, as rules see it. */
export class Subject {
  readonly facts: CaseFacts;
  readonly report: CaseReport;
  readonly index: number;
  readonly lines: readonly CaseLine[];
  #trail: readonly CaseFrame[] | undefined;
  #address: { readonly value: bigint; readonly said: Said } | null | undefined;

  constructor(facts: CaseFacts, index: number) {
    this.facts = facts;
    this.report = facts.case.reports[index]!;
    this.index = index;
    this.lines = facts.linesOf(this.report.lines);
  }

  /** The first line of the report that a pattern fits. */
  find(form: RegExp): Said | null {
    for (const { line, text } of this.lines) {
      const match = form.exec(text);
      if (match !== null) return { logLine: line, text: text.slice(match.index, match.index + longest).trimEnd(), match };
    }
    return null;
  }

  /** The same in the few lines right before the report: what code says before it calls BUG() belongs to nobody's report. */
  findBefore(form: RegExp): Said | null {
    const first = this.report.lines[0];
    for (const { line, text } of this.facts.linesOf([first - linesBefore, first - 1])) {
      const match = form.exec(text);
      if (match !== null) return { logLine: line, text: text.slice(match.index, match.index + longest).trimEnd(), match };
    }
    return null;
  }

  has(form: RegExp): boolean {
    return this.lines.some(({ text }) => form.test(text));
  }

  /** The frame of the report's own pc; null where there is none, or where user space ran. */
  get pc(): CaseFrame | null {
    const frame = this.report.stacks.find(({ name }) => name === "pc")?.frames[0];
    return frame === undefined || frame.unresolved?.reason === "user" || !frame.exact ? null : frame;
  }

  /** From where it crashed outwards, innermost first, to the entry of the interrupt or softirq it happened in: what the kernel is sure of. */
  get trail(): readonly CaseFrame[] {
    return (this.#trail ??= this.#trailFrom(this.trace));
  }

  /** The whole call trace that tells how it came to the crash. */
  get trace(): readonly CaseFrame[] {
    const { stacks } = this.report;
    const traces = stacks.filter(({ name, frames }) => name === "call trace" && frames.length > 0);
    // Older kernels print the stacks of earlier events without a name; the one that was dumped now begins with the dump.
    const dumped = this.pc === null && traces.length > 1 ? traces.find(({ frames }) => /^_{0,2}dump_stack/.test(frames[0]!.symbol ?? "")) : undefined;
    const chosen = dumped ?? traces[0] ?? stacks.find(({ name }) => name.startsWith("backtrace of cpu")) ?? stacks.find(({ name }) => name === "panic" || name === "summary");
    return chosen?.frames ?? [];
  }

  #trailFrom(trace: readonly CaseFrame[]): readonly CaseFrame[] {
    const { pc } = this;
    const reliable = trace.filter((frame) => frame.reliable && frame.symbol !== null);
    const rest = pc === null ? reliable : reliable.slice(repeats(reliable[0], pc) ? 1 : 0);
    const upTo = rest.findIndex(isEntry);
    const frames = upTo < 0 ? rest : rest.slice(0, upTo);
    return pc === null || pc.symbol === null ? frames : [pc, ...frames];
  }

  /** For reports of a watchdog's interrupt: from what it interrupted outwards. */
  get running(): readonly CaseFrame[] {
    const { pc } = this;
    const trace = this.trace.filter((frame) => frame.reliable && frame.symbol !== null);
    const at = pc === null ? trace.findIndex((frame, index) => frame.exact && index > 0) : trace.findIndex((frame) => frame.exact && repeats(frame, pc));
    const rest = at >= 0 ? trace.slice(pc === null ? at : at + 1) : trace;
    // The trace may begin with the watchdog's own interrupt; if not, it ends where an interrupt began.
    const first = rest.findIndex(isEntry);
    const own = at < 0 && rest.length > 0 && watchdog.test(rest[0]!.symbol!);
    const frames = own ? rest.slice(rest.findLastIndex(isEntry) + 1) : first < 0 ? rest : rest.slice(0, first);
    return pc === null || pc.symbol === null ? frames : [pc, ...frames];
  }

  /** The frames of a stack by its name, empty if there is none. */
  stack(name: string): readonly CaseFrame[] {
    return (this.report.stacks.find((stack) => stack.name === name)?.frames ?? []).filter((frame) => frame.reliable && frame.symbol !== null);
  }

  /** Who freed the object before. */
  get freedBy(): readonly CaseFrame[] {
    const freed = this.stack("freed by");
    // RCU frees later what somebody handed to it: that somebody counts.
    const handed = freed.some(({ symbol }) => /^(?:rcu_do_batch|rcu_core|kvfree_rcu|kfree_rcu)/.test(symbol!)) ? this.stack("last work creation") : [];
    if (handed.length > 0) return handed;
    return [freed, this.#below(/\bFreed in \S/), this.stack("page freed by")].find(({ length }) => length > 0) ?? [];
  }

  /** Who allocated it. */
  get allocatedBy(): readonly CaseFrame[] {
    return [this.stack("allocated by"), this.#below(/\bAllocated in \S/), this.stack("page allocated by")].find(({ length }) => length > 0) ?? [];
  }

  /** Frames in the lines that follow one, without a gap. */
  #below(form: RegExp): readonly CaseFrame[] {
    const said = this.find(form);
    if (said === null) return [];
    const frames = this.report.stacks.flatMap((stack) => stack.frames).filter((frame) => frame.reliable && frame.symbol !== null && frame.logLine > said.logLine);
    frames.sort((one, other) => one.logLine - other.logLine);
    let next = said.logLine + 1;
    const found: CaseFrame[] = [];
    for (const frame of frames) {
      if (frame.logLine > next) break;
      found.push(frame);
      next = frame.logLine + 1;
    }
    return found;
  }

  /** A frame that stands in this line or the next `more`. */
  frameAt(line: number, more = 0): CaseFrame | null {
    for (const { frames } of this.report.stacks) {
      const frame = frames.find(({ logLine, symbol }) => symbol !== null && logLine >= line && logLine <= line + more);
      if (frame !== undefined) return frame;
    }
    return null;
  }

  /** The address that the processor could not use, as the report's first lines tell it. */
  get address(): { readonly value: bigint; readonly said: Said } | null {
    if (this.#address !== undefined) return this.#address;
    const range = this.find(/KASAN: (?:null-ptr-deref|probably user-memory-access|maybe wild-memory-access) in range \[0x([0-9a-f]{16})-/);
    const said =
      range ??
      this.find(/(?:page fault for address: ?|(?:NULL pointer dereference|kernel (?:data access|instruction fetch)),? (?:on (?:read|write) )?(?:for (?:data|instruction fetch) )?(?:at )?(?:virtual )?(?:address:? ?)?|paging request for (?:data|instruction fetch) at address |paging request at (?:virtual address )?|non-canonical address (?:0x)?|virtual address (?:0x)?)(?:0x)?([0-9a-f]{8,16})\b/);
    const kasan = said ?? this.find(/of size \d+ at addr ([0-9a-f]{8,16})\b/);
    this.#address = kasan === null ? null : { value: BigInt(`0x${kasan.match[1]!}`), said: kasan };
    return this.#address;
  }

  register(name: string): bigint | null {
    const value = this.report.registers[name];
    return value === undefined || !/^0x[0-9a-f]{1,16}$/.test(value) ? null : BigInt(value);
  }

  /** The line that shows a register. */
  registerLine(name: string): Said | null {
    return this.find(new RegExp(`\\b${name.toUpperCase()} {0,2}: ?[0-9a-f]{8,16}\\b`)) ?? this.find(new RegExp(`\\b${name} {0,2}: ?[0-9a-f]{8,16}\\b`));
  }

  isOutOfTree(module: string | null): boolean {
    return this.facts.isOutOfTree(module, this.report);
  }
}

/** A module may name its functions as it likes. */
const isEntry = ({ symbol, module }: CaseFrame): boolean => module === null && entry.test(symbol ?? "");

/** What a watchdog's own stack begins with. */
const watchdog = /^(?:_{0,2}dump_stack|show_|nmi_|watchdog|rcu_|print_|trigger_|sched_show|perf_event|__perf_event)/;

function repeats(frame: CaseFrame | undefined, pc: CaseFrame): boolean {
  return frame !== undefined && frame.symbol === pc.symbol && frame.offset === pc.offset && frame.module === pc.module;
}

/** The name of a frame's function, without what the compiler hung on it. */
export function nameOf(frame: CaseFrame): string {
  return plainName(frame.symbol ?? "");
}

export function evidenceOf(said: Said, why: string): Evidence {
  return { logLine: said.logLine, text: said.text, why };
}

export function frameEvidence(frame: CaseFrame, why: string): Evidence {
  return { logLine: frame.logLine, text: frame.text.slice(0, longest), why };
}
