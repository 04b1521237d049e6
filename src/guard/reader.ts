import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { BpfMap, hardenThread, MappedArray, type ThreadHardness } from "../bpf/index.ts";
import { eventOf, type GuardEvent } from "./event.ts";
import { frameText, moduleRanges, readModules, type CodeRange, type SymbolTable } from "./symbols.ts";
import { eventText, type KernelWords } from "./text.ts";

/** What a reader is started with. */
export type ReaderOptions = {
  readonly cpu: number;
  readonly boardId: number;
  readonly wordsId: number;
  readonly places: number;
  /** Descriptor of the evidence file, null for none; and of the kernel's log. */
  readonly evidence: number | null;
  readonly log: number | null;
  readonly kernel: KernelWords;
  readonly table: SymbolTable;
  /** Its number among the readers, from 0. */
  readonly index: number;
  /** Shared by all readers: 0 to stop; then the number that was claimed last for each place of the board; then of each reader the longest time between two looks so far, in microseconds. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  readonly holding: boolean;
  /** So often it looks, in milliseconds. A wake-up by the kernel would come on the processor that is being held, if at all. */
  readonly interval: number;
};

/** Words of the map `words`, as programs/guard.bpf.c has them. */
export const word = { begun: 0, read: 1, levels: 16 } as const;
const stop = 0;
const claims = 1;
/** Where in `shared` the readers' longest times begin. */
export const gapsAt = (places: number): number => claims + places;

/** After so many milliseconds all but the writing is done once. */
const rehearsal = 2000;
/** After so many it asks for the names of modules that came or went. */
const tableInterval = 100;
/** A console gets no more of a record, with the stamps in front of each of its lines (kernel/printk/printk.c, record_print_text). */
const longestRecord = 900;
const stampSize = 18;

/**
 * Looks at the board until it is told to stop, and writes down what is new before the kernel goes on. It blocks its thread. Readers stand on different processors: the one
 * whose processor is being held does not run, and which of the others is first claims the event. `newTable` gives other names, if there are any, without waiting.
 */
export async function runReader(given: ReaderOptions, ready: (hardness: ThreadHardness) => void, newTable: () => SymbolTable | null): Promise<void> {
  let options = given;
  const { cpu, shared, places, interval } = options;
  const boardMap = await BpfMap.openId(options.boardId);
  const wordsMap = await BpfMap.openId(options.wordsId);
  const board = await MappedArray.open(boardMap);
  const words = await MappedArray.open(wordsMap);
  try {
    const raw = board.get(0);
    rehearse(options, raw, 40);
    const hardness = await hardenThread({ cpu, priority: 50 });
    ready(hardness);
    let seen = words.load(word.begun);
    let looks = 0;
    let last = performance.now();
    let longest = 0;
    while (Atomics.load(shared, stop) === 0) {
      const begun = words.load(word.begun);
      for (; seen < begun; seen++) {
        const place = Number(seen) % places;
        // It is being written, or was replaced long ago.
        for (let tries = 0; board.load(place) === 0n && tries < 1_000_000; tries++);
        if (board.load(place) !== seen + 1n) continue;
        const number = Number(seen + 1n);
        const before = Atomics.load(shared, claims + place);
        if (before >= number || Atomics.compareExchange(shared, claims + place, before, number) !== before) continue;
        const event = eventOf(board.get(place), options.holding);
        if (event !== null) keep(options, event, (level) => words.store(word.levels + place, level));
      }
      looks++;
      // Rehearsals count, as they are what an event takes.
      const now = performance.now();
      if (now - last > longest) Atomics.store(shared, gapsAt(places) + options.index, Math.ceil((longest = now - last) * 1000));
      last = now;
      if (looks % Math.ceil(rehearsal / interval) === 0) rehearse(options, raw, 1);
      const table = looks % Math.ceil(tableInterval / interval) === 0 ? newTable() : null;
      if (table !== null) options = { ...options, table };
      Atomics.wait(shared, stop, 0, interval);
    }
  } finally {
    board.close();
    words.close();
    boardMap.close();
    wordsMap.close();
  }
}

