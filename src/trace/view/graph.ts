import { visible } from "../../render/index.ts";
import type { CallEvent, TraceEvent } from "../event.ts";
import { callText, durationText, lostText, timeText } from "../text.ts";
import { plural } from "./amount.ts";

export type CallGraphOptions = {
  /** Nanoseconds by which events may be late: an interrupt can come between the moment an event is timed and the moment it is written down. */
  readonly slack?: bigint;
  /** Calls of one tree; a larger one is broken off. */
  readonly mostCalls?: number;
};

/** A call, or a tracepoint, within another one. */
type Call = {
  readonly event: CallEvent;
  exit: CallEvent | null;
  readonly within: Call[];
  /** Why its end, or its beginning, is not known. */
  note: string | null;
  readonly interrupt: boolean;
};

/** What runs on one stack: a thread; the idle threads, which all have number 0, by processor. */
type Task = { readonly waiting: CallEvent[]; roots: Call[]; open: Call[]; calls: number };

const deepest = 256;
/** Places where an interrupt or a softirq begins, in the stacks of x86-64 and arm64. */
const interruptEntries = /^(?:asm_(?:sysvec_\w+|common_interrupt|exc_nmi)|(?:sysvec|exc)_(?:apic_timer|nmi)\w*|(?:__)?common_interrupt|(?:__)?irq_exit_rcu|__do_softirq|handle_softirqs|do_softirq_own_stack|el1h?_(?:64_)?(?:irq|fiq)\w*|el1_interrupt|call_on_irq_stack|gic_handle_irq)$/;

/**
 * Calls within calls, as text: a tree for each outermost call of a task, when it has returned. A call's duration stands in front of it.
 *
 * Wants entries and exits. Where an event is missing the tree says so: a call that has no end, one whose beginning was not seen. When events were lost all trees that are under way are
 * broken off, as nobody knows what they lack. Interrupts run on the task that they hit: what they call is marked `interrupt` if the events have stacks; without stacks it looks like a call of
 * the function that was interrupted.
 */
export class CallGraph {
  readonly #slack: bigint;
  readonly #mostCalls: number;
  readonly #tasks = new Map<string, Task>();
  #newest = 0n;

  constructor({ slack = 1_000_000n, mostCalls = 10_000 }: CallGraphOptions = {}) {
    this.#slack = slack;
    this.#mostCalls = mostCalls;
  }

  /** The text of the trees that are whole by this event; mostly none. */
  add(event: TraceEvent): string {
    if (event.kind === "lost") return this.#breakOff(`events were lost`) + `${lostText(event)}\n`;
    const key = event.tid === 0 ? `idle ${event.cpu}` : String(event.tid);
    let task = this.#tasks.get(key);
    if (task === undefined) this.#tasks.set(key, (task = { waiting: [], roots: [], open: [], calls: 0 }));
    let at = task.waiting.length;
    while (at > 0 && task.waiting[at - 1]!.time > event.time) at--;
    task.waiting.splice(at, 0, event);
    return this.settle(event.time, task);
  }

  /** The same when time has passed without events: `now` in nanoseconds, of CLOCK_MONOTONIC. */
  settle(now: bigint, only?: Task): string {
    if (now > this.#newest) this.#newest = now;
    let text = "";
    for (const [key, task] of only === undefined ? this.#tasks : [["", only] as const]) {
      let count = 0;
      while (count < task.waiting.length && task.waiting[count]!.time <= this.#newest - this.#slack) text += this.#take(task, task.waiting[count++]!);
      task.waiting.splice(0, count);
      if (only === undefined && task.waiting.length === 0 && task.open.length === 0) this.#tasks.delete(key);
    }
    return text;
  }

  /** The rest, with calls that have not returned. */
  end(): string {
    return this.#breakOff("the trace ended");
  }

  #breakOff(why: string): string {
    let text = "";
    for (const task of this.#tasks.values()) {
      for (const event of task.waiting.splice(0)) text += this.#take(task, event);
      text += this.#flush(task, why);
    }
    this.#tasks.clear();
    return text;
  }

  #flush(task: Task, why: string): string {
    for (const call of task.open) call.note = `under way when ${why}`;
    const text = task.roots.map(treeText).join("");
    task.roots = [];
    task.open = [];
    task.calls = 0;
    return text;
  }

  #take(task: Task, event: CallEvent): string {
    const interrupt = isInterrupt(event, task.open.at(-1) ?? null);
    if (event.kind === "exit") {
      const call = this.#callOf(task, event);
      if (call === null) this.#put(task, { event, exit: event, within: [], note: "its beginning was not seen", interrupt });
      else {
        call.exit = event;
        for (const inner of task.open.splice(task.open.indexOf(call)).slice(1)) inner.note = "its end was not seen";
      }
    } else {
      const call: Call = { event, exit: null, within: [], note: null, interrupt };
      this.#put(task, call);
      if (event.kind === "entry") task.open.push(call);
    }
    if (task.calls >= this.#mostCalls || task.open.length > deepest) return this.#flush(task, task.open.length > deepest ? `it had more than ${deepest} calls within one another` : `the tree had ${plural(task.calls, "call")}`);
    return task.open.length === 0 ? this.#flush(task, "") : "";
  }

  #put(task: Task, call: Call): void {
    (task.open.at(-1)?.within ?? task.roots).push(call);
    task.calls++;
  }

  /** The open call that an exit ends: the innermost of its function, or of several the one that began when the exit says. */
  #callOf(task: Task, exit: CallEvent): Call | null {
    const calls = task.open.filter(({ event }) => event.probe === exit.probe);
    const began = exit.duration === null ? null : exit.time - exit.duration;
    if (began === null || calls.length < 2) return calls.at(-1) ?? null;
    const off = ({ event }: Call): bigint => (event.time > began ? event.time - began : began - event.time);
    return calls.reduce((best, call) => (off(call) <= off(best) ? call : best));
  }
}

/** Whether an interrupt began between the call that is open and this event, as the stack tells. */
function isInterrupt({ stack, kind }: CallEvent, parent: Call | null): boolean {
  if (stack === null || parent === null || kind === "exit") return false;
  for (const { symbol } of stack) {
    if (symbol === null) continue;
    if (symbol === parent.event.function) return false;
    if (interruptEntries.test(symbol)) return true;
  }
  return false;
}

const durationWidth = 9;

function treeText(root: Call): string {
  const { event } = root;
  const lines = [`${timeText(event.time)} [${event.cpu}] ${visible(event.comm)}-${event.tid}`];
  const open: { readonly call: Call; readonly depth: number }[] = [{ call: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { call, depth } = next;
    lines.push(callLine(call, depth));
    for (const inner of call.within.toReversed()) open.push({ call: inner, depth: depth + 1 });
  }
  return `${lines.join("\n")}\n`;
}

function callLine({ event, exit, note, interrupt }: Call, depth: number): string {
  const duration = exit === null ? null : (exit.duration ?? (exit === event ? null : exit.time - event.time));
  const shown: CallEvent = exit === null ? event : { ...exit, args: event.args.length > 0 ? event.args : exit.args, duration: null };
  const moved = exit !== null && exit.cpu !== event.cpu ? ` [cpu ${event.cpu} to ${exit.cpu}]` : "";
  const time = event.kind === "tracepoint" ? "" : duration === null ? "?" : durationText(duration);
  return `${time.padStart(durationWidth)}  ${"  ".repeat(depth)}${interrupt ? "(interrupt) " : ""}${callText(shown)}${moved}${note === null ? "" : `  -- ${note}`}`;
}
