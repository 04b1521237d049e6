/** A line of trace_pipe. `time` is in nanoseconds of the trace's own clock. */
export type TraceLine = {
  readonly kind: "printk";
  /** Whose turn it was: the name of the thread, and its id; a process id only with the trace option `record-tgid`. */
  readonly comm: string;
  readonly tid: number;
  readonly pid: number | null;
  readonly cpu: number;
  /** The flags as the kernel writes them: interrupts off, need to reschedule, hard or soft interrupt, depth of preemption. */
  readonly flags: string;
  readonly time: bigint;
  /** Who printed: `bpf_trace_printk`, or a function. */
  readonly from: string;
  readonly text: string;
};

/** Events that the kernel had no room for. */
export type TraceLost = { readonly kind: "lost"; readonly cpu: number; readonly count: number | null };

const line = /^\s*(.{1,16}?)-(\d+)\s+(?:\(\s*(\d+|-+)\)\s+)?\[(\d+)\]\s+(\S+)\s+(\d+)\.(\d{6,9}):\s+([^:\s]+):\s?(.*)$/s;

/**
 * A line of trace_pipe (kernel/trace/trace_output.c, `trace_print_context`): a message, or the kernel's own word on what it lost. Null for anything else, such as the
 * second line of a message with a line break in it.
 */
export function readTraceLine(text: string): TraceLine | TraceLost | null {
  const lost = /^CPU:(\d+) \[LOST (?:(\d+) )?EVENTS\]$/.exec(text);
  if (lost) return { kind: "lost", cpu: Number(lost[1]), count: lost[2] === undefined ? null : Number(lost[2]) };
  const match = line.exec(text);
  if (!match) return null;
  const [, comm, tid, tgid, cpu, flags, seconds, fraction, from, message] = match;
  return {
    kind: "printk",
    comm: comm!.trim(),
    tid: Number(tid),
    pid: tgid === undefined || tgid.startsWith("-") ? null : Number(tgid),
    cpu: Number(cpu),
    flags: flags!,
    time: BigInt(seconds!) * 1_000_000_000n + BigInt(fraction!.padEnd(9, "0")),
    from: from!,
    text: message!,
  };
}