/** Writes an event to the file, the kernel's log and the disk, and says each time how far it is. What cannot be written is passed over: the next may be. */
function keep({ evidence, log, kernel, table }: ReaderOptions, event: GuardEvent, reached: (level: bigint) => void): void {
  const text = textOf(kernel, table, event);
  let level = 0n;
  if (evidence !== null && attempt(() => writeSync(evidence, text))) reached((level = 1n));
  if (log !== null && logged(log, text)) reached((level = 2n));
  if (evidence !== null && level > 0n && attempt(() => fdatasyncSync(evidence))) reached(3n);
}

/**
 * What is to be said of a hold of so many milliseconds where the readers needed so many microseconds at most from one look to the next; null if it suffices. The quickest may be the one whose processor is
 * held: the next counts. Zeros are of readers that have not looked yet.
 */
export function holdTooShort(hold: number, longest: readonly number[]): { readonly slowest: number; readonly advised: number } | null {
  const known = longest.filter((time) => time > 0).sort((a, b) => a - b);
  if (known.length === 0) return null;
  const slowest = Math.ceil((known[1] ?? known[0]!) / 1000);
  // An event waits for a look, and is then written down, which takes as long again at least.
  return 2 * slowest <= hold ? null : { slowest, advised: 100 * Math.ceil((4 * slowest) / 100) };
}

/** The kernel takes ten records in five seconds of an open file (kernel/printk/printk.c, devkmsg_write) and drops more without a word: so each event has one of its own. */
function logged(log: number, text: string): boolean {
  let own: number | null = null;
  attempt(() => (own = openSync("/dev/kmsg", "w")));
  const written = recordsOf(text).every((record) => attempt(() => writeSync(own ?? log, record)));
  if (own !== null) attempt(() => closeSync(own!));
  return written;
}

function attempt(task: () => unknown): boolean {
  try {
    task();
    return true;
  } catch {
    return false;
  }
}

/** The text, with the names of now: modules that came since the table was read have addresses alone. */
export function textOf(kernel: KernelWords, table: SymbolTable, event: GuardEvent): string {
  return eventText(event, kernel, namesOf(table));
}

/** How a return address reads now; `exact`: no return address but where a probe stood. */
export function namesOf(table: SymbolTable): (address: bigint, exact: boolean) => string | null {
  let ranges: readonly CodeRange[] = table.ranges;
  const modules = readModules();
  if (modules !== table.modules) ranges = [table.ranges[0]!, ...moduleRanges(modules)];
  return (address, exact) => frameText(table, address, ranges, exact);
}

/** Pieces of whole lines that fit a record of the kernel's log, each with a level: critical (2), of a program (1 << 3). */
export function recordsOf(text: string): string[] {
  const records: string[] = [];
  let lines: string[] = [];
  let size = 0;
  for (const line of text.trimEnd().split("\n")) {
    const shown = line.slice(0, longestRecord - stampSize);
    if (size + shown.length + stampSize > longestRecord && lines.length > 0) {
      records.push(`<10>${lines.join("\n")}`);
      lines = [];
      size = 0;
    }
    lines.push(shown);
    size += shown.length + stampSize;
  }
  return [...records, `<10>${lines.join("\n")}`];
}

/** Does all but the writing, so that the engine has compiled what an event needs before there is one, and its memory is at hand. */
function rehearse(options: ReaderOptions, raw: unknown, times: number): void {
  const { addresses } = options.table;
  const stack = Array.from({ length: 24 }, (_, index) => addresses[Math.floor((index * addresses.length) / 24)]! + 5n);
  const someone = { time: 1n, pid: 1, tid: 1, cpu: 0, comm: "swapper", length: 0, depth: 8 * stack.length, stack };
  for (let round = 0; round < times; round++) {
    const event = eventOf({ ...(raw as object), ...someone, sequence: 1n, kind: 1, object: 1, freed: someone, freed_depth: someone.depth, freed_stack: stack }, false);
    if (event !== null) recordsOf(textOf(options.kernel, options.table, event));
  }
}
