import { readFileSync, readlinkSync, statSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { BpfMap, RingBuffer, type GeneratedProgram, type RingRecord } from "../bpf/index.ts";
import type { SearchPlaces } from "../kernel/index.ts";
import type { Lacking } from "../probe/index.ts";
import { ExpressionError } from "./expression/error.ts";
import { captureDefaults, type CaptureOptions } from "./code/fields.ts";
import { callKeySize, counter, type ProgramMaps } from "./code/programs.ts";
import { header, kinds, kindShift } from "./code/record.ts";
import { presentResult, readValues, valueReaders, type ReadValue } from "./decode.ts";
import type { LostEvent, NamedValue, TraceEvent, TraceValue } from "./event.ts";
import { parseFilter } from "./packet/filter/parse.ts";
import { planProbe, type ProbePlan, type When } from "./plan.ts";
import { probeText, type Probe, type RefusedProbe } from "./probe.ts";
import { resolveProbes } from "./probes.ts";
import { frameText } from "./text.ts";
import type { StackLines } from "./lines.ts";
import { Attacher, type AttachedProbe } from "./attach.ts";
import { isPacketEnd, packetEnds, packetWay } from "./skb.ts";
import { KernelNames } from "./stacks.ts";

export type TraceOptions = {
  /** `MODULE:FUNCTION` with * and ?, a module's name for all of its functions, `t:CATEGORY:NAME`. */
  readonly probes: readonly string[];
  /** What is shown of a call instead of the arguments: expressions (docs/trace.md). */
  readonly expressions?: readonly string[];
  /** A condition, asked in the kernel. */
  readonly filter?: string | null;
  /** A condition on the first argument that is a `struct sk_buff *`, in pcap's syntax; asked in the kernel. Probes without such an argument are refused. */
  readonly pcap?: string | null;
  readonly when?: When;
  /**
   * Follows packets: of each call only its argument `struct sk_buff *` is kept, probes without one are refused, and those that end a packet are added (`packetEnds`; no filter holds for them).
   * Without `probes` those of `packetWay` and of all modules that have one are taken.
   */
  readonly follow?: "calls" | "packets";
  /** Addresses of a kernel stack that are kept; 0 for none. */
  readonly stackDepth?: number;
  /** Where debug files are looked for, beside the usual places, for inlined functions and lines of stacks; null: names only. */
  readonly debugFiles?: Pick<SearchPlaces, "vmlinux" | "modules"> | null;
  /** `leaves modules free`: only kprobes on modules' functions; fentry keeps a module from being unloaded. */
  readonly pinned?: "may pin modules" | "leaves modules free";
  /** Most events a second; null for no limit. */
  readonly rate?: number | null;
  /** Bytes of the ring; a power of two. */
  readonly ringSize?: number;
  readonly captures?: Partial<CaptureOptions>;
  readonly signal?: AbortSignal;
  readonly progress?: (done: number, all: number) => void;
};

export type TraceStatistics = {
  readonly events: number;
  /** Events that there was no room for, or that came faster than the rate that was asked for. */
  readonly full: bigint;
  readonly rate: bigint;
  /** Calls whose filter could not be evaluated, since memory could not be read, or the packet has no header for a packet filter to begin at: they are not among the events. */
  readonly faults: bigint;
  /** Calls that were not followed to their return: too many at a time. */
  readonly calls: bigint;
  /** Calls that the kernel did not run a program for, since one was running on that processor; null where it does not count them. */
  readonly nested: bigint | null;
  /** Calls whose return was not seen up to now: they have not returned, or the kernel missed it (kretprobes before 5.16 follow as many calls at a time as there are processors). */
  readonly open: number;
};

/** What became of a module that probes are in. */
export type ModuleChange = { readonly module: string; readonly change: "unloaded" } | { readonly module: string; readonly change: "loaded"; /** How many of its probes are attached again. */ readonly attached: number; readonly refused: readonly RefusedProbe[] };

/** Calls in flight that are followed to their return. */
const mostCalls = 4096;
const defaultRing = 1 << 22;
/**
 * With more functions than this kprobes are taken before fentry: those of one form share a program, and detach in a third of the time (docs/trace.md has the figures). A call through
 * fentry costs less.
 */
const mostTrampolines = 100;
/** The same where packets are followed: those programs are alike, so that few are to be loaded. */
const mostPacketTrampolines = 32;
/** With more than this the kernel is asked to take all at once (kprobe.multi, 5.18 with CONFIG_FPROBE), which takes as long as one. */
const fewTrampolines = 10;
/** How often what was lost is asked for, in milliseconds. */
const lostEvery = 500;

type Attached = {
  readonly plan: ProbePlan;
  readonly text: string;
  readonly readers: readonly { readonly name: string; readonly read: ReadValue }[];
  readonly result: ((bits: bigint) => TraceValue) | null;
};

/** A trace that runs. Close it when done: nothing of it outlives `close`, nor the process. */
export class Trace implements AsyncIterable<TraceEvent> {
  readonly attached: readonly AttachedProbe[];
  readonly refused: readonly RefusedProbe[];
  readonly lacking: readonly Lacking[];
  /** By number; there are gaps where one was refused. */
  readonly #probes: readonly (Attached | undefined)[];
  readonly #programs: readonly GeneratedProgram[];
  readonly #maps: readonly BpfMap[];
  readonly #counters: BpfMap;
  readonly #calls: BpfMap | null;
  #openCalls = 0;
  #counted: readonly bigint[] = [];
  readonly #ring: RingBuffer<TraceEvent>;
  readonly #when: When;
  readonly #signal: AbortSignal | undefined;
  #seen: Record<LostEvent["why"], bigint> = { full: 0n, rate: 0n, nested: 0n };
  readonly #names: KernelNames;
  readonly #packets: boolean;
  /** When all was attached, by the clock of events: of a packet that was met before, the end may have passed unseen. */
  readonly #since = process.hrtime.bigint();
  /** Modules that kprobes are in, as they were found last. */
  readonly #modules: Map<string, number | null>;
  #lookedAt = performance.now();
  readonly #again: Reattach;
  readonly #lines: StackLines | null;
  #open = true;
  #last: TraceStatistics | null = null;
  /** What the programs counted, once they are closed. */
  #nested: bigint | null | undefined = undefined;

  /**
   * Finds, loads and attaches. Probes that cannot be had are in `refused`, and the rest is attached. Throws `ExpressionError` for an expression that no probe can have, `not-found` where no
   * probe is left, `not-permitted`, `missing-feature`, `missing-library`.
   */
  static async open(options: TraceOptions): Promise<Trace> {
    return openTrace(options);
  }

  /** @internal */
  constructor(parts: { attached: readonly AttachedProbe[]; refused: readonly RefusedProbe[]; lacking: readonly Lacking[]; probes: readonly (Attached | undefined)[]; programs: readonly GeneratedProgram[]; maps: readonly BpfMap[]; counters: BpfMap; calls: BpfMap | null; when: When; names: KernelNames; packets: boolean; again: Reattach; lines: StackLines | null; signal?: AbortSignal }, ring: (decode: (record: RingRecord) => TraceEvent) => RingBuffer<TraceEvent>) {
    this.attached = parts.attached;
    this.refused = parts.refused;
    this.lacking = parts.lacking;
    this.#probes = parts.probes;
    this.#programs = parts.programs;
    this.#maps = parts.maps;
    this.#counters = parts.counters;
    this.#calls = parts.calls;
    this.#when = parts.when;
    this.#signal = parts.signal;
    this.#names = parts.names;
    this.#packets = parts.packets;
    this.#again = parts.again;
    this.#modules = new Map(parts.attached.flatMap(({ module, how }) => (how === "kprobe" && module !== null ? [[module, loadedAs(module)] as const] : [])));
    this.#lines = parts.lines;
    this.#ring = ring((record) => this.#event(record));
  }

  #event(record: RingRecord): TraceEvent {
    const word = record.u32(header.probe);
    const kind = kinds[word >>> kindShift] ?? "entry";
    const { plan, text, readers, result } = this.#probes[word & (2 ** kindShift - 1)]!;
    const { probe, layout } = plan;
    const whole = kind !== "exit" || this.#when === "return";
    let stack: readonly bigint[] | null = null;
    if (layout.stack !== null && whole) {
      const length = Number(record.i64(layout.stack.offset));
      stack = Array.from({ length: Math.max(0, Math.min(layout.stack.depth, length / 8)) }, (_, index) => record.u64(layout.stack!.offset + 8 + 8 * index));
    }
    return {
      kind,
      time: record.u64(header.time),
      cpu: record.u32(header.cpu),
      pid: record.u32(header.pidTgid + 4),
      tid: record.u32(header.pidTgid),
      comm: record.text(header.comm, 16),
      probe: text,
      module: probe.kind === "tracepoint" ? probe.category : probe.module,
      function: probe.name,
      args: whole ? this.#placed(probe, readValues(readers, record)) : [],
      ret: kind === "exit" && result ? result(record.u64(header.ret)) : null,
      duration: kind === "exit" ? record.u64(header.duration) : null,
      stack: stack === null ? null : this.#names.frames(stack, probe.kind === "function" ? probe : null),
    };
  }

  /** Addresses of code by their names: where a tracepoint of packets was passed. */
  #placed(probe: Probe, values: NamedValue[]): NamedValue[] {
    if (!this.#packets || probe.kind !== "tracepoint") return values;
    return values.map((one) => {
      if (one.name !== "location" || one.value.kind !== "pointer" || one.value.address === 0n) return one;
      const [frame] = this.#names.frames([one.value.address], null);
      return frame === undefined || frame.symbol === null ? one : { name: one.name, value: { ...one.value, text: frameText(frame) } };
    });
  }

  /** Events as they come, in arrays, an empty one when none came for half a second; what is lost is told by events of its own. Ends with `close`, or an abort. What is in the ring then is given still. */
  async *batches(): AsyncGenerator<TraceEvent[], void, void> {
    let asked = performance.now();
    while (this.#open && this.#signal?.aborted !== true) {
      const events = this.#taken();
      if (events.length > 0) yield await this.#filled(events);
      const now = performance.now();
      if (now - asked >= lostEvery) {
        asked = now;
        const lost = this.#lost();
        if (lost.length > 0) yield lost;
      }
      if (events.length === 0) {
        if (!(await this.#ring.wait({ timeout: lostEvery, ...(this.#signal ? { signal: this.#signal } : {}) }))) yield [];
      }
      // Signals and timers have their turn, however fast events come.
      else await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (this.#open) for (const events of this.rest()) yield await this.#filled(events);
  }

  #taken(): TraceEvent[] {
    const events = this.#ring.take(1024);
    return this.#packets ? events.filter(({ time }) => time >= this.#since) : events;
  }

  async #filled(events: TraceEvent[]): Promise<TraceEvent[]> {
    return this.#lines === null ? events : this.#lines.filled(events);
  }

  /** Why stacks have no lines, by module; the kernel's own under `vmlinux`. */
  get withoutLines(): ReadonlyMap<string, string> {
    return this.#lines?.lacking ?? new Map<string, string>();
  }

  /** Detaches, and gives what is in the ring still; stacks of it have names, and no lines. */
  *rest(): Generator<TraceEvent[], void, void> {
    this.#detach();
    for (let events = this.#taken(); events.length > 0; events = this.#taken()) yield events;
    const lost = this.#lost();
    if (lost.length > 0) yield lost;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TraceEvent, void, void> {
    for await (const events of this.batches()) yield* events;
  }

  #lost(): LostEvent[] {
    const now = this.statistics();
    const time = process.hrtime.bigint();
    const events: LostEvent[] = [];
    for (const why of ["full", "rate", "nested"] as const) {
      const value = now[why];
      if (value === null || value <= this.#seen[why]) continue;
      events.push({ kind: "lost", time, count: value - this.#seen[why], why });
      this.#seen[why] = value;
    }
    return events;
  }

  /**
   * Modules of probes that were unloaded since the last call (only kprobes leave them free), and those that are loaded again: their probes are attached anew then. `refused`: those that could not
   * be. Looks at most twice a second; what is called before is not seen.
   */
  async moduleChanges(): Promise<readonly ModuleChange[]> {
    const now = performance.now();
    if (!this.#open || this.#modules.size === 0 || now - this.#lookedAt < lostEvery) return [];
    this.#lookedAt = now;
    const changes: ModuleChange[] = [];
    for (const [module, known] of this.#modules) {
      const found = loadedAs(module);
      if (found === known) continue;
      if (known !== null) changes.push({ module, change: "unloaded" });
      this.#modules.set(module, null);
      if (found === null) continue;
      const { attached, refused } = await this.#again(module);
      this.#modules.set(module, found);
      changes.push({ module, change: "loaded", attached, refused });
    }
    return changes;
  }

  /** How often each probe was passed, up to now; after `close` up to then. Only of a trace that counts. */
  counts(): readonly { readonly probe: string; readonly count: bigint }[] {
    if (this.#open) this.#counted = this.#words(counter.probes, this.#probes.length);
    return this.#probes.flatMap((probe, index) => (probe === undefined ? [] : [{ probe: probe.text, count: this.#counted[index] ?? 0n }]));
  }

  #words(from: number, count: number): bigint[] {
    const bytes = this.#counters.get(0) as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: count }, (_, index) => view.getBigUint64(8 * (from + index), true));
  }

  /** What it came to up to now; after `close` what it was then. */
  statistics(): TraceStatistics {
    if (!this.#open) return this.#last!;
    const words = this.#words(0, counter.probes);
    const word = (index: number): bigint => words[index]!;
    let nested: bigint | null = this.#nested === undefined ? 0n : this.#nested;
    for (const program of this.#nested === undefined ? this.#programs : []) {
      try {
        nested = (nested ?? 0n) + program.info().recursionMisses;
      } catch {
        nested = null;
        break;
      }
    }
    return { events: this.#ring.statistics().records, full: word(counter.full), rate: word(counter.rate), faults: word(counter.faults), calls: word(counter.calls), nested, open: this.#openCalls };
  }

  /** Counted once, when all is detached. */
  #countOpen(): void {
    this.#openCalls = this.#calls === null ? 0 : [...this.#calls.keys()].length;
  }

  #detach(): void {
    if (this.#nested !== undefined) return;
    const { nested } = this.statistics();
    for (const program of this.#programs) program.close();
    this.#nested = nested;
    this.#countOpen();
  }

  /** Detaches and frees all. A second time it does nothing. */
  close(): void {
    if (!this.#open) return;
    if (this.#nested === undefined) this.#detach();
    this.#last = this.statistics();
    this.counts();
    this.#ring.close();
    this.#lines?.close();
    for (const map of this.#maps) map.close();
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Events of probes, until the signal or a `break` ends it: `for await (const event of trace({ probes: ["gtp:gtp_dev_xmit"] })) …` */
export async function* trace(options: TraceOptions): AsyncGenerator<TraceEvent, void, void> {
  const running = await openTrace(options);
  try {
    yield* running;
  } finally {
    running.close();
  }
}

async function openTrace({ probes: texts, expressions = [], filter = null, pcap = null, when = "entry", follow = "calls", stackDepth = 0, debugFiles = {}, pinned = "may pin modules", rate = null, ringSize = defaultRing, captures = {}, signal, progress }: TraceOptions): Promise<Trace> {
  const packetFilter = pcap === null ? null : parseFilter(pcap);
  const packets = follow === "packets";
  const ifThere = !packets ? [] : texts.length > 0 ? packetEnds : [...packetEnds, ...packetWay];
  const { probes, refused: unresolved, lacking, arch, optional } = await resolveProbes(texts, { pinned, ifThere, modules: packets && texts.length === 0 ? "all" : "as named" });
  signal?.throwIfAborted();
  const refused: RefusedProbe[] = [...unresolved];
  const plans: ProbePlan[] = [];
  let wrong: OopscopeError | null = null;
  const planned = (probe: Probe, isEnd: boolean): ProbePlan => planProbe(probe, arch, { expressions, ...(isEnd ? { filter: null, packetFilter: null } : { filter, packetFilter }), when, stackDepth, captures: { ...captureDefaults, ...captures }, packets: !packets ? "none" : isEnd && probe.kind === "function" ? "address" : "whole" });
  const ends = new Set(packets ? [...optional].filter(isPacketEnd) : []);
  for (const probe of probes) {
    try {
      plans.push(planned(probe, ends.has(probe)));
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      if (optional.has(probe) && !(error instanceof ExpressionError)) continue;
      wrong ??= error;
      refused.push({ probe: probeText(probe), why: error.message });
    }
  }
  if (plans.every(({ probe }) => ends.has(probe))) throw wrong instanceof ExpressionError ? wrong : noProbes(refused);
  const programs: GeneratedProgram[] = [];
  const maps: BpfMap[] = [];
  const make = async (map: Parameters<typeof BpfMap.create>[0]): Promise<BpfMap> => {
    const made = await BpfMap.create(map);
    maps.push(made);
    return made;
  };
  try {
    const size = Math.max(...plans.map(({ layout }) => layout.size));
    const counters = await make({ type: "array", name: "trace_counters", keySize: 4, valueSize: 8 * (counter.probes + plans.length), maxEntries: 1 });
    const ring = await make({ type: "ringbuf", name: "trace_ring", keySize: 0, valueSize: 0, maxEntries: ringSize });
    const follows = (when === "return" || when === "both") && plans.some(({ probe }) => probe.kind === "function");
    const calls = follows ? await make({ type: "hash", name: "trace_calls", keySize: callKeySize, valueSize: size, maxEntries: mostCalls }) : null;
    const blank = follows ? await make({ type: "array", name: "trace_blank", keySize: 4, valueSize: size, maxEntries: 1 }) : null;
    const shared: ProgramMaps = { counters, ring, calls, blank };
    const functions = plans.filter(({ probe }) => probe.kind === "function").length;
    const many = functions > (packets ? mostPacketTrampolines : mostTrampolines);
    const attacher = new Attacher(shared, when, plans.length, rate, ownPid(), programs, many ? "kprobe" : "fentry");
    const attached: AttachedProbe[] = [];
    const parts = new Array<Attached | undefined>(plans.length).fill(undefined);
    const together = functions > fewTrampolines ? await attacher.attachTogether(plans, pinned) : null;
    for (const [index, plan] of plans.entries()) {
      signal?.throwIfAborted();
      const text = probeText(plan.probe);
      try {
        const done = together?.has(index) === true ? ({ how: "kprobe.multi", why: plan.probe.kind === "function" ? plan.probe.fallback : null } as const) : await attacher.attach(plan, index);
        attached.push({ probe: text, module: plan.probe.kind === "function" ? plan.probe.module : null, how: done.how, why: optional.has(plan.probe) ? null : done.why });
        parts[index] = partOf(plan);
      } catch (error) {
        if (!(error instanceof OopscopeError) || ["not-permitted", "missing-library"].includes(error.code)) throw error;
        refused.push({ probe: text, why: error.message });
      }
      progress?.(index + 1, plans.length);
    }
    if (attached.length === 0) throw noProbes(refused);
    const again: Reattach = async (module) => {
      const numbers = attached.flatMap(({ probe, how, module: own }) => (how === "kprobe" && own === module ? [parts.findIndex((part) => part?.text === probe)] : []));
      const failed: RefusedProbe[] = [];
      // The addresses are others, and the types may be.
      const found = new Map((await resolveProbes(numbers.map((number) => parts[number]!.text), { pinned })).probes.map((probe) => [probeText(probe), probe]));
      for (const number of numbers) {
        const { text } = parts[number]!;
        attacher.forget(number);
        try {
          const probe = found.get(text);
          if (probe === undefined) throw new OopscopeError("not-found", "it is not in the module any more", {});
          const plan = planned(probe, false);
          if (plan.layout.size > size) throw new OopscopeError("unsupported", "its arguments have become larger; start the trace again", {});
          await attacher.attach(plan, number, "kprobe");
          parts[number] = partOf(plan);
        } catch (error) {
          if (!(error instanceof OopscopeError)) throw error;
          failed.push({ probe: text, why: error.message });
        }
      }
      return { attached: numbers.length - failed.length, refused: failed };
    };
    let opened: RingBuffer<TraceEvent> | null = null;
    let decode: ((record: RingRecord) => TraceEvent) | null = null;
    opened = await RingBuffer.open<TraceEvent>(ring, { decode: (record) => decode!(record) });
    const names = new KernelNames();
    const lines = stackDepth === 0 || debugFiles === null ? null : new (await import("./lines.ts")).StackLines(names, debugFiles);
    return new Trace({ attached, refused, lacking, probes: parts, programs, maps, counters, calls, when, names, packets, again, lines, ...(signal ? { signal } : {}) }, (own) => {
      decode = own;
      return opened;
    });
  } catch (error) {
    for (const program of programs) program.close();
    for (const map of maps) map.close();
    throw error;
  }
}

function partOf(plan: ProbePlan): Attached {
  return { plan, text: probeText(plan.probe), readers: valueReaders(plan.probe.btf, plan.layout.fields), result: plan.result && presentResult(plan.probe.btf, plan.result) };
}

function noProbes(refused: readonly RefusedProbe[]): OopscopeError {
  const [first] = refused;
  const more = refused.length > 1 ? ` (and ${refused.length - 1} more)` : "";
  return new OopscopeError("not-found", first === undefined ? "no probe is left to attach" : `cannot trace \`${first.probe}\`: ${first.why}${more}`, { probe: first?.probe });
}

/** This process's number as the kernel has it; null within a PID namespace, where its own number would be another's (the first namespace is PROC_PID_INIT_INO, include/linux/proc_ns.h). */
function ownPid(): number | null {
  try {
    return readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]" ? process.pid : null;
  } catch {
    return null;
  }
}

type Reattach = (module: string) => Promise<{ readonly attached: number; readonly refused: readonly RefusedProbe[] }>;

/** A number that a module has for as long as it is loaded; null where it is not, or is on its way (kernfs gives its folder another each time). */
function loadedAs(module: string): number | null {
  try {
    const folder = `/sys/module/${module}`;
    return readFileSync(`${folder}/initstate`, "utf8").trim() === "live" ? statSync(folder).ino : null;
  } catch {
    return null;
  }
}
