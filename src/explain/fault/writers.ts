import { readings } from "./access.ts";
import { callsOf, comingTo } from "./callgraph.ts";
import { functionAt, type FunctionCode } from "./code.ts";
import { freedRegister } from "./freeing.ts";
import { wantedIn } from "./fault.ts";
import { Lines } from "./lines.ts";
import { single, type Known, type Linear } from "./linear.ts";
import { linesBetween } from "../log-lines.ts";
import { Names } from "./names.ts";
import type { FaultQuestion } from "./question.ts";
import type { CodePlace } from "./stack.ts";
import { writtenArgument } from "./string-functions.ts";
import { Values } from "./values.ts";

// Damage beside an object or an array on the stack is noticed after it was done: who may have done it, by the code that ran before in the function that noticed.

/** A line that writes to the object, or hands it to a function that does. */
export type Writer = { readonly function: string; readonly file: string | null; readonly line: number | null; /** The object, in words of the function that noticed. */ readonly object: string };

export type Writers = {
  /** Each line once, those in loops first. Empty where none is known. */
  readonly found: readonly Writer[];
  /** Nothing that the function did with the object is missing from `found`, as far as its code tells. */
  readonly all: boolean;
  /** Bytes of the damage; null where the log does not tell. */
  readonly size: number | null;
  /** Other lines write to the object too, but not as many bytes at a time. */
  readonly leftOut: boolean;
};

const deepest = 3;
const mostCalls = 64;

/** What is looked for: whether an address belongs to it, and which. */
type Wanted = (address: Known) => string | null;

/** A write, with the size of its access: 0 for a function that writes as much as it is told to. */
type Write = Writer & { readonly size: number; /** It writes at a place that varies. */ readonly varies: boolean; /** How far from the object's beginning, where that does not vary. */ readonly from: number; readonly code: FunctionCode; readonly index: number };

/** In a loop a write may go on past any end; it is named first. */
const inLoop = ({ code, index }: Write): boolean => comingTo(code, index).has(index);

/** Those that may have written past the end of what the guilty function has, before it noticed. */
export async function writersOf(question: FaultQuestion): Promise<Writers | null> {
  const { at, report, code } = question;
  const place = at && (await code.placeOf(at.frame));
  if (!place) return null;
  const wanted = report.kind === "stack-corruption" ? localArray : freedObject(place, wantedIn(question, place.frame));
  if (wanted === null) return null;
  const search = new Search(wanted, new Lines(place));
  await search.within(place.code, comingTo(place.code, place.index), readings(place.code, place.at, wantedIn(question, place.frame)), 0);
  const damage = damageOf(question);
  // A place that does not vary is known to the compiler to lie within an array of its own; within an object it lies where the damage is, or not.
  const isPossible = ({ varies, size, from }: Write): boolean => varies || size === 0 || (report.kind !== "stack-corruption" && damage.from !== null && from + size > damage.from && from < damage.from + (damage.size ?? 1));
  const writes = search.writes.filter(isPossible);
  if (damage.size === null) return { found: distinct(writes), all: search.all, size: null, leftOut: false };
  // A loop of smaller accesses may go on for as long, which is less likely; where nothing has the size of the damage, a write is missing.
  const fitting = writes.filter((one) => one.size === 0 || one.size === damage.size);
  return { found: distinct(fitting), all: search.all && fitting.length > 0, size: damage.size, leftOut: fitting.length < writes.length };
}

function distinct(writes: readonly Write[]): Writer[] {
  const loopsFirst = [...writes].sort((one, other) => Number(inLoop(other)) - Number(inLoop(one)));
  const lines = new Map(loopsFirst.map(({ function: name, file, line, object }) => [`${name} ${file} ${line}`, { function: name, file, line, object }]));
  return [...lines.values()];
}

/** An array that is a local variable. */
function localArray(address: Known): string | null {
  const atom = address.terms.find(({ atom: one, factor }) => one.isAddress && one.kind === "variable" && factor === 1n)?.atom;
  return atom?.type?.plain?.kind === "array" ? atom.text : null;
}

/**
 * What the guilty call frees, where the same function allocated it and kept it to itself and those that it calls: to what others know of, others may have written.
 */
function freedObject(place: CodePlace, wanted: string | null): Wanted | null {
  const name = place.code.calleeOf(place.code.list[place.index]!);
  const register = name === null ? null : freedRegister(name, place.code.machine);
  if (register === null) return null;
  const all = readings(place.code, place.at, wanted);
  const freed = all.flatMap((values) => values.before(register, place.index));
  if (!freed.some((value) => single(value)?.kind === "call")) return null;
  const keys = new Set(namesIn(freed));
  // Where the pointer was put before, it goes by that name too: `frame.bytes = kmalloc(…)`.
  for (const index of comingTo(place.code, place.index)) {
    const { effect, references } = place.code.list[index]!;
    const [to, from] = effect.operands;
    if (effect.operation !== "move" || to?.kind !== "memory" || from?.kind !== "register") continue;
    for (const values of all) {
      if (!namesIn(values.before(from.register, index)).some((name) => keys.has(name))) continue;
      const put = values.placeOf(to, references[0] ?? null, index);
      if (place.code.slotOf(to, index) === null) return null;
      if (put?.typed) keys.add(put.place.text);
    }
  }
  return keys.size === 0 ? null : (address) => address.terms.find(({ atom, factor }) => factor === 1n && !atom.isAddress && keys.has(atom.text))?.atom.text ?? null;
}

