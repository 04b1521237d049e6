import { OopscopeError } from "../../base/index.ts";
import { plain, readTracePipe, traceClock, type PipeLine } from "../../bpf/index.ts";
import { visible } from "../../render/index.ts";
import { exit } from "../exit.ts";
import { interruptible } from "../interrupt.ts";
import { writeResult } from "../output.ts";

export type BpfPipeFlags = {
  readonly format: "text" | "json";
  readonly match?: string;
  readonly comm?: string[];
  readonly pid?: number[];
  readonly cpu?: number[];
  readonly duration?: number;
  readonly limit?: number;
  readonly quiet?: boolean;
};

/**
 * A line as scripts get it. `pid` is null unless the trace records it (option `record-tgid`): what the line has is the thread. `clock` names the trace's clock where it is not
 * CLOCK_MONOTONIC.
 */
export function recordOfLine({ text, line }: PipeLine, clock: string | null): Record<string, unknown> {
  const common = { module: null, function: null };
  const rest = { ret: null, duration: null, stack: [], ...(clock === "mono" ? {} : { clock }) };
  if (line === null) return { time: null, cpu: null, pid: null, tid: null, comm: null, probe: "trace_pipe", ...common, kind: "tracepoint", args: { text }, ...rest };
  if (line.kind === "lost") return { time: null, cpu: line.cpu, pid: null, tid: null, comm: null, probe: "trace_pipe", ...common, kind: "lost", args: { count: line.count }, ...rest };
  return { time: plain(line.time), cpu: line.cpu, pid: line.pid, tid: line.tid, comm: line.comm, probe: line.from, ...common, kind: "tracepoint", args: { text: line.text }, ...rest };
}

export function pipeText(line: PipeLine, clock: string | null, format: "text" | "json"): string {
  return format === "json" ? `${JSON.stringify(recordOfLine(line, clock))}\n` : `${visible(line.text)}\n`;
}

/** Shows trace_pipe, where bpf_printk writes to. */
export async function runBpfPipe(flags: BpfPipeFlags): Promise<number> {
  const match = patternOf(flags.match);
  const wanted = ({ text, line }: PipeLine): boolean => {
    // What was lost is told whatever is filtered: nobody knows what it was.
    if (line?.kind === "lost") return true;
    if (match !== null && !match.test(line === null ? text : line.text)) return false;
    if (line === null) return flags.comm === undefined && flags.pid === undefined && flags.cpu === undefined;
    if (flags.comm !== undefined && !flags.comm.includes(line.comm)) return false;
    if (flags.pid !== undefined && !flags.pid.includes(line.tid) && !(line.pid !== null && flags.pid.includes(line.pid))) return false;
    return flags.cpu === undefined || flags.cpu.includes(line.cpu);
  };
  return interruptible(async (signal) => {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = flags.duration === undefined ? null : setTimeout(onAbort, flags.duration * 1000);
    let left = flags.limit ?? Infinity;
    const clock = traceClock();
    try {
      for await (const lines of readTracePipe({ signal: stop.signal })) {
        const shown = lines.filter(wanted).slice(0, left);
        left -= shown.length;
        if (shown.length > 0 && !writeResult(shown.map((line) => pipeText(line, clock, flags.format)).join(""))) break;
        if (left <= 0) break;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (timer !== null) clearTimeout(timer);
    }
    return signal.aborted ? exit.interrupted : exit.done;
  });
}

function patternOf(text: string | undefined): RegExp | null {
  if (text === undefined) return null;
  try {
    return new RegExp(text, "u");
  } catch (cause) {
    throw new OopscopeError("bad-argument", `--match takes a regular expression: ${(cause as Error).message}`, { pattern: text }, cause);
  }
}
