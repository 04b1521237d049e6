import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { OopscopeError, version } from "../../base/index.ts";
import { casePieces, type Case, type CaseEvent } from "../../case/index.ts";
import { decode } from "../../decode/index.ts";
import { Guard, interruptStates, type EvidenceLevel, type GuardedModule, type GuardEvent, type GuardStatistics } from "../../guard/index.ts";
import { moduleOfFile } from "../../kernel/index.ts";
import { piecesOf } from "../../render/index.ts";
import { exit } from "../exit.ts";
import { fetchedPlaces, noteUsed } from "../fetched.ts";
import { interruptible } from "../interrupt.ts";
import { gathered, isTerminal, say, writePieces, writeResult } from "../output.ts";
import { saveFile } from "../savefile.ts";
import { deepened, terminalOptions } from "./explain.ts";

/** The flags of `guard`, as the command line gives them. */
export type GuardFlags = {
  readonly hold: number;
  readonly blackBox?: boolean;
  readonly unpinned?: boolean;
  readonly leaks?: boolean;
  readonly output?: string;
  readonly source?: string[];
  readonly vmlinux?: string;
  readonly duration?: number;
  readonly limit?: number;
  readonly format: "terminal" | "json";
  readonly color: "auto" | "always" | "never";
  readonly quiet?: boolean;
  readonly verbose?: boolean;
};

type Seen = { readonly event: GuardEvent; readonly text: string; readonly level: EvidenceLevel };

/** Watches modules until Ctrl-C, a time or a number of events; tells what was caught, and makes a case of it. */
export async function runGuard(modules: readonly string[], flags: GuardFlags): Promise<number> {
  const guarded = modules.map(moduleOf);
  return interruptible(async (signal) => {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    const seen: Seen[] = [];
    const guard = await Guard.start({
      modules: guarded,
      hold: flags.hold,
      blackBox: flags.blackBox === true,
      unpinned: flags.unpinned === true,
      leaks: flags.leaks === true,
      signal,
      ...(flags.output === undefined ? {} : { evidence: `${flags.output}.evidence` }),
      onEvent: (event, text, level) => {
        seen.push({ event, text, level });
        say("warning", wordsOf(event, level));
        if (seen.length >= (flags.limit ?? Infinity)) stop.abort();
      },
      onNote: (text) => void (flags.quiet !== true && say("note", text)),
    });
    let statistics: GuardStatistics | null;
    let held: ReturnType<Guard["leaks"]> = null;
    try {
      if (flags.quiet !== true) begin(guard, guarded, flags);
      await until(stop.signal, flags.duration);
      held = guard.leaks();
    } finally {
      statistics = await guard.stop();
      signal.removeEventListener("abort", onAbort);
    }
    if (statistics !== null) sayStatistics(statistics, flags);
    const found = await caseOf(seen, held?.text ?? "", guarded, statistics, flags);
    if (flags.output !== undefined) {
      saveFile(flags.output, gathered(casePieces(found)));
      if (flags.quiet !== true) say("note", `saved ${flags.output}`, found.reports.length === 0 ? null : `oopscope explain ${flags.output}`);
    }
    if (flags.format === "json") writePieces(casePieces(found));
    else if (found.reports.length === 0) writeResult("nothing was caught\n");
    else writePieces((await piecesOf("terminal"))(found, terminalOptions(flags.color, isTerminal(1))));
    return exit.done;
  });
}

/** A module by name, or by its file. */
function moduleOf(text: string): GuardedModule {
  const name = text.includes("/") || text.includes(".ko") ? moduleOfFile(basename(text)) : text;
  if (name === null || !/^[\w-]{1,64}$/.test(name)) throw new OopscopeError("bad-argument", `${JSON.stringify(text)} is neither the name of a module nor a module's file`, { module: text });
  const file = name === text ? null : resolve(text);
  if (file !== null && !existsSync(file)) throw new OopscopeError("not-found", `failed to read ${text}: no such file`, { file: text });
  return { name: name.replaceAll("-", "_"), file };
}

function begin(guard: Guard, guarded: readonly GuardedModule[], flags: GuardFlags): void {
  const count = (way: string): number => guard.hooks.filter((hook) => hook.way === way).length;
  say("note", `guarding ${guarded.map(({ name }) => name).join(", ")}: ${count("fentry")} functions by fentry, ${count("kprobe")} by kprobe, ${count("tracepoint")} tracepoints of the kernel, ${guard.uses} functions of the modules; ${(guard.memory / 1e6).toFixed(1)} MB of the kernel's memory; ${guard.holding ? `a second free is held up to ${flags.hold} ms` : "no hold"}; Ctrl-C ends it`);
  if (guard.pinned.length > 0) say("note", `${guard.pinned.join(", ")} cannot be unloaded meanwhile; --unpinned watches by kprobes, which are slower`);
  for (const { function: name, role, why } of guard.left) if (role === "clear" || flags.verbose === true) say(role === "clear" ? "warning" : "note", `${name} is not watched: ${why}`);
}