/** What values are called that are no sums. */
function namesIn(values: readonly Linear[]): string[] {
  return values.flatMap((value) => {
    const atom = single(value);
    return atom && !atom.isAddress && atom.kind !== "entry" && atom.kind !== "frame" && atom.text !== "…" ? [atom.text] : [];
  });
}

/** How many bytes were damaged and how far behind the object's beginning, as far as the log says it. */
function damageOf({ case: found, report }: FaultQuestion): { readonly size: number | null; readonly from: number | null } {
  let size: number | null = null;
  let at: number | null = null;
  let object: number | null = null;
  let from: number | null = null;
  for (const { text } of linesBetween(found, report.lines)) {
    // SLUB: both as offsets into the slab.
    const range = /0x([0-9a-f]{8,16})-0x([0-9a-f]{8,16}) @offset=(\d{1,9})\. First byte/.exec(text);
    if (range) {
      size ??= Number(BigInt(`0x${range[2]!}`) - BigInt(`0x${range[1]!}`)) + 1;
      at ??= Number(range[3]);
    }
    const begins = /\bObject 0x[0-9a-f]{8,16} @offset=(\d{1,9})/.exec(text);
    if (begins) object ??= Number(begins[1]);
    // KFENCE: the bytes of the canary behind an object, dots where it is whole.
    const canary = /Corrupted memory at \S{1,40} \[ ((?:(?:!|\.|0x[0-9a-f]{2}) ){1,64})/.exec(text);
    if (canary) size ??= canary[1]!.trim().split(" ").findLastIndex((byte) => byte !== ".") + 1;
    const kfence = /^.*\bkfence-#\d+: [^,]{1,80}, size=(\d{1,7}),/.exec(text);
    if (kfence) from ??= Number(kfence[1]);
  }
  return { size, from: from ?? (at === null || object === null ? null : at - object) };
}

class Search {
  readonly writes: Write[] = [];
  all = true;
  #calls = 0;
  readonly #wanted: Wanted;
  readonly #lines: Lines;

  constructor(wanted: Wanted, lines: Lines) {
    this.#wanted = wanted;
    this.#lines = lines;
  }

  /** The writes of some instructions of a function, and of the functions that they call with the object. */
  async within(code: FunctionCode, indices: Iterable<number>, all: readonly Values[], depth: number): Promise<void> {
    const calls = new Set(callsOf(code));
    for (const index of indices) {
      if (calls.has(index)) await this.#call(code, index, all, depth);
      else this.#store(code, index, all);
    }
  }

  #store(code: FunctionCode, index: number, all: readonly Values[]): void {
    const { effect, references } = code.list[index]!;
    if (effect.operation === "compare" || effect.operation === "test" || effect.operation === "bit-test" || effect.operation === "push" || effect.operation === "nothing" || effect.operation === "address") return;
    for (const which of effect.operation === "move" && effect.operands.length === 4 ? [0, 2] : [0]) {
      const operand = effect.operands[which];
      if (operand?.kind !== "memory") continue;
      for (const values of all) {
        const ways = values.addressOf(operand, references[which] ?? null, index);
        const address = ways.find((way): way is Known => way.unknown === null && this.#wanted(way) !== null);
        // What is written to a place that cannot be told may be the object.
        if (!address && ways.every(({ unknown: why }) => why !== null)) this.all = false;
        if (!address) continue;
        this.#add(code, index, address, effect.operation === "string" ? 0 : operand.size);
        break;
      }
    }
  }

  async #call(code: FunctionCode, index: number, all: readonly Values[], depth: number): Promise<void> {
    const instruction = code.list[index]!;
    const given = (register: string): readonly Linear[] => all.flatMap((values) => values.before(register, index)).filter((value) => value.unknown === null && !value.terms.some(({ atom }) => atom.kind === "entry"));
    const name = code.calleeOf(instruction);
    const target = name === null ? undefined : writtenArgument(name);
    const objects = code.machine.given.map((register) => given(register).find((value): value is Known => value.unknown === null && this.#wanted(value) !== null));
    const { target: to } = instruction;
    if (target !== undefined) {
      const object = objects[target];
      if (object) this.#add(code, index, object, 0);
      return;
    }
    if (!to || !("address" in to)) {
      // What another module or the kernel does with it is not read.
      if (objects.some((object) => object !== undefined) && !harmless.test(name ?? "")) this.all = false;
      return;
    }
    if (depth >= deepest || this.#calls++ >= mostCalls) {
      this.all = false;
      return;
    }
    const callee = code.image.sectionAt(to.address) ? await functionAt(code.image, to.address) : null;
    if (!callee || callee === code) return;
    const inner = [new Values(callee, new Names(callee, null, callee.entry, 0, "own"), 0, given)];
    await this.within(callee, callee.list.keys(), inner, depth + 1);
  }

  #add(code: FunctionCode, index: number, address: Known, size: number): void {
    const places = this.#lines.at(code.list[index]!.at);
    const place = places.find(({ file }) => file !== null && !file.endsWith(".h")) ?? places[0];
    if (place) this.writes.push({ ...place, object: this.#wanted(address)!, size, varies: address.terms.length > 1, from: Number(address.constant), code, index });
  }
}

/** What takes an object and writes nothing to it. */
const harmless = /^(?:k?v?free\w*|kmem_cache_free|_?printk|_dev_\w+|strlen|strnlen|strcmp|strncmp|memcmp|kstrto\w+|__(?:asan|tsan|kcsan|msan)_\w+|__(?:check_object_size|stack_chk_fail|fentry__|x86_return_thunk)|_?mcount|put_\w+)$/;
