import { namesOf, type CType, type Computation, type Scope, type UnitNames } from "../../dwarf/index.ts";
import type { EffectOperand } from "../../disasm/index.ts";
import type { CodeInstruction, FunctionCode, Reference } from "./code.ts";
import { within } from "./image.ts";
import { add, number, of, single, textOf, times, unknown, type Atom, type Known, type Linear, type Place } from "./linear.ts";
import { bitWanted } from "./bits.ts";
import type { Holder, Names } from "./names.ts";
import { placeAt, rawPlace } from "./place.ts";
import { copiesOf, reach, stepOf } from "./reach.ts";
import { computed, distinct, entryAtom, mostAlternatives, placeAtom, product, shadowedBy } from "./sums.ts";
import { written } from "./written.ts";

// What a register or a stack slot holds at an instruction, in the words of the source: the variable that debug information names, or else what the
// instruction that wrote it made of others, backwards through all ways that lead there.

type Memory = Extract<EffectOperand, { kind: "memory" }>;

const deepest = 24;

export class Values {
  readonly code: FunctionCode;
  readonly #names: Names;
  #unitNames: UnitNames | null | undefined;
  readonly #given: (register: string) => readonly Linear[];
  readonly #known = new Map<string, readonly Linear[]>();
  readonly #active = new Set<string>();
  #depth = 0;
  /** The instruction that is explained: what is a variable there, is so in what was read for it before. */
  readonly #home: number;

  /** `given` tells what the caller gave, for registers that the function got at its entry. */
  constructor(code: FunctionCode, names: Names, home = 0, given: (register: string) => readonly Linear[] = () => []) {
    this.code = code;
    this.#names = names;
    this.#given = given;
    this.#home = home;
  }

