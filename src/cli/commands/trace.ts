import { visible } from "../../render/index.ts";
import { ExpressionError, Trace, type ModuleChange, type TraceEvent, type TraceStatistics, type When } from "../../trace/index.ts";
import { exit } from "../exit.ts";
import { interruptible } from "../interrupt.ts";
import { isTerminal, say, writeResult, writeTalk } from "../output.ts";
import { plainView, type TraceView, type ViewFlags } from "../trace-view.ts";

/** The flags of `trace`, as the command line gives them. */
export type TraceFlags = ViewFlags & {
  readonly arg?: string[];
  readonly filter?: string;
  readonly pcap?: string;
  readonly ret?: boolean;
  readonly stack?: boolean;
  readonly unpinned?: boolean;
  readonly from?: string;
  readonly vmlinux?: string;
  readonly modules?: string[];
  readonly duration?: number;
  readonly limit?: number;
  readonly limitRate?: number;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
};

/** Addresses of a stack that are shown at most. */
const stackDepth = 64;
/** Bytes of a packet that go into a file: an Ethernet frame with its tags. */
const filePacket = 1536;
/** Of the probes that were refused so many are named, the others are counted. */
const mostNamed = 5;

/** Attaches probes and shows their events, until Ctrl-C, a time or a number of events; then what was lost. */
export async function runTrace(named: readonly string[], flags: TraceFlags): Promise<number> {
  const clash = named.length === 0 && flags.from === undefined && flags.skb !== true ? "nothing to trace is named: a PROBE, or a case by --from" : clashOf(flags);
  if (clash !== null) {
    say("error", clash, "oopscope trace --help");
    return exit.usage;
  }
  try {
    const probes = flags.from === undefined ? named : [...named, ...(await (await import("../case-probes.ts")).probesFrom(flags.from, flags.quiet === true))];
    return await interruptible((signal) => run(probes, flags, signal));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    say("error", error.message.slice(error.expression.length + 4));
    const [text, carets] = error.lines;
    writeTalk(`  ${visible(text)}\n  ${carets}\n`);
    return exit.usage;
  }
}

/** Flags that do not go together, in words; null for none. */
function clashOf({ count, graph, hist, write, live, skb, arg, ret, stack, limit, limitRate, format }: TraceFlags): string | null {
  const views = [count === true ? "--count" : "", graph === true ? "--graph" : "", hist === undefined ? "" : "--hist", write === undefined ? "" : "-w", live === true ? "--live" : "", skb === true ? "--skb" : ""].filter((flag) => flag !== "");
  if (views.length > 1) return `${views[0]!} and ${views[1]!} do not go together`;
  const beside = arg !== undefined ? "--arg" : ret === true ? "--ret" : stack === true ? "--stack" : limit !== undefined ? "--limit" : limitRate !== undefined ? "--limit-rate" : null;
  if (count === true && beside !== null) return `--count shows no events: it does not go with ${beside}`;
  if (skb === true && (arg !== undefined || ret === true)) return `--skb shows packets: it does not go with ${arg !== undefined ? "--arg" : "--ret"}`;
  if (hist !== undefined && arg !== undefined) return "--hist shows one expression: it does not go with --arg";
  if (hist !== undefined && format === "json") return "--hist is drawn for people; with --format json take the events themselves";
  if (live !== true) return null;
  if (format === "json" || arg !== undefined || stack === true) return `--live shows a table of functions: it does not go with ${format === "json" ? "--format json" : arg !== undefined ? "--arg" : "--stack"}`;
  if (!isTerminal(1) || process.env["TERM"] === "dumb") return "--live draws on a terminal, and standard output is none that it can: without it events are plain lines, and --count sums them up";
  return null;
}

/** Which events the flags need. */
function whenOf({ count, graph, hist, live, ret }: TraceFlags): When {
  if (count === true) return "counted";
  if (graph === true) return "both";
  return ret === true || live === true || hist === "duration" || hist === "ret" ? "return" : "entry";
}

