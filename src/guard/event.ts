/** Something that was freed: by whom, when, from where. Times are nanoseconds of CLOCK_MONOTONIC; addresses are as in memory. */
export type Freed = { readonly time: bigint; readonly pid: number; readonly tid: number; readonly cpu: number; readonly comm: string; readonly stack: readonly bigint[] };

/**
 * How far the evidence had come when the second free went on: `board`: in memory that is shared with user space; `written`: in the file, as the system keeps it in memory; `logged`: in
 * the kernel's log, too; `synced`: on the disk.
 */
export const evidenceLevels = ["board", "written", "logged", "synced"] as const;
export type EvidenceLevel = (typeof evidenceLevels)[number];

/** Whether interrupts were on. `unknown` where nothing tells: on arm64, before 5.17, and in a kernel whose types lack `irqsave_flags`. */
export const interruptStates = ["unknown", "on", "off"] as const;
export type Interrupts = (typeof interruptStates)[number];

/** What the kernel's side saw. */
export type GuardEvent = {
  /** From 1 on. */
  readonly sequence: number;
  /** `invalid-free`: what is no object of kmalloc is given to kfree. */
  readonly kind: "double-free" | "use-after-free" | "invalid-free";
  readonly object: "skb" | "slab";
  readonly address: bigint;
  readonly time: bigint;
  readonly pid: number;
  readonly tid: number;
  readonly cpu: number;
  readonly comm: string;
  /** What the processor was doing, by the kernel's own count; null where this kernel's types do not tell where that is (before 5.17, arm64). `softirq`: one was being served; a task that keeps them off is `process`. */
  readonly context: "process" | "softirq" | "hardirq" | "nmi" | null;
  /** Of that processor, as it freed. */
  readonly interrupts: Interrupts;
  /** Innermost first; return addresses. */
  readonly stack: readonly bigint[];
  /** Null for what was never freed. */
  readonly freed: Freed | null;
  /** Of an skb, as it lay there: it is memory that is free. */
  readonly packet: { readonly device: string; readonly protocol: number; /** As it was freed. */ readonly length: number; /** From its network header on, in hexadecimal digits; empty where that is gone. */ readonly bytes: string } | null;
  /** What became of the hold: `none` was wanted or possible, `waiting`, `acknowledged` in time, `expired`. */
  readonly hold: "none" | "waiting" | "acknowledged" | "expired";
  /** Nanoseconds. */
  readonly waited: bigint;
};

const contexts = [null, "process", "softirq", "hardirq", "nmi"] as const;
const kinds = ["double-free", "use-after-free", "invalid-free"] as const;
type RawTask = { time: bigint; pid: number; tid: number; cpu: number; comm: string };
type Raw = RawTask & {
  depth: number; stack: readonly bigint[]; freed_depth: number; freed_stack: readonly bigint[]; sequence: bigint; address: bigint; kind: number; object: number; context: number; interrupts: number; device: string; protocol: number; held: number; waited: bigint;
  packet_size: number; packet: Uint8Array; freed: RawTask & { address: bigint; length: number };
};

/** An entry of the board, as BTF decodes it. Null for one that holds nothing yet. */
export function eventOf(value: unknown, holding: boolean): GuardEvent | null {
  const raw = value as Raw;
  if (raw.sequence === 0n || raw.kind < 1 || raw.kind > kinds.length) return null;
  const { time, pid, tid, cpu, comm, freed } = raw;
  return {
    sequence: Number(raw.sequence),
    kind: kinds[raw.kind - 1]!,
    object: raw.object === 1 ? "skb" : "slab",
    address: raw.address,
    time, pid, tid, cpu, comm,
    context: contexts[raw.context] ?? null,
    interrupts: interruptStates[raw.interrupts] ?? "unknown",
    stack: stackOf(raw.depth, raw.stack),
    freed: freed.address === 0n ? null : { time: freed.time, pid: freed.pid, tid: freed.tid, cpu: freed.cpu, comm: freed.comm, stack: stackOf(raw.freed_depth, raw.freed_stack) },
    packet: raw.object !== 1 ? null : { device: raw.device, protocol: ((raw.protocol & 0xff) << 8) | (raw.protocol >> 8), length: freed.length, bytes: Buffer.from(raw.packet.subarray(0, raw.packet_size)).toString("hex") },
    hold: raw.held === 1 ? "acknowledged" : raw.held === 2 ? "expired" : holding ? "waiting" : "none",
    waited: raw.waited,
  };
}

function stackOf(depth: number, stack: readonly bigint[]): bigint[] {
  return depth <= 0 ? [] : stack.slice(0, depth / 8);
}