  /** What the unit calls its globals and functions: read when a symbol or a call is met. */
  get #unit(): UnitNames | null {
    if (this.#unitNames === undefined) {
      const scopes = this.code.image.scopesAt(this.code.entry);
      this.#unitNames = scopes ? namesOf(this.code.image.dwarf, scopes.unit) : null;
    }
    return this.#unitNames;
  }

  /** What a holder holds just before an instruction: the ways to say it, best first; the last resort says why it is unknown. */
  before(holder: Holder, index: number): readonly Linear[] {
    const key = `${holder}@${index}`;
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#active.has(key) || this.#depth > deepest) return [unknown("it depends on itself, as in a loop")];
    this.#active.add(key);
    this.#depth++;
    try {
      const values = this.#find(holder, index);
      this.#known.set(key, values);
      return values;
    } finally {
      this.#active.delete(key);
      this.#depth--;
    }
  }

  /** The address of a memory operand, in each way. */
  addressOf(operand: Memory, reference: Reference | null, index: number): readonly Linear[] {
    const slot = this.code.slotOf(operand, index);
    if (slot !== null) return this.#stackAddress(slot, index);
    const plain = this.#plainAddress(operand, reference, index);
    return distinct([...plain.slice(0, 3).flatMap((address) => this.#relativeToVariables(address, index)), ...plain]);
  }

  /** The same of a pointer in a register. */
  pointer(register: Holder, index: number): readonly Linear[] {
    const values = this.before(register, index);
    return distinct([...values.slice(0, 3).flatMap((value) => this.#relativeToVariables(value, index)), ...values]);
  }

  /** The address counted from a variable whose value debug information says as a sum: `counter` is `&counters[port]`. */
  #relativeToVariables(address: Linear, index: number): Linear[] {
    if (address.unknown !== null) return [];
    const found: Linear[] = [];
    for (const { atom, value } of [...this.#names.computed(index), ...(index === this.#home ? [] : this.#names.computed(this.#home))]) {
      if (atom.type?.plain?.kind !== "pointer") continue;
      const difference = add(address, this.#evaluate(value, index), -1n);
      // What is left may be an index, but no other pointer.
      if (difference.unknown === null && difference.terms.every((term) => term.factor > 0n && !term.atom.isAddress && term.atom.type?.plain?.kind === "base") && difference.constant >= 0n && difference.constant < 1n << 20n) found.push(add(of(atom), difference));
    }
    return found;
  }

  /** What debug information computes, in the words that are used here. */
  #evaluate(value: Computation, index: number): Linear {
    if ("operator" in value) {
      const left = this.#evaluate(value.left, index);
      const right = this.#evaluate(value.right, index);
      switch (value.operator) {
        case "+":
          return add(left, right);
        case "-":
          return add(left, right, -1n);
        case "*":
        case "<<":
          if (right.unknown !== null || right.terms.length > 0) return unknown("a product");
          return times(left, value.operator === "*" ? right.constant : 1n << (right.constant & 63n));
        case "&":
          // Debug information cuts numbers to their width.
          if (right.unknown === null && right.terms.length === 0 && (right.constant === 0xffff_ffffn || right.constant === -1n)) return left;
          return computed([left], [right], "&")[0]!;
        case "|":
        case "^":
        case ">>":
          return computed([left], [right], value.operator)[0]!;
      }
    }
    const { base, offset } = value;
    switch (base.kind) {
      case "register": {
        const register = this.code.machine.dwarf[base.register];
        return register === undefined ? unknown("a register of another kind") : add(this.before(register, index)[0]!, number(offset));
      }
      case "constant":
        return number(offset);
      case "image":
        return this.#symbol({ address: Number(offset) });
      case "entry":
      case "frame":
        return unknown("it counts from the function's entry");
    }
  }

  #plainAddress(operand: Memory, reference: Reference | null, index: number): readonly Linear[] {
    const depth = operand.base === null ? null : this.code.depthOf(operand.base, index);
    if (depth !== null && operand.index !== null) return product(this.#stackAddress(Number(operand.displacement) - depth, index), this.before(operand.index, index).slice(0, 2), BigInt(operand.scale), index);
    let ways: readonly Linear[] = [reference ? this.#symbol(reference) : number(operand.relative ? 0n : operand.displacement)];
    if (operand.base !== null) ways = product(ways, this.before(operand.base, index), 1n, index);
    if (operand.index !== null) ways = product(ways, this.before(operand.index, index).slice(0, 2), BigInt(operand.scale), index);
    return ways.map((way) => this.#withSymbol(way));
  }

  /** The piece of memory that an operand names: the first way that the types bear out; else as it is. Null where the address is not known. */
  placeOf(operand: Memory, reference: Reference | null, index: number): { readonly place: Place; readonly address: Known; readonly typed: boolean; /** The access is to what KASAN keeps of the place. */ readonly shadow: boolean } | null {
    if (operand.segment !== null) return this.#perCpu(operand, reference, index);
    let first: Known | null = null;
    const like = this.#typeMoved(index);
    for (const address of this.addressOf(operand, reference, index)) {
      if (address.unknown !== null) continue;
      const shadowed = shadowedBy(address, this.code.machine.shadowOffset);
      const meant = shadowed ?? address;
      first ??= meant;
      const place = placeAt(meant, shadowed ? 0 : operand.size, null, bitWanted(this.code, index), like) ?? placeAt(meant, shadowed ? 0 : operand.size, null, 0, like);
      if (place) return { place, address: meant, typed: true, shadow: shadowed !== null };
      const cast = this.#castAt(meant, operand.size);
      if (cast) return { place: cast, address: meant, typed: true, shadow: shadowed !== null };
    }
    return first && { place: rawPlace(first, operand.size), address: first, typed: false, shadow: false };
  }

  /** The type of the variable that an instruction reads from memory or writes there; null where it has no name. */
  #typeMoved(index: number): CType | null {
    const { operation, operands } = this.code.list[index]!.effect;
    if (operation !== "move" || operands.length !== 2) return null;
    const [to, from] = operands;
    const [named] = to?.kind === "register" && index + 1 < this.code.list.length ? this.#names.of(to.register, index + 1) : from?.kind === "register" ? this.#names.of(from.register, index) : [];
    return (named && single(named)?.type) ?? null;
  }

  /** What an operand that is read holds. */
  operand(instruction: CodeInstruction, which: number, index: number): readonly Linear[] {
    const operand = instruction.effect.operands[which];
    if (!operand) return [unknown("there is no such operand")];
    switch (operand.kind) {
      case "register":
        return this.before(operand.register, index);
      case "constant": {
        const reference = instruction.references[which];
        return [reference ? this.#symbol(reference) : number(operand.value)];
      }
      case "memory":
        return this.#load(operand, instruction.references[which] ?? null, index);
      case "page":
        return [this.#pageOf(instruction.references[which] ?? null)];
      case "system":
        return [this.#systemRegister(operand.name, index)];
      case "target":
      case "other":
        return [unknown("an operand of another kind")];
    }
  }

  /**
   * An integer that is followed like a pointer was made one by an inlined function that gives a pointer back: `ca_entry(link)->key`. Such a function leaves no code
   * behind, but its entry; only one that takes the very integer, and nothing else, counts.
   */
  #castAt(address: Known, size: number): Place | null {
    if (address.terms.length !== 1 || address.terms[0]!.factor !== 1n) return null;
    const { atom } = address.terms[0]!;
    if (atom.kind !== "variable" || atom.isAddress || atom.type?.plain?.kind !== "base") return null;
    const found = this.code.image.scopesAt(this.code.entry)?.scopes ?? [];
    const places = new Map<string, Place>();
    for (const { kind, name, type, variables } of found) {
      const [parameter] = variables;
      if (kind !== "inlined" || name === null || type?.plain?.kind !== "pointer" || !parameter?.isParameter || variables.length !== 1) continue;
      if (parameter.name !== atom.text && parameter.type?.die.offset !== atom.type.die.offset) continue;
      const text = `${name}(${atom.text})`;
      const place = placeAt(add(of({ ...atom, key: `f:${text}`, text, type, kind: "call" }), number(address.constant)) as Known, size);
      if (place) places.set(place.text, place);
    }
    return places.size === 1 ? [...places.values()][0]! : null;
  }

  #find(holder: Holder, index: number): readonly Linear[] {
    const depth = this.code.depthOf(holder, index);
    if (depth !== null) return this.#stackAddress(-depth, index);
    const found: Linear[] = [...this.#names.of(holder, index)];
    const { defs, entry, passed, straight, lost } = reach(this.code, holder, index);
    const alone = !lost && defs.length + (entry ? 1 : 0) === 1;
    for (const copy of copiesOf(this.code, holder, straight)) found.push(...this.#names.of(copy, index));
    // Between the instruction that wrote it and this one the value stays: whatever it is called on the way, it is that.
    for (const at of alone ? passed : straight) for (const value of this.#names.of(holder, at)) found.push(value);
    if (alone && !entry) found.push(...written(this, holder, defs[0]!));
    else if (alone) found.push(...this.#names.ofEntry(holder, index), ...this.#given(holder), of(entryAtom(holder)));
    else if (lost) found.push(unknown("control comes from where it cannot be followed"));
    else if (defs.length > 0 && defs.length <= 4) found.push(...this.#merged(holder, index, defs, entry, passed));
    else found.push(unknown(defs.length === 0 ? "nothing that writes it was found" : "several values reach it"));
    return distinct(found);
  }

  /** Several ways that bring the same, as where a register was saved around a call on one of them; and steps through an array: `stats[…]`. */
  #merged(holder: Holder, index: number, defs: readonly number[], entry: boolean, passed: readonly number[]): readonly Linear[] {
    const steps = defs.map((def) => stepOf(this.code, holder, def));
    const others = defs.filter((_, k) => steps[k] === null);
    const through = new Set(passed);
    const each = others.map((def) => [...this.#namesAfter(holder, def, through), ...written(this, holder, def)].filter((way): way is Known => way.unknown === null));
    if (entry) each.push([...this.#names.ofEntry(holder, index), ...this.#namesAfter(holder, this.code.indexAt(this.code.entry) - 1, through), ...this.#given(holder)].filter((way): way is Known => way.unknown === null));
    if (each.length === 0) return [unknown("it depends on itself, as in a loop")];
    const same = each[0]!.filter((way) => each.every((ways) => ways.some((other) => textOf(other) === textOf(way))));
    if (same.length === 0) return [unknown("several values reach it")];
    const step = steps.find((one) => one !== null) ?? null;
    if (step !== null) {
      const hidden = of({ key: `?step:${holder}@${index}`, text: "…", primary: true, type: undefined, isAddress: false, kind: "computed" });
      return same.map((way) => add(way, hidden, step));
    }
    const named: Linear[] = [];
    for (const at of passed) named.push(...this.#names.of(holder, at));
    return [...named, ...same];
  }

  /** What a holder is called from the instruction that wrote it up to the next that may be reached otherwise. */
  #namesAfter(holder: Holder, def: number, through: ReadonlySet<number>): Known[] {
    const found: Known[] = [];
    for (let k = def + 1; through.has(k) && (k === def + 1 || this.code.before(k).length === 1); k++) {
      found.push(...this.#names.of(holder, k));
      if (this.code.list[k]!.effect.operation === "jump") break;
    }
    return found;
  }

  #load(operand: Memory, reference: Reference | null, index: number): readonly Linear[] {
    const slot = this.code.slotOf(operand, index);
    if (slot !== null) {
      // A variable in memory is what it is called, whoever wrote to it.
      const named = this.#names.ofAddress(slot, index).flatMap((address) => placeAt(address, operand.size) ?? []);
      if (named.length > 0) return named.map((place) => of(placeAtom(place)));
      const held = this.before(`stack:${slot}`, index);
      if (held.some(({ unknown: why }) => why === null)) return held;
    }
    const ways: Linear[] = [];
    if (operand.segment !== null) {
      const found = this.#perCpu(operand, reference, index);
      return [found ? of(placeAtom(found.place)) : unknown("a variable of each processor")];
    }
    const addresses = this.addressOf(operand, reference, index);
    let raw: Known | null = null;
    let why = "its address is not known";
    for (const address of addresses) {
      if (address.unknown !== null) {
        why = address.unknown;
        continue;
      }
      const place = placeAt(address, operand.size, null, 0, this.#typeMoved(index));
      if (place) ways.push(of(placeAtom(place)));
      else raw ??= address;
      if (ways.length >= mostAlternatives) break;
    }
    if (ways.length === 0 && raw) ways.push(of(placeAtom(rawPlace(raw, operand.size))));
    return ways.length > 0 ? distinct(ways) : [unknown(why)];
  }

  /** `this_cpu_read(x)`, and `current` for the one that everybody knows. */
  #perCpu(operand: Memory, reference: Reference | null, index: number): { place: Place; address: Known; typed: boolean; shadow: boolean } | null {
    if (operand.segment === "fs") return null;
    const current = this.#inlinedAt("get_current", index);
    const named = (text: string, type: CType | null | undefined): { place: Place; address: Known; typed: boolean; shadow: boolean } =>
      ({ place: { text, primary: true, type, field: null, pointer: null, distance: 0n, bounds: [] }, address: number(0n), typed: true, shadow: false });
    if (current) return named("current", current.type);
    for (const address of this.addressOf({ ...operand, segment: null }, reference, index)) {
      if (address.unknown !== null) continue;
      const place = placeAt(address, operand.size);
      if (!place) continue;
      if (place.text === "current_task" || place.text === "pcpu_hot.current_task" || place.text === "const_pcpu_hot.current_task") return named("current", place.type);
      return named(`this_cpu_read(${place.text})`, place.type);
    }
    return null;
  }

  /** What the kernel keeps in a system register: on arm64 the current task's address. */
  #systemRegister(name: string, index: number): Linear {
    const current = name === "sp_el0" ? this.#inlinedAt("get_current", index) : null;
    return current ? of({ key: "current", text: "current", primary: true, type: current.type, isAddress: false, kind: "variable" }) : unknown(`the system register ${name}`);
  }

  /** A function that is inlined at an instruction. */
  #inlinedAt(wanted: string, index: number): Scope | null {
    const { at } = this.code.list[index]!;
    const scopes = this.code.image.scopesAt(this.code.entry)?.scopes ?? [];
    return scopes.find(({ name, ranges }) => name === wanted && within(ranges, at)) ?? null;
  }

  /** The page of an address whose rest another instruction adds; of a relocated one all of the address. */
  #pageOf(reference: Reference | null): Linear {
    if (reference === null) return unknown("a page of no known address");
    if ("name" in reference || this.code.image.elf.relocatable) return this.#symbol(reference);
    return of({ key: `page:${reference.address}`, text: "a page", primary: false, type: undefined, isAddress: true, kind: "page", address: reference.address });
  }

  /** A page and what lies between make the address of a symbol. */
  #withSymbol(way: Linear): Linear {
    const page = way.unknown === null ? way.terms.find(({ atom, factor }) => atom.kind === "page" && factor === 1n) : undefined;
    if (way.unknown !== null || page === undefined) return way;
    const address = page.atom.address! + Number(way.constant);
    return add({ terms: way.terms.filter((term) => term !== page), constant: 0n, unknown: null }, this.#symbol({ address }));
  }

  /** The variable that debug information says to be a value that was computed; null if there is none. */
  variableOf(made: Atom, index: number): Known | null {
    // It comes to be when the instruction is done.
    const after = Math.min(index, this.code.list.length - 1);
    for (const { atom: variable, value } of this.#names.computed(after)) {
      if ("operator" in value && single(this.#evaluate(value, after))?.key === made.key) return of(variable);
    }
    return null;
  }

  /** The type of what a function of the unit gives back; null: nothing, undefined: not known. */
  typeOfResult(name: string): CType | null | undefined {
    return this.#unit?.functionType(name);
  }

  /** The address that a symbol stands for. */
  #symbol(reference: Reference): Linear {
    if ("name" in reference) {
      const type = this.#unit?.variableType(reference.name) ?? (this.#unit?.functionType(reference.name) === undefined ? undefined : null);
      return add(of({ key: `s:${reference.name}`, text: reference.name, primary: true, type, isAddress: true, kind: "symbol" }), number(BigInt(reference.addend)));
    }
    const { address } = reference;
    const variable = this.#unit?.variableAt(address);
    if (variable) return add(of({ key: `s:${variable.name}`, text: variable.name, primary: true, type: variable.type, isAddress: true, kind: "symbol" }), number(BigInt(address - variable.address)));
    const symbol = this.code.image.symbolAt(address);
    if (!symbol) return unknown("an address without a symbol");
    const type = this.#unit?.variableType(symbol.name);
    return add(of({ key: `s:${symbol.name}`, text: symbol.name, primary: true, type, isAddress: true, kind: "symbol" }), number(BigInt(address - symbol.address)));
  }

  #stackAddress(offset: number, index: number): readonly Linear[] {
    const frame: Atom = { key: "frame", text: "the frame", primary: false, type: undefined, isAddress: false, kind: "frame" };
    return [...this.#names.ofAddress(offset, index), add(of(frame), number(BigInt(offset)))];
  }
}

