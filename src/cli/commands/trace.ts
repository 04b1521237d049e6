import { visible } from "../../render/index.ts";
import { eventJson, eventText, ExpressionError, Trace, type TraceEvent, type TraceStatistics } from "../../trace/index.ts";
import { exit } from "../exit.ts";
import { interruptible } from "../interrupt.ts";
import { say, writeResult, writeTalk } from "../output.ts";

/** The flags of `trace`, as the command line gives them. */
export type TraceFlags = {
  readonly arg?: string[];
  readonly filter?: string;
  readonly ret?: boolean;
  readonly stack?: boolean;
  readonly count?: boolean;
  readonly unpinned?: boolean;
  readonly duration?: number;
  readonly limit?: number;
  readonly limitRate?: number;
  readonly format: "text" | "json";
  readonly quiet?: boolean;
  readonly verbose?: boolean;
};

/** Addresses of a stack that are shown at most. */
const stackDepth = 64;
/** Of the probes that were refused so many are named, the others are counted. */
const mostNamed = 5;

/** Attaches probes and shows their events, until Ctrl-C, a time or a number of events; then what was lost. */
export async function runTrace(probes: readonly string[], flags: TraceFlags): Promise<number> {
  const beside = flags.arg !== undefined ? "--arg" : flags.ret === true ? "--ret" : flags.stack === true ? "--stack" : flags.limit !== undefined ? "--limit" : flags.limitRate !== undefined ? "--limit-rate" : null;
  if (flags.count === true && beside !== null) {
    say("error", `--count shows no events: it does not go with ${beside}`);
    return exit.usage;
  }
  try {
    return await interruptible((signal) => run(probes, flags, signal));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    say("error", error.message.slice(error.expression.length + 4));
    const [text, carets] = error.lines;
    writeTalk(`  ${visible(text)}\n  ${carets}\n`);
    return exit.usage;
  }
}

async function run(probes: readonly string[], flags: TraceFlags, signal: AbortSignal): Promise<number> {
  const stop = new AbortController();
  const leave = (): never => process.exit(exit.interrupted);
  signal.addEventListener("abort", () => {
    stop.abort();
    // What is attached ends with the process.
    process.on("SIGINT", leave);
  }, { once: true });
  const running = await Trace.open({
    probes,
    expressions: flags.arg ?? [],
    filter: flags.filter ?? null,
    when: flags.count === true ? "counted" : flags.ret === true ? "return" : "entry",
    stackDepth: flags.stack === true ? stackDepth : 0,
    pinned: flags.unpinned === true ? "leaves modules free" : "may pin modules",
    rate: flags.limitRate ?? null,
    signal: stop.signal,
  });
  let timer: NodeJS.Timeout | null = null;
  let shown = 0;
  try {
    tell(running, flags);
    timer = flags.duration === undefined ? null : setTimeout(() => stop.abort(), flags.duration * 1000);
    const write = flags.format === "json" ? eventJson : eventText;
    const most = flags.limit ?? Infinity;
    for await (const events of running.batches()) {
      const room = most - shown;
      const part: readonly TraceEvent[] = events.length > room ? events.slice(0, room) : events;
      let text = "";
      for (const event of part) text += write(event);
      shown += part.filter(({ kind }) => kind !== "lost").length;
      if (!writeResult(text) || shown >= most) break;
    }
  } finally {
    if (timer !== null) clearTimeout(timer);
    running.close();
    process.off("SIGINT", leave);
  }
  if (flags.count === true) writeResult(countsText(running, flags));
  if (flags.quiet !== true) summary(running, shown);
  return signal.aborted ? exit.interrupted : exit.done;
}

/** How often each probe was passed, the most frequent first; without those that never were, but in JSON. */
function countsText(running: Trace, { format }: TraceFlags): string {
  const counts = [...running.counts()].sort((a, b) => (a.count === b.count ? (a.probe < b.probe ? -1 : 1) : a.count > b.count ? -1 : 1));
  if (format === "json") return counts.map(({ probe, count }) => `${JSON.stringify({ probe, count: Number(count) })}\n`).join("");
  const some = counts.filter(({ count }) => count > 0n);
  if (some.length === 0) return "";
  const width = some[0]!.count.toString().length;
  return some.map(({ probe, count }) => `${count.toString().padStart(width)}  ${visible(probe)}\n`).join("");
}

const plural = (count: number | bigint, one: string, many = `${one}s`): string => `${count} ${BigInt(count) === 1n ? one : many}`;

/** What is attached, what is not and why, and what modules cannot be unloaded meanwhile. */
function tell(running: Trace, flags: TraceFlags): void {
  const { attached, refused, lacking } = running;
  for (const { probe, why } of flags.verbose === true ? refused : refused.slice(0, mostNamed)) say("warning", `\`${probe}\` is left out: ${why}`);
  if (refused.length > mostNamed && flags.verbose !== true) say("warning", `${refused.length - mostNamed} more are left out (-v names them)`);
  if (flags.quiet === true) return;
  if (flags.verbose === true) for (const { text, command } of lacking) say("note", text, command);
  const kprobes = attached.filter(({ how, why }) => how === "kprobe" && why !== null);
  for (const { probe, why } of flags.verbose === true ? kprobes : kprobes.slice(0, mostNamed)) say("note", `\`${probe}\` by kprobe: ${why!}`);
  const pinned = [...new Set(attached.flatMap(({ module, how }) => (how === "fentry" && module !== null ? [module] : [])))];
  if (pinned.length > 0) say("note", `${pinned.length === 1 ? "the module" : "the modules"} ${pinned.join(", ")} cannot be unloaded meanwhile (--unpinned: by kprobes, which leaves ${pinned.length === 1 ? "it" : "them"} free)`);
  say("note", `attached ${plural(attached.length, "probe")}; Ctrl-C ends it`);
}

function summary(running: Trace, shown: number): void {
  const { full, rate, faults, calls, nested, open }: TraceStatistics = running.statistics();
  const lost: string[] = [];
  if (full > 0n) lost.push(`${full} lost, as the ring was full`);
  if (rate > 0n) lost.push(`${rate} held back by --limit-rate`);
  if (calls > 0n) lost.push(`${plural(calls, "call")} not followed to the return, as too many were under way`);
  if (nested !== null && nested > 0n) lost.push(`${nested} skipped by the kernel, as the processor was in the probe already`);
  if (faults > 0n) lost.push(`${plural(faults, "call")} for which the filter could not be evaluated (memory that cannot be read)`);
  if (open > 0) lost.push(`${plural(open, "call")} whose return was not seen`);
  say("note", `${plural(shown, "event")}; ${lost.length === 0 ? "none lost" : lost.join("; ")}; detached`);
}
