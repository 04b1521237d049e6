import { namesOf, type CType, type Computation, type UnitNames } from "../../dwarf/index.ts";
import type { EffectOperand } from "../../disasm/index.ts";
import type { CodeInstruction, FunctionCode, Reference } from "./code.ts";
import { add, number, of, primaryText, single, textOf, times, unknown, type Atom, type Known, type Linear, type Place } from "./linear.ts";
import { registers, type Holder, type Names } from "./names.ts";
import { placeAt, rawPlace } from "./place.ts";

// What a register or a stack slot holds at an instruction, in the words of the source: the variable that debug information names, or else what the
// instruction that wrote it made of others, backwards through all ways that lead there.

type Memory = Extract<EffectOperand, { kind: "memory" }>;

const deepest = 24;
const mostAlternatives = 6;
const mostVisited = 6000;
const clobbered = new Set(["rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"]);
/** Calls that leave all registers alone: tracing at a function's entry. */
const transparent = /^(?:__fentry__|mcount|__cfi_\w+|__sanitizer_cov_trace_pc|__tsan_func_(?:entry|exit)|__ref_stack_chk_guard)$/;

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
    const slot = this.#slotOf(operand, index);
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
        const register = registers[base.register];
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
    const depth = operand.base === "rsp" ? this.code.stackDepth(index) : operand.base === "rbp" ? this.code.frameDepth(index) : null;
    if (depth !== null && operand.index !== null) return product(this.#stackAddress(Number(operand.displacement) - depth, index), this.before(operand.index, index).slice(0, 2), BigInt(operand.scale), index);
    let ways: readonly Linear[] = [reference ? this.#symbol(reference) : number(operand.relative ? 0n : operand.displacement)];
    if (operand.base !== null) ways = product(ways, this.before(operand.base, index), 1n, index);
    if (operand.index !== null) ways = product(ways, this.before(operand.index, index).slice(0, 2), BigInt(operand.scale), index);
    return ways;
  }

  /** The piece of memory that an operand names: the first way that the types bear out; else as it is. Null where the address is not known. */
  placeOf(operand: Memory, reference: Reference | null, index: number): { readonly place: Place; readonly address: Known; readonly typed: boolean; /** The access is to what KASAN keeps of the place. */ readonly shadow: boolean } | null {
    if (operand.segment !== null) return this.#perCpu(operand, reference, index);
    let first: Known | null = null;
    for (const address of this.addressOf(operand, reference, index)) {
      if (address.unknown !== null) continue;
      const shadowed = shadowedBy(address);
      const meant = shadowed ?? address;
      first ??= meant;
      const place = placeAt(meant, shadowed ? 0 : operand.size, null, this.#bitWanted(index)) ?? placeAt(meant, shadowed ? 0 : operand.size);
      if (place) return { place, address: meant, typed: true, shadow: shadowed !== null };
      const cast = this.#castAt(meant, operand.size);
      if (cast) return { place: cast, address: meant, typed: true, shadow: shadowed !== null };
    }
    return first && { place: rawPlace(first, operand.size), address: first, typed: false, shadow: false };
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
      case "target":
      case "other":
        return [unknown("an operand of another kind")];
    }
  }

  /** Which bit of what an instruction reads from memory is looked at, as far as it or the next ones tell: 0 if none. */
  #bitWanted(index: number): number {
    let shift = 0;
    const lowest = (mask: bigint): number => {
      const bits = BigInt.asUintN(32, mask);
      return bits === 0n ? 0 : shift + (bits & -bits).toString(2).length - 1;
    };
    const { effect } = this.code.list[index]!;
    const [first, second] = effect.operands;
    if (first?.kind === "memory") {
      if (second?.kind !== "constant") return 0;
      if (effect.operation === "bit-test") return Number(second.value & 63n);
      if (effect.operation === "test" || effect.operation === "or") return lowest(second.value);
      return effect.operation === "and" ? lowest(~second.value) : 0;
    }
    if (effect.operation !== "move" || first?.kind !== "register") return 0;
    for (let k = index + 1; k < Math.min(this.code.list.length, index + 4); k++) {
      const { operation, operands, writes } = this.code.list[k]!.effect;
      const [to, by] = operands;
      if (to?.kind === "register" && to.register === first.register) {
        const constant = by?.kind === "constant" ? by.value : operands.length === 1 ? 1n : null;
        if (constant === null) return shift;
        if (operation === "shift-right") {
          shift += Number(constant);
          continue;
        }
        return operation === "and" || operation === "test" ? lowest(constant) : shift;
      }
      if (writes.includes(first.register)) return shift;
    }
    return shift;
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
    if (holder === "rsp" || holder === "rbp") {
      const depth = holder === "rsp" ? this.code.stackDepth(index) : this.code.frameDepth(index);
      if (depth !== null) return this.#stackAddress(-depth, index);
    }
    const found: Linear[] = [...this.#names.of(holder, index)];
    const { defs, entry, passed, straight, lost } = this.#reach(holder, index);
    const alone = !lost && defs.length + (entry ? 1 : 0) === 1;
    for (const copy of this.#copies(holder, straight)) found.push(...this.#names.of(copy, index));
    // Between the instruction that wrote it and this one the value stays: whatever it is called on the way, it is that.
    for (const at of alone ? passed : straight) for (const value of this.#names.of(holder, at)) found.push(value);
    if (alone && !entry) found.push(...this.#written(holder, defs[0]!));
    else if (alone) found.push(...this.#names.ofEntry(holder, index), ...this.#given(holder), of(entryAtom(holder)));
    else if (lost) found.push(unknown("control comes from where it cannot be followed"));
    else if (defs.length > 0 && defs.length <= 4) found.push(...this.#merged(holder, index, defs, entry, passed));
    else found.push(unknown(defs.length === 0 ? "nothing that writes it was found" : "several values reach it"));
    return distinct(found);
  }

  /** Several ways that bring the same, as where a register was saved around a call on one of them; and steps through an array: `stats[…]`. */
  #merged(holder: Holder, index: number, defs: readonly number[], entry: boolean, passed: readonly number[]): readonly Linear[] {
    const steps = defs.map((def) => this.#stepOf(holder, def));
    const others = defs.filter((_, k) => steps[k] === null);
    const through = new Set(passed);
    const each = others.map((def) => [...this.#namesAfter(holder, def, through), ...this.#written(holder, def)].filter((way): way is Known => way.unknown === null));
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

  /** What a loop adds to a holder each time; null where an instruction does something else to it. */
  #stepOf(holder: Holder, index: number): bigint | null {
    const instruction = this.code.list[index]!;
    const { operation, operands } = instruction.effect;
    const [first, second] = operands;
    if (first?.kind !== "register" || first.register !== holder) return null;
    if (operation === "increment" || operation === "decrement") return operation === "increment" ? 1n : -1n;
    if ((operation === "add" || operation === "subtract") && second?.kind === "constant" && !instruction.references[1]) return operation === "add" ? second.value : -second.value;
    if (operation === "address" && second?.kind === "memory" && second.base === holder && second.index === null && !instruction.references[1]) return second.displacement;
    return null;
  }

  /** Registers that a holder was copied to on the one way to an instruction, and that still hold the same. */
  #copies(holder: Holder, straight: readonly number[]): Holder[] {
    const copies: Holder[] = [];
    const changed = new Set<string>();
    for (const k of straight) {
      const { effect } = this.code.list[k]!;
      const [first, second] = effect.operands;
      if (effect.operation === "move" && first?.kind === "register" && second?.kind === "register" && second.register === holder && first.size === 8 && !changed.has(first.register)) copies.push(first.register);
      for (const register of effect.writes) changed.add(register);
      if (effect.operation === "call") for (const register of clobbered) changed.add(register);
    }
    return copies;
  }

  /**
   * Which instructions' writes reach a place, whether the function's entry does, and through which instructions. `straight`: those on every way. `lost`: control
   * also comes from nowhere that is known, so anything may have been written.
   */
  #reach(holder: Holder, index: number): { defs: number[]; entry: boolean; passed: number[]; straight: number[]; lost: boolean } {
    const defs: number[] = [];
    const passed: number[] = [];
    const straight: number[] = [];
    const seen = new Set<number>();
    let entry = this.code.list[index]!.at === this.code.entry;
    let isStraight = this.code.before(index).length === 1;
    const work = [...this.code.before(index)];
    let lost = work.length === 0 && !entry;
    for (let next = 0; next < work.length; next++) {
      const k = work[next]!;
      if (seen.has(k)) continue;
      seen.add(k);
      if (seen.size > mostVisited) break;
      if (this.#writes(holder, k)) {
        if (!defs.includes(k)) defs.push(k);
        continue;
      }
      passed.push(k);
      if (isStraight) straight.push(k);
      const before = this.code.before(k);
      if (before.length !== 1) isStraight = false;
      if (this.code.list[k]!.at === this.code.entry) entry = true;
      else if (before.length === 0) lost = true;
      work.push(...before);
    }
    return { defs, entry, passed, straight, lost };
  }

  #writes(holder: Holder, index: number): boolean {
    const instruction = this.code.list[index]!;
    const { effect } = instruction;
    if (holder.startsWith("stack:")) {
      const first = effect.operands[0];
      if (effect.operation === "push") {
        const depth = this.code.stackDepth(index);
        return depth !== null && holder === `stack:${-(depth + 8)}`;
      }
      if (first?.kind !== "memory" || effect.operation === "compare" || effect.operation === "test" || effect.operation === "call") return false;
      const slot = this.#slotOf(first, index);
      return slot !== null && holder === `stack:${slot}`;
    }
    if (effect.operation === "call") return clobbered.has(holder) && !transparent.test(this.code.calleeOf(instruction) ?? "");
    return effect.writes.includes(holder);
  }

  /** What an instruction writes into a holder. */
  #written(holder: Holder, index: number): readonly Linear[] {
    const instruction = this.code.list[index]!;
    const { effect } = instruction;
    const { operands } = effect;
    const first = operands[0];
    const own = (): readonly Linear[] => this.before(holder, index);
    const constant = (which: number): bigint | null => {
      const operand = operands[which];
      return operand?.kind === "constant" && !instruction.references[which] ? operand.value : null;
    };
    const each = (change: (value: Linear) => Linear): readonly Linear[] => own().map(change);
    switch (effect.operation) {
      case "move":
        if (first?.kind === "register" && first.size < 4 && effect.mnemonic === "mov") return [unknown("only a part of it was written")];
        return this.operand(instruction, 1, index);
      case "address": {
        const operand = operands[1];
        if (operand?.kind !== "memory") break;
        return this.addressOf(operand, instruction.references[1] ?? null, index);
      }
      case "add":
      case "subtract": {
        if (effect.operation === "subtract" && isSame(operands)) return [number(0n)];
        const second = operands[1];
        if (second?.kind === "memory" && second.segment === "gs") return each((value) => perCpuPointer(value));
        return product(own(), this.operand(instruction, 1, index).slice(0, 3), effect.operation === "add" ? 1n : -1n, index);
      }
      case "increment":
        return each((value) => add(value, number(1n)));
      case "decrement":
        return each((value) => add(value, number(-1n)));
      case "shift-left": {
        const by = operands.length === 1 ? 1n : constant(1);
        if (by === null || by > 32n) break;
        return each((value) => times(value.unknown === null ? value : hiddenNumber(holder, index), 1n << by));
      }
      case "multiply": {
        const by = constant(2);
        if (operands.length === 3 && by !== null) return this.operand(instruction, 1, index).map((value) => times(value.unknown === null ? value : hiddenNumber(holder, index), by));
        return operands.length === 2 ? this.#computed(own(), this.operand(instruction, 1, index), "*", index) : [unknown("it is a product")];
      }
      case "xor":
        if (isSame(operands)) return [number(0n)];
        return this.#computed(own(), this.operand(instruction, 1, index), "^", index);
      case "and":
        // The lower half of a register is all of a smaller number.
        if (constant(1) === 0xffff_ffffn) return own();
        return this.#computed(own(), this.operand(instruction, 1, index), "&", index);
      case "or":
        return this.#computed(own(), this.operand(instruction, 1, index), "|", index);
      case "shift-right":
        return this.#computed(own(), operands.length === 1 ? [number(1n)] : this.operand(instruction, 1, index), ">>", index);
      case "push":
        return this.operand(instruction, 0, index);
      case "pop": {
        const depth = this.code.stackDepth(index);
        return depth === null ? [unknown("the stack's depth is not known")] : this.before(`stack:${-depth}`, index);
      }
      case "call":
        return holder === "rax" ? [this.#result(instruction)] : [unknown(`a call to ${this.code.calleeOf(instruction) ?? "a function"} came between`)];
      case "other":
        // Arithmetic makes numbers, which may still be an index.
        if (/^(?:neg|not|setn?\w+|bswap|popcnt|bsf|bsr|tzcnt|lzcnt|rol|ror|shld|shrd|adc|sbb|mul|cdqe?|cqo|cwde|rdtsc|rorx|sarx|shrx|shlx|andn|bts|btr|pext)$/.test(effect.mnemonic)) return [hiddenNumber(holder, index)];
        break;
      case "divide":
        return [hiddenNumber(holder, index)];
      case "choose":
      case "compare": case "test": case "bit-test": case "leave": case "string": case "jump": case "branch": case "return": case "trap": case "nothing": case "invalid":
        break;
    }
    return [unknown(`${effect.mnemonic} wrote it`)];
  }

  /** What two values make, by the name of the variable that it is if there is one. */
  #computed(left: readonly Linear[], right: readonly Linear[], operator: string, index: number): readonly Linear[] {
    const made = computed(left, right, operator);
    if (made[0]!.unknown !== null) return [hiddenNumber(operator, index)];
    const atom = single(made[0]!);
    if (!atom) return made;
    // The variable comes to be when the instruction is done.
    const after = Math.min(index + 1, this.code.list.length - 1);
    for (const { atom: variable, value } of this.#names.computed(after)) {
      if ("operator" in value && single(this.#evaluate(value, after))?.key === atom.key) return [of(variable), ...made];
    }
    return made;
  }

  /** A call's result. */
  #result(instruction: CodeInstruction): Linear {
    const callee = this.code.calleeOf(instruction);
    if (callee === null) {
      const { target } = instruction;
      if (target && "address" in target) return unknown("the result of a call within the function");
      return unknown("the result of an indirect call");
    }
    const source = callee.replace(/\.(?:isra|constprop|part|cold|llvm)\b.*$/, "");
    const type = this.#unit?.functionType(source);
    return of({ key: `f:${callee}@${instruction.at}`, text: `${source}(…)`, primary: true, type, isAddress: false, kind: "call" });
  }

  #load(operand: Memory, reference: Reference | null, index: number): readonly Linear[] {
    const slot = this.#slotOf(operand, index);
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
      const place = placeAt(address, operand.size);
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
    const scopes = this.code.image.scopesAt(this.code.entry)?.scopes ?? [];
    const { at } = this.code.list[index]!;
    const current = scopes.find(({ name, ranges }) => name === "get_current" && ranges.some((low, k) => k % 2 === 0 && at >= low && at < ranges[k + 1]!));
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

  #slotOf(operand: Memory, index: number): number | null {
    if (operand.index !== null || operand.segment !== null) return null;
    const depth = operand.base === "rsp" ? this.code.stackDepth(index) : operand.base === "rbp" ? this.code.frameDepth(index) : null;
    return depth === null ? null : Number(operand.displacement) - depth;
  }

  #stackAddress(offset: number, index: number): readonly Linear[] {
    const frame: Atom = { key: "frame", text: "the frame", primary: false, type: undefined, isAddress: false, kind: "frame" };
    return [...this.#names.ofAddress(offset, index), add(of(frame), number(BigInt(offset)))];
  }
}

/** A number that nothing is known of: an index, maybe. */
function hiddenNumber(holder: Holder, index: number): Known {
  return of({ key: `?${holder}@${index}`, text: "…", primary: true, type: undefined, isAddress: false, kind: "computed" });
}

function computed(left: readonly Linear[], right: readonly Linear[], operator: string): readonly Linear[] {
  const a = left.find((value): value is Known => value.unknown === null);
  const b = right.find((value): value is Known => value.unknown === null);
  if (!a || !b) return [unknown("it is computed of what is not known")];
  if (a.terms.length === 0 && b.terms.length === 0) {
    const [x, y] = [a.constant, b.constant];
    if (operator === "&") return [number(x & y)];
    if (operator === "|") return [number(x | y)];
  }
  // Of a number that has no name nothing is worth saying.
  if (a.terms.some(({ atom }) => atom.text === "…") || b.terms.some(({ atom }) => atom.text === "…")) return [of({ key: `c:${textOf(a)}${operator}${textOf(b)}`, text: "…", primary: true, type: undefined, isAddress: false, kind: "computed", inner: a })];
  const mask = operator === "&" && b.terms.length === 0 && b.constant < 0n && b.constant >= -4096n ? `~${-b.constant - 1n}` : primaryText(b);
  const text = `${primaryText(a)} ${operator} ${mask}`;
  const kept = single(a)?.type;
  return [of({ key: `c:${text}`, text, primary: false, type: kept, isAddress: false, kind: "computed", inner: a })];
}

/** Where KASAN keeps what it knows of memory, a byte for eight (KASAN_SHADOW_OFFSET of x86-64, arch/x86/Kconfig). */
const shadowOffset = 0xdffffc0000000000n;

/** The address that a read of KASAN's shadow is about; null for other accesses. */
function shadowedBy(address: Known): Known | null {
  const [term] = address.terms;
  if (address.terms.length !== 1 || BigInt.asUintN(64, address.constant) !== shadowOffset || term!.factor !== 1n) return null;
  const { atom } = term!;
  return atom.kind === "computed" && atom.text.endsWith(">> 3") && atom.inner && atom.inner.unknown === null ? atom.inner : null;
}

function isSame(operands: readonly EffectOperand[]): boolean {
  const [first, second] = operands;
  return first?.kind === "register" && second?.kind === "register" && first.register === second.register;
}

export function entryAtom(register: string): Atom {
  return { key: `entry:${register}`, text: `what ${register} held at entry`, primary: false, type: undefined, isAddress: false, kind: "entry", register };
}

export function placeAtom(place: Place): Atom {
  return { key: `m:${place.text}`, text: place.text, primary: place.primary, type: place.type, isAddress: false, kind: "place", place };
}

/** `this_cpu_ptr(p)`: the kernel adds the processor's offset to a pointer of all of them. */
function perCpuPointer(value: Linear): Linear {
  const atom = single(value);
  if (!atom || value.unknown !== null) return value;
  if (atom.isAddress) return of({ ...atom, key: `p:${atom.key}`, text: `this_cpu_ptr(&${atom.text})`, isAddress: false, type: undefined, kind: "per-cpu" });
  return of({ ...atom, key: `p:${atom.key}`, text: `this_cpu_ptr(${atom.text})`, primary: true, kind: "per-cpu" });
}

/** Sums of each with each, best ones first, not too many. What is not known beside a pointer is an index that is not known. */
function product(left: readonly Linear[], right: readonly Linear[], factor: bigint, index: number): readonly Linear[] {
  const sums: Linear[] = [];
  const hidden = of({ key: `?${index}`, text: "…", primary: true, type: undefined, isAddress: false, kind: "computed" });
  for (const a of left) {
    for (const b of right) {
      if (a.unknown === null && b.unknown !== null && hasPointer(a)) sums.push(add(a, hidden, factor));
      else if (a.unknown !== null && b.unknown === null && hasPointer(b) && factor === 1n) sums.push(add(hidden, b));
      else sums.push(add(a, b, factor));
    }
  }
  return distinct(sums).slice(0, mostAlternatives * 2);
}

function hasPointer({ terms }: Known): boolean {
  return terms.some(({ atom }) => atom.isAddress || atom.type?.plain?.kind === "pointer");
}

function distinct(values: readonly Linear[]): Linear[] {
  const seen = new Set<string>();
  const kept: Linear[] = [];
  for (const value of values) {
    const key = value.unknown ?? value.terms.map(({ atom, factor }) => `${factor}*${atom.isAddress ? "&" : ""}${atom.key}:${atom.type?.die.offset ?? 0}`).join("+") + value.constant.toString();
    if (seen.has(key)) continue;
    seen.add(key);
    kept.push(value);
  }
  const known = kept.filter(({ unknown: why }) => why === null);
  return known.length > 0 ? known.slice(0, mostAlternatives * 2) : kept.slice(0, 1);
}
