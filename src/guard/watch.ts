import { closeSync, openSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { OopscopeError, messageOf } from "../base/index.ts";
import { BpfObject, MappedArray, type BpfLink, type BpfProgram, type ThreadHardness } from "../bpf/index.ts";
import type { Btf } from "../btf/index.ts";
import { packagedFile, sysctl } from "../system/index.ts";
import { eventOf, evidenceLevels, interruptStates, type EvidenceLevel, type GuardEvent, type Interrupts } from "./event.ts";
import { leaksOf, type Leak } from "./leaks.ts";
import { enders, missingRole, planHooks, type Hook, type HookPlan } from "./hooks.ts";
import { kernelTypes, kernelWords, processors, wipesFree, type AllocationSizes } from "./kernel.ts";
import { gapsAt, holdTooShort, namesOf, textOf, word, type ReaderOptions } from "./reader.ts";
import { functionRange, functionsOf, moduleRanges, rangesOf, readModules, readSymbolTable, variableAddresses, type SymbolTable } from "./symbols.ts";
import { leakText, type KernelWords } from "./text.ts";
import { freesObjects, importsOf, skbUses, type SkbUse, type SkbUses } from "./uses.ts";

/** A module to guard: its name, and its file where that is known, for its types and lines. */
export type GuardedModule = { readonly name: string; readonly file: string | null };

export type GuardOptions = {
  /** Up to sixteen: those that are loaded, and those that will be. */
  readonly modules: readonly GuardedModule[];
  /** Milliseconds that a second free is held at most until its event is written down; 0: none. */
  readonly hold?: number;
  /** Functions of modules are watched by kprobes alone, which are slower than fentry and let the modules be unloaded and loaded again. */
  readonly unpinned?: boolean;
  /** Print both stacks into the trace buffer as well, and let the kernel dump that when it dies. */
  readonly blackBox?: boolean;
  /** Remember what the modules allocate, for `leaks()`. */
  readonly leaks?: boolean;
  /** A file for the evidence, made anew, to which events are written as they happen. */
  readonly evidence?: string;
  /** `text`: a report in the kernel's manner. `level`: how far the evidence had come when this was told. */
  readonly onEvent: (event: GuardEvent, text: string, level: EvidenceLevel) => void;
  /** What is to be known and is no failure: a sentence each. */
  readonly onNote?: (text: string) => void;
  readonly signal?: AbortSignal;
};

export type GuardStatistics = {
  /** Frees that were remembered; of them forgotten for want of room before the object was allocated again, and without a stack. */
  readonly marked: bigint;
  readonly forgotten: bigint;
  readonly stackless: bigint;
  /** Stacks that had to be walked: the others were known. */
  readonly walked: bigint;
  /** Allocations of the modules for which there was no room, and frees of many at once that were too many to look at. */
  readonly untracked: bigint;
  /** Remembered frees whose object was allocated again. */
  readonly cleared: bigint;
  /** Marks whose object looked like another one when it was freed: no event was made of them. */
  readonly changed: bigint;
  /** Events that found no place. */
  readonly lost: bigint;
  /** Second frees that were no proof, as the kernel left out clears since the first: no event was made of them. */
  readonly doubtful: bigint;
  /** Times that the kernel left a hook out, as that very hook was at work on the processor already: of clears (what comes of that see `doubtful`), and of others. */
  readonly missedClears: bigint;
  readonly missed: bigint;
  /** Whether clears that were left out are looked at before an event is made; else they may mislead. */
  readonly missesCounted: boolean;
  readonly events: number;
  /** Of these, what became of the hold, by whether interrupts were on where it was held: with them off the kernel there does nothing else, and no wake-up comes. */
  readonly holds: Readonly<Record<Interrupts, HoldCounts>>;
};

/** Held second frees: those that user space acknowledged, and those whose time ran out. */
export type HoldCounts = { readonly acknowledged: number; readonly expired: number };

const places = 16;
const mostModules = 16;
/** Functions of guarded modules that are watched by fentry; others by kprobes. */
const mostEntries = 32;
const mostEnders = 24;
/** Of what modules allocated and did not free: objects, and stacks. */
const mostHeld = 131_072;
const mostOrigins = 4096;
/** Stacks a processor that are kept. */
const walksSize = 512;
/** Programs whose misses are looked at (CLEARERS). */
const mostClearers = 16;
const defaultHold = 300;
/** Functions that are named as not watched. */
const mostLeft = 8;
/** Marks a processor. */
const ringSize = 4096;
/** Return addresses of a first free that are kept, two or three of BPF's own among them. */
const freedDepth = 20;
/** Of so many readers on different processors one runs, however many of the others are held. */
const mostReaders = 4;
/** Milliseconds between looks for events to tell, and for modules that came or went. */
const lookInterval = 20;
const modulesInterval = 500;
const dumpOnOops = "/proc/sys/kernel/ftrace_dump_on_oops";

/** The watch. From `start` to `stop` the kernel remembers what was freed, and events are told. */
export class Guard {
  readonly hooks: readonly Hook[];
  /** Functions that this kernel has, and that are not watched. */
  readonly left: HookPlan["left"];
  readonly holding: boolean;
  /** Bytes of the kernel's memory that the maps take, all of them from the start. */
  readonly memory: number;
  readonly #options: GuardOptions;
  readonly #object: BpfObject;
  readonly #board: MappedArray;
  readonly #words: MappedArray;
  readonly #kernel: KernelWords;
  readonly #types: Btf;
  readonly #shared = new Int32Array(new SharedArrayBuffer(4 * (gapsAt(places) + mostReaders)));
  readonly #atStop: (() => void)[] = [];
  readonly #threads: Worker[] = [];
  readonly #uses = new Map<string, { readonly from: bigint; readonly links: readonly BpfLink[] }>();
  /** By fentry: from the start to the end. */
  readonly #entries: readonly Entry[];
  #table: SymbolTable;
  /** Counts the clears that the kernel left out; null where it leaves out none. */
  #misses: BpfProgram | null = null;
  readonly #holds = Object.fromEntries(interruptStates.map((state) => [state, { acknowledged: 0, expired: 0 }])) as Record<Interrupts, { acknowledged: number; expired: number }>;
  #told = 0;

  /**
   * Loads, attaches and starts the readers. Throws `not-permitted`, `missing-feature` (with what this kernel lacks), `missing-library`, `not-found` for a build without the programs, `unwritable` for
   * the evidence, `bad-argument`.
   */
  static async start(options: GuardOptions): Promise<Guard> {
    const { modules, hold = defaultHold } = options;
    if (modules.length === 0 || modules.length > mostModules) throw new OopscopeError("bad-argument", `guard watches 1 to ${mostModules} modules, not ${modules.length}`, { count: modules.length });
    const kernel = kernelTypes();
    const table = readSymbolTable();
    if (table.addresses.length === 0 || table.addresses.at(-1) === 0n) throw new OopscopeError("not-permitted", "the kernel hides the addresses of its functions from this process (kernel.kptr_restrict, CAP_SYSLOG)", { sysctl: "kernel.kptr_restrict" });
    const count = new Map<string, number>();
    for (const name of table.names.split("\n")) count.set(name, (count.get(name) ?? 0) + 1);
    const names = { argumentsOf: kernel.argumentsOf, hasFunction: (name: string) => count.get(name) === 1, hasTracepoint: kernel.hasTracepoint };
    const imports = await Promise.all(modules.map(importsOf));
    const plan = planHooks(names, {
      release: process.arch === "x64" && !wipesFree(),
      slab: imports.some((one) => one === null || [...one].some(freesObjects)),
      calls: (name) => imports.some((one) => one === null || one.has(name)),
      leaks: options.leaks === true,
    });
    const missing = missingRole(plan.hooks);
    if (missing !== null) throw new OopscopeError("missing-feature", `this kernel cannot be guarded: ${missing}`, {});
    const holding = hold > 0 && kernel.hasLoop && processors("online").length > 1;
    if (hold > 0 && !holding) options.onNote?.(`a second free is not held: ${kernel.hasLoop ? "there is one processor, and who writes the event down would not run" : "this kernel has no bpf_loop (5.17 and newer have)"}; --black-box puts both stacks into the panic's own log`);
    const entries = options.unpinned === true ? [] : await entriesOf(modules, table, kernel.btf, (name) => count.has(name));
    const settings = { holding, hold, blackBox: options.blackBox === true, leaks: options.leaks === true, sizes: kernel.sizes, level: options.evidence === undefined ? 2n : 3n, table };
    const file = packagedFile(kernel.hasLoop ? "programs/guard.bpf.o" : "programs/guard-noloop.bpf.o");
    const load = async (by: readonly Entry[]): Promise<BpfObject> => {
      const object = await BpfObject.open(file, { name: "guard" });
      try {
        prepare(object, plan, by, settings);
        object.load();
        return object;
      } catch (error) {
        object.close();
        throw error;
      }
    };
    let object: BpfObject;
    let bound = entries;
    try {
      object = await load(entries);
    } catch (error) {
      if (!(error instanceof OopscopeError) || entries.length === 0) throw error;
      object = await load((bound = []));
      options.onNote?.(`functions of the modules are watched by kprobes, which are slower than fentry: ${error.message}`);
    }
    let guard: Guard | null = null;
    try {
      guard = new Guard(options, object, await MappedArray.open(object.map("board")), await MappedArray.open(object.map("words")), kernel.btf, table, plan, bound, holding);
      await guard.#begin();
      return guard;
    } catch (error) {
      if (guard !== null) await guard.stop();
      object.close();
      throw error;
    }
  }

  private constructor(options: GuardOptions, object: BpfObject, board: MappedArray, words: MappedArray, types: Btf, table: SymbolTable, plan: HookPlan, entries: readonly Entry[], holding: boolean) {
    this.#options = options;
    this.#object = object;
    this.#board = board;
    this.#words = words;
    this.#types = types;
    this.#table = table;
    this.#entries = entries;
    this.#kernel = kernelWords();
    this.hooks = plan.hooks;
    this.left = plan.left;
    this.holding = holding;
    const count = processors("possible").length;
    this.memory = [...object.maps.values()].reduce((sum, map) => sum + map.maxEntries * ((map.valueSize + 7) & ~7) * (map.type.startsWith("percpu") ? count : 1), 0);
  }

  async #begin(): Promise<void> {
    const { evidence, blackBox, signal } = this.#options;
    const file = evidence === undefined ? null : openForEvidence(evidence);
    if (file !== null) this.#atStop.push(() => closeSync(file));
    const log = openLog();
    if (log !== null) this.#atStop.push(() => closeSync(log));
    if (blackBox === true) this.#atStop.push(dumpAtOops());
    // Who writes down is there before there is anything to write.
    await this.#startReaders(file, log);
    signal?.throwIfAborted();
    this.#countMisses();
    for (const hook of this.hooks) this.#object.program(hook.program).attach();
    for (const [index] of this.#entries.entries()) this.#object.program(entryProgram(index)).attach();
    await this.#followModules();
    this.#sayIfHoldIsShort();
    const look = setInterval(() => {
      this.#misses?.testRun();
      this.#tell();
    }, lookInterval);
    let busy = false;
    const modules = setInterval(() => {
      if (busy) return;
      busy = true;
      void this.#followModules().catch((error: unknown) => this.#options.onNote?.(`modules that came or went are not followed: ${messageOf(error)}`)).finally(() => (busy = false));
    }, modulesInterval);
    this.#atStop.push(() => clearInterval(look), () => clearInterval(modules));
  }

  /** Shows the kernel's side where clears that were left out are counted. */
  #countMisses(): void {
    const { programs } = this.#object;
    const counter = programs.get("count_misses");
    if (counter === undefined || this.#object.variable("per_cpu_offset").get() === 0n) return;
    // Those for leaks clear nothing.
    const clears = this.hooks.filter(({ role, program }) => role === "clear" && !program.startsWith("l_"));
    const numbers = (other: Hook["turn"]): number[] => {
      const ids = clears.flatMap(({ turn, program }) => (turn === other ? [] : [programs.get(program)!.info().id]));
      return Array.from({ length: mostClearers }, (_, index) => ids[index] ?? 0);
    };
    this.#object.variable("clearers").set([numbers("second"), numbers("first")].map((one) => ({ numbers: one, known: 0n, changed: 0n })));
    const found = programs.get("find_clearers")!.attach();
    found.read();
    found.close();
    counter.testRun();
    this.#misses = counter;
  }

  async #startReaders(evidence: number | null, log: number | null): Promise<void> {
    const options: Omit<ReaderOptions, "cpu" | "index"> = {
      boardId: this.#object.map("board").info().id,
      wordsId: this.#object.map("words").info().id,
      places, evidence, log, kernel: this.#kernel, table: this.#table, shared: this.#shared, holding: this.holding, interval: lookEvery(this.#options.hold ?? defaultHold),
    };
    const refused = new Set<string>();
    for (const [index, cpu] of processors("online").slice(0, mostReaders).entries()) {
      const thread = new Worker(packagedFile("guard/reader-thread.js"), { trackUnmanagedFds: false, workerData: { ...options, cpu, index } satisfies ReaderOptions });
      this.#threads.push(thread);
      const { pinned, realtime, locked } = await readiness(thread);
      if (!pinned) refused.add("on its own processor");
      if (!realtime) refused.add("at a real-time priority (CAP_SYS_NICE)");
      if (!locked) refused.add("in locked memory (CAP_IPC_LOCK)");
    }
    for (const what of refused) this.#options.onNote?.(`what writes events down does not run ${what}: a busy machine may lose them`);
  }

  /** The readers have looked while the programs were attached: whether this machine lets them come in time. */
  #sayIfHoldIsShort(): void {
    const { hold = defaultHold } = this.#options;
    const short = this.holding ? holdTooShort(hold, [...this.#shared.subarray(gapsAt(places))]) : null;
    if (short !== null) this.#options.onNote?.(`a hold of ${hold} ms may be over before an event is written down: what writes it came to look only every ${short.slowest} ms at times; ${short.advised} ms would do (--hold ${short.advised})`);
  }

  /** Where the guarded modules lie now, and their functions that take an skb. */
  async #followModules(): Promise<void> {
    const text = readModules();
    if (text === this.#table.modules && this.#uses.size > 0) return;
    if (text !== this.#table.modules) {
      this.#table = readSymbolTable();
      for (const thread of this.#threads) thread.postMessage(this.#table);
    }
    const guarded = rangesOf(this.#options.modules.map(({ name }) => name));
    const table = (which: "code" | "data") => Array.from({ length: mostModules }, (_, index) => ({ from: guarded[index]?.[which].from ?? 0n, to: guarded[index]?.[which].to ?? 0n }));
    const whole = (which: "code" | "data") => {
      const all = guarded.flatMap((one) => (one === null ? [] : [one[which]]));
      return all.reduce((sum, { from, to }) => ({ from: from < sum.from ? from : sum.from, to: to > sum.to ? to : sum.to }), all[0] ?? { from: 0n, to: 0n });
    };
    for (const which of ["code", "data"] as const) {
      const { from, to } = whole(which);
      this.#object.variable(which === "code" ? "ranges" : "data_ranges").set(table(which));
      this.#object.variable(which).set({ from, to });
    }
    for (const [index, module] of this.#options.modules.entries()) {
      const range = guarded[index]?.code;
      const known = this.#uses.get(module.name);
      if (range != null && known?.from === range.from) continue;
      for (const link of known?.links ?? []) link.close();
      this.#uses.delete(module.name);
      if (range == null) {
        if (known !== undefined || this.#uses.size === 0) this.#options.onNote?.(`the module ${module.name} is not loaded; it is watched as soon as it is`);
        this.#uses.set(module.name, { from: 0n, links: [] });
      } else this.#uses.set(module.name, { from: range.from, links: await this.#attachUses(module) });
    }
  }

  async #attachUses({ name: module, file }: GuardedModule): Promise<BpfLink[]> {
    const uses = await skbUses(module, file, functionsOf(this.#table, module), this.#types);
    if (uses === null) this.#options.onNote?.(`nothing tells which functions of ${module} take an skb: uses after a free are not watched, and all frees of skbs are remembered, which costs more (its BTF or its file with debug information would tell: oopscope guard PATH/TO/${module}.ko)`);
    if (uses !== null && uses.left.length > 0) this.#options.onNote?.(`of ${module} these are not looked at when they are entered: ${listed(uses.left)}`);
    // Then nothing tells which skbs it had, either.
    if (uses === null) this.#object.variable("everything").set(true);
    const links: BpfLink[] = [];
    const byEntry = new Set(this.#entries.flatMap((entry) => (entry.module === module ? [entry.function] : [])));
    for (const { function: name, argument } of uses?.uses ?? []) {
      if (byEntry.has(name)) continue;
      try {
        links.push(this.#object.program(`use_${argument}`).attach({ kind: "kprobe", function: `${module}:${name}` }));
      } catch (error) {
        if (!(error instanceof OopscopeError)) throw error;
        this.#options.onNote?.(error.message);
      }
    }
    return links;
  }

  /** How many functions of the guarded modules have their skb looked at when they are entered. */
  get uses(): number {
    return [...this.#uses.values()].reduce((sum, { links }) => sum + links.length, this.#entries.length);
  }

  /** Modules that cannot be unloaded before the end: fentry holds them. */
  get pinned(): readonly string[] {
    return [...new Set(this.#entries.map(({ module }) => module))];
  }

  /** Tells events that are complete, in their order. */
  #tell(): void {
    for (;;) {
      const place = this.#told % places;
      if (this.#words.load(word.begun) <= BigInt(this.#told) || this.#board.load(place) !== BigInt(this.#told + 1)) return;
      const event = eventOf(this.#board.get(place), this.holding);
      const level = Number(this.#words.load(word.levels + place));
      // Until its time is over it may come to be known as held; one whose processor died with it never is.
      if (event !== null && event.hold === "waiting" && monotonic() < event.time + 2_000_000_000n) return;
      this.#told++;
      this.#words.store(word.read, BigInt(this.#told));
      if (event?.hold === "acknowledged" || event?.hold === "expired") this.#holds[event.interrupts][event.hold]++;
      if (event !== null) this.#options.onEvent(event, textOf(this.#kernel, this.#table, event), evidenceLevels[level] ?? "board");
    }
  }

  /** What the guarded modules allocated since the start and nobody has freed, by stack, the most bytes first; null where that was not wanted. In `text` as a report each. */
  leaks(): { readonly leaks: readonly Leak[]; readonly text: string } | null {
    if (this.#options.leaks !== true) return null;
    const leaks = leaksOf(this.#object.map("held"), this.#object.map("origins"));
    const now = monotonic();
    return { leaks, text: leaks.map((leak) => leakText(leak, now, this.#kernel, namesOf(this.#table))).join("") };
  }

  statistics(): GuardStatistics {
    type Counts = Readonly<Record<"marked" | "cleared" | "forgotten" | "lost" | "changed" | "stackless" | "walked" | "untracked" | "doubtful", bigint>>;
    const processorsMap = this.#object.map("processors");
    const counts = Array.from({ length: processorsMap.maxEntries }, (_, index) => (processorsMap.get(index) as { readonly counters: Counts }).counters);
    const sum = (name: keyof Counts): bigint => counts.reduce((total, one) => total + one[name], 0n);
    let missedClears = 0n;
    let missed = 0n;
    for (const { program, role } of this.hooks) {
      const { recursionMisses } = this.#object.program(program).info();
      if (role === "clear") missedClears += recursionMisses;
      else missed += recursionMisses;
    }
    return {
      marked: sum("marked"), cleared: sum("cleared"), forgotten: sum("forgotten"), lost: sum("lost"), changed: sum("changed"), stackless: sum("stackless"), walked: sum("walked"), untracked: sum("untracked"), doubtful: sum("doubtful"),
      missedClears, missed, missesCounted: this.#object.programs.get("count_misses") === undefined || this.#misses !== null, events: this.#told, holds: structuredClone(this.#holds),
    };
  }

  /** Tells what there is yet, detaches, ends the readers, and puts back what was changed. A second time it does nothing. */
  async stop(): Promise<GuardStatistics | null> {
    if (this.#object.state === "closed") return null;
    for (const { links } of this.#uses.values()) for (const link of links) link.close();
    // What clears goes last: without it a mark would outlive its object.
    for (const link of [...this.#object.links].reverse()) link.close();
    this.#tell();
    const statistics = this.statistics();
    Atomics.store(this.#shared, 0, 1);
    Atomics.notify(this.#shared, 0);
    await Promise.all(this.#threads.map((thread) => new Promise((ended) => (thread.threadId < 0 ? ended(null) : thread.once("exit", ended)))));
    for (const task of this.#atStop.reverse()) task();
    this.#board.close();
    this.#words.close();
    this.#object.close();
    return statistics;
  }
}

/** A function of a module that is watched by fentry. */
type Entry = SkbUse & { readonly module: string };

const entryProgram = (index: number): string => `entry_${index.toString(8).padStart(2, "0")}`;

/** Functions of loaded modules that fentry takes: with a type in the module's BTF, and the only ones of their name, by which the kernel finds them. */
async function entriesOf(modules: readonly GuardedModule[], table: SymbolTable, types: Btf, inKernel: (name: string) => boolean): Promise<readonly Entry[]> {
  const loaded = new Set(moduleRanges(table.modules).map(({ module }) => module));
  const entries: Entry[] = [];
  for (const { name: module } of modules) {
    if (!loaded.has(module)) continue;
    for (const use of (await skbUses(module, null, functionsOf(table, module), types))?.uses ?? []) {
      if (entries.length < mostEntries && !inKernel(use.function) && table.names.split(`\n${use.function}\t`).length === 2) entries.push({ ...use, module });
    }
  }
  return entries;
}

/** Names and reasons in words, eight at most. */
function listed(left: SkbUses["left"]): string {
  const shown = left.slice(0, mostLeft).map(({ function: name, why }) => `${name} (${why})`);
  return `${shown.join("; ")}${left.length > mostLeft ? `; and ${left.length - mostLeft} more` : ""}`;
}

type Settings = { readonly holding: boolean; readonly hold: number; readonly blackBox: boolean; readonly leaks: boolean; readonly sizes: AllocationSizes; /** What a hold waits for. */ readonly level: bigint; readonly table: SymbolTable };

function prepare(object: BpfObject, plan: HookPlan, entries: readonly Entry[], { holding, hold, blackBox, leaks, sizes, level, table }: Settings): void {
  const wanted = new Set(["find_clearers", "count_misses", ...plan.hooks.map(({ program }) => program), ...entries.map((_, index) => entryProgram(index))]);
  for (const program of object.programs.values()) program.autoload = wanted.has(program.name) || program.name.startsWith("use_");
  for (const [index, { function: name }] of entries.entries()) object.program(entryProgram(index)).setTarget(name);
  object.variable("use_argument").set(Array.from({ length: mostEntries }, (_, index) => entries[index]?.argument ?? 0));
  const count = Math.max(...processors("possible")) + 1;
  object.setMaxEntries("marks", ringSize * count);
  object.setMaxEntries("walks", walksSize * count);
  object.setMaxEntries("processors", count);
  object.setMaxEntries("flags_locks", count);
  object.variable("ring_size").set(ringSize);
  object.variable("freed_size").set(8 * freedDepth);
  object.variable("cache_put").set(plan.cachePut);
  object.variable("black_box").set(blackBox);
  object.variable("hold_time").set(holding ? BigInt(Math.round(hold * 1e6)) : 0n);
  object.variable("hold_level").set(level);
  object.setMaxEntries("held", leaks ? mostHeld : 1);
  object.setMaxEntries("origins", leaks ? mostOrigins : 1);
  object.variable("leaks").set(leaks);
  object.variable("kmalloc_size").set(sizes.kmalloc);
  object.variable("cache_size").set(sizes.cache);
  // On x86-64 vmalloc's memory lies between the first two, which are other ones at each boot.
  const [from, to, offset] = variableAddresses(["vmalloc_base", "vmemmap_base", "__per_cpu_offset"]);
  object.variable("vmalloc_bounds").set({ from, to });
  if (object.programs.has("count_misses")) {
    object.variable("per_cpu_offset").set(offset);
    object.variable("possible").set(count);
  }
  const code = codeRegion(table);
  object.variable("code_from").set(code.from);
  object.variable("code_size").set(code.to - code.from);
  if (!plan.release) return;
  object.variable("release_from").set(functionRange(table, "skb_release_head_state")?.from ?? 0n);
  const ends = enders.flatMap((name) => functionRange(table, name) ?? []);
  object.variable("enders").set(Array.from({ length: mostEnders }, (_, index) => ({ from: ends[index]?.from ?? 0n, to: ends[index]?.to ?? 0n })));
}

/** Where code of the kernel and of any module lies: on x86-64 the last two gigabytes; elsewhere within four of the kernel. What is no code but lies there makes stacks look different, and never the same. */
function codeRegion(table: SymbolTable): { readonly from: bigint; readonly to: bigint } {
  if (process.arch === "x64") return { from: 0xffff_ffff_8000_0000n, to: 0xffff_ffff_ff00_0000n };
  const { from } = table.ranges[0]!;
  return { from: from - (1n << 32n), to: from + (1n << 32n) };
}

/** Milliseconds between looks of a reader: a small part of a hold; without one each counts. */
function lookEvery(hold: number): number {
  return Math.min(10, Math.max(1, Math.floor(hold / 30)));
}

async function readiness(thread: Worker): Promise<ThreadHardness> {
  return new Promise((resolve, reject) => {
    thread.once("message", (said: { hardness?: ThreadHardness; failed?: string }) => {
      if (said.hardness) resolve(said.hardness);
      else reject(new OopscopeError("unsupported", `what writes events down did not start: ${said.failed ?? "unknown"}`));
    });
    thread.once("error", reject);
  });
}

/** CLOCK_MONOTONIC, as bpf_ktime_get_ns has it. */
const monotonic = (): bigint => process.hrtime.bigint();

function openForEvidence(path: string): number {
  try {
    return openSync(path, "w", 0o600);
  } catch (cause) {
    throw new OopscopeError("unwritable", `the evidence cannot be written to ${path}: ${messageOf(cause)}`, { file: path }, cause);
  }
}

/** The kernel's log, for what is written there; null where that is not allowed. */
function openLog(): number | null {
  try {
    return openSync("/dev/kmsg", "w");
  } catch {
    return null;
  }
}

/** Lets the kernel dump the trace buffer when it dies; gives how that is put back. */
function dumpAtOops(): () => void {
  const before = sysctl("kernel.ftrace_dump_on_oops");
  if (before === null) throw new OopscopeError("missing-feature", "this kernel has no trace buffer to dump (kernel.ftrace_dump_on_oops, CONFIG_TRACING)", { sysctl: "kernel.ftrace_dump_on_oops" });
  const set = (value: string): void => {
    try {
      writeFileSync(dumpOnOops, value);
    } catch (cause) {
      throw new OopscopeError("not-permitted", `kernel.ftrace_dump_on_oops cannot be set: ${messageOf(cause)}`, { sysctl: "kernel.ftrace_dump_on_oops" }, cause);
    }
  };
  set("1");
  return () => set(before);
}