async function until(signal: AbortSignal, seconds: number | undefined): Promise<void> {
  await new Promise<void>((done) => {
    if (signal.aborted) {
      done();
      return;
    }
    // Node ends when nothing but a signal is waited for.
    const timer = setTimeout(done, seconds === undefined ? 2 ** 31 - 1 : seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    }, { once: true });
  });
}

function wordsOf({ kind, object, address, comm, tid, cpu, context, interrupts, hold, waited }: GuardEvent, level: EvidenceLevel): string {
  const evidence = { board: "not written down yet", written: "written to the evidence file", logged: "in the kernel's log", synced: "on the disk" }[level];
  const held = hold === "acknowledged" ? `, after a hold of ${Number(waited / 1000n) / 1000} ms` : hold === "expired" ? `, and the hold of ${Number(waited / 1000n) / 1000} ms ran out` : "";
  return `${kind} of ${object === "skb" ? "an skb" : "an object"} at 0x${address.toString(16)} by ${comm} (${tid}) on CPU ${cpu}${context === null ? "" : ` (${context}, interrupts ${interrupts})`}: evidence ${evidence}${held}`;
}

function sayStatistics({ marked, cleared, forgotten, stackless, walked, changed, lost, untracked, doubtful, missedClears, missed, missesCounted, events, holds }: GuardStatistics, flags: GuardFlags): void {
  if (flags.quiet !== true) say("note", `${events} events; ${marked} frees remembered, ${cleared} of them allocated again, ${forgotten} forgotten for want of room; ${walked} stacks walked`);
  for (const state of interruptStates) {
    const { acknowledged, expired } = holds[state];
    if (acknowledged + expired > 0 && flags.quiet !== true) say("note", `held where interrupts were ${state}: ${acknowledged} acknowledged, ${expired} expired`);
  }
  if (stackless > 0n) say("warning", `${stackless} frees were remembered without their stack`);
  if (changed > 0n) say("warning", `${changed} second frees of what looked like another object by then: an allocation was not seen; no event was made of them`);
  if (untracked > 0n) say("warning", `${untracked} allocations, or frees of many at once, were not followed for want of room: there may be more leaks, or fewer`);
  if (lost > 0n) say("warning", `${lost} events found no place and are lost`);
  if (doubtful > 0n) say("warning", `${doubtful} second frees prove nothing, as the kernel left out a look at allocations since the first; no event was made of them`);
  if (missedClears > 0n && !missesCounted) say("warning", `the kernel left out ${missedClears} looks at allocations: some may not have been seen, so what was caught has less confidence`);
  else if (missedClears > 0n) say("note", `the kernel left out ${missedClears} looks at allocations: an skb has a second look, and what was freed before accuses nobody where that may mislead`);
  if (missed > 0n) say("warning", `the kernel left out ${missed} looks at frees: some were not tracked`);
}

/** The events as a case: reports like those of a log, decoded and explained. */
async function caseOf(seen: readonly Seen[], leaks: string, guarded: readonly GuardedModule[], statistics: GuardStatistics | null, flags: GuardFlags): Promise<Case> {
  const files = guarded.flatMap(({ file }) => file ?? []);
  const bytes = Buffer.from(seen.map(({ text }) => text).join("") + leaks, "latin1");
  const { case: decoded } = await decode(bytes, { ...(flags.vmlinux === undefined ? {} : { vmlinux: flags.vmlinux }), modules: files, also: fetchedPlaces(), name: "guard" });
  await noteUsed(decoded);
  const explained = await deepened({ ...decoded, tool: { version } }, { modules: files.map((file) => dirname(file)), ...(flags.source === undefined ? {} : { source: flags.source }) });
  const doubtful = statistics !== null && (statistics.changed > 0n || (statistics.missedClears > 0n && !statistics.missesCounted));
  const less = { high: "medium", medium: "low", low: "low" } as const;
  return {
    ...explained,
    reports: explained.reports.map((report) => (report.verdict === null || !doubtful ? report : { ...report, verdict: { ...report.verdict, confidence: less[report.verdict.confidence] } })),
    events: seen.map(({ event, level }) => recordOf(event, level)),
  };
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** An event of the case: docs/guard.md describes it. */
function recordOf(event: GuardEvent, level: EvidenceLevel): CaseEvent {
  const { freed } = event;
  return {
    ...event, address: hex(event.address), time: String(event.time), waited: String(event.waited), evidence: level, stack: event.stack.map(hex),
    freed: freed === null ? null : { ...freed, time: String(freed.time), stack: freed.stack.map(hex) },
  };
}