/** Whether events themselves are written, and no sum of them. */
function showsEvents({ count, graph, hist, write, live, skb }: TraceFlags): boolean {
  return count !== true && graph !== true && live !== true && skb !== true && hist === undefined && write === undefined;
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
    expressions: flags.live === true ? ["@cpu"] : flags.hist === undefined ? (flags.arg ?? []) : flags.hist === "duration" || flags.hist === "ret" ? [] : [flags.hist],
    filter: flags.filter ?? null,
    pcap: flags.pcap ?? null,
    when: whenOf(flags),
    follow: flags.skb === true ? "packets" : "calls",
    stackDepth: flags.stack === true || (flags.from !== undefined && showsEvents(flags)) ? stackDepth : 0,
    debugFiles: { ...(flags.vmlinux === undefined ? {} : { vmlinux: flags.vmlinux }), ...(flags.modules === undefined ? {} : { modules: flags.modules }) },
    pinned: flags.unpinned === true ? "leaves modules free" : "may pin modules",
    rate: flags.limitRate ?? null,
    captures: flags.write === undefined ? {} : { packetSize: filePacket },
    signal: stop.signal,
  });
  let view: TraceView;
  try {
    tell(running, flags);
    view = showsEvents(flags) ? plainView(flags.format) : await (await import("../trace-views.ts")).viewOf(flags, () => stop.abort(), probes.length > 0 || flags.filter !== undefined || flags.pcap !== undefined ? "some" : "all");
  } catch (error) {
    running.close();
    throw error;
  }
  let timer: NodeJS.Timeout | null = null;
  let shown = 0;
  const late: string[] = [];
  try {
    timer = flags.duration === undefined ? null : setTimeout(() => stop.abort(), flags.duration * 1000);
    const most = flags.limit ?? Infinity;
    for await (const events of running.batches()) {
      for (const change of await running.moduleChanges()) {
        // A line between would stand in the table.
        for (const text of changeTexts(change)) {
          if (flags.live === true) late.push(text);
          else say("warning", text);
        }
      }
      const room = most - shown;
      const part: readonly TraceEvent[] = events.length > room ? events.slice(0, room) : events;
      const text = view.add(part);
      shown += part.filter(({ kind }) => kind !== "lost").length;
      if ((text !== "" && !writeResult(text)) || shown >= most) break;
    }
  } finally {
    if (timer !== null) clearTimeout(timer);
    running.close();
    process.off("SIGINT", leave);
  }
  writeResult(view.end(running));
  for (const text of late) say("warning", text);
  for (const [name, why] of running.withoutLines) if (flags.verbose === true || (name === "vmlinux" ? flags.vmlinux : flags.modules) !== undefined) say(name === "vmlinux" && flags.vmlinux !== undefined ? "warning" : "note", `no lines for ${name}: ${why}`);
  if (flags.quiet !== true) summary(running, flags.count === true ? null : shown, flags.pcap !== undefined);
  return signal.aborted ? exit.interrupted : exit.done;
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
  const pinned = [...new Set(attached.flatMap(({ module, how }) => ((how === "fentry" || how === "kprobe.multi") && module !== null ? [module] : [])))];
  if (pinned.length > 0) say("note", `${pinned.length === 1 ? "the module" : "the modules"} ${pinned.join(", ")} cannot be unloaded meanwhile (--unpinned: by kprobes, which leaves ${pinned.length === 1 ? "it" : "them"} free)`);
  say("note", `attached ${plural(attached.length, "probe")}; Ctrl-C ends it`);
}

/** What is said when a module went or came. */
function changeTexts(change: ModuleChange): string[] {
  if (change.change === "unloaded") return [`the module ${change.module} was unloaded: its probes are gone until it is loaded again`];
  return [`the module ${change.module} is loaded again: ${plural(change.attached, "probe")} attached again${change.refused.length === 0 ? "" : `, ${change.refused.length} not`}`, ...change.refused.slice(0, mostNamed).map(({ probe, why }) => `\`${probe}\` is not traced any more: ${why}`)];
}

/** What was shown (null: calls were counted only) and what was lost. */
function summary(running: Trace, shown: number | null, pcap: boolean): void {
  const { full, rate, faults, calls, nested, open }: TraceStatistics = running.statistics();
  const lost: string[] = [];
  if (full > 0n) lost.push(`${full} lost, as the ring was full`);
  if (rate > 0n) lost.push(`${rate} held back by --limit-rate`);
  if (calls > 0n) lost.push(`${plural(calls, "call")} not followed to the return, as too many were under way`);
  if (nested !== null && nested > 0n) lost.push(`${nested} skipped by the kernel, as the processor was in the probe already`);
  if (faults > 0n) lost.push(`${plural(faults, "call")} for which the filter could not be evaluated (memory that cannot be read${pcap ? ", or packets without a header to begin at" : ""})`);
  if (open > 0) lost.push(`${plural(open, "call")} whose return was not seen`);
  const parts = [...(shown === null ? [] : [plural(shown, "event")]), ...(lost.length > 0 ? lost : shown === null ? [] : ["none lost"]), "detached"];
  say("note", parts.join("; "));
}
