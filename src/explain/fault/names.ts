import type { Computation, FunctionScopes, Location, LocationBase, Variable } from "../../dwarf/index.ts";
import type { FunctionCode } from "./code.ts";
import { within } from "./image.ts";
import { placeAt } from "./place.ts";
import { add, number, of, type Atom, type Known } from "./linear.ts";

// Which variables are in a register or a stack slot at an instruction, in the order in which a reader of the source wants them.

/** Where a value is: a register by name, or `stack:-24`, so many bytes from the canonical frame address. */
export type Holder = string;

/**
 * How far from the wanted function variables may be taken from. `own`: its own and those of the functions it is inlined into. `inner`: those of the
 * functions inlined into it too, as far as they cover the wanted place. `any`: all of the function's code.
 */
export type Reach = "own" | "inner" | "any";

type Ranked = { readonly variable: Variable; readonly ranges: readonly number[]; readonly rank: number };

export class Names {
  readonly #code: FunctionCode;
  readonly #registers: readonly string[];
  readonly #ranked: readonly Ranked[];
  
  /** `at` is the place that is explained, `wanted` the scope whose words are wanted. */
  constructor(code: FunctionCode, scopes: FunctionScopes | null, at: number, wanted: number, reach: Reach) {
    this.#code = code;
    this.#registers = code.machine.dwarf;
    this.#ranked = scopes ? rankAll(scopes, at, wanted, reach) : [];
  }

  /** What variables say of a holder just before an instruction, best first. A variable that lies elsewhere by a constant gives a sum. */
  of(holder: Holder, index: number): Known[] {
    const found: { value: Known; rank: number; order: number }[] = [];
    const { at } = this.#code.list[index]!;
    for (const [order, { variable, ranges, rank }] of this.#ranked.entries()) {
      for (const { low, high, location } of variable.locations) {
        if (low === -Infinity ? !within(ranges, at) : at < low || at >= high) continue;
        const value = this.#valueOf(variable, location, holder, index);
        if (value) found.push({ value, rank: rank + weight(variable), order });
      }
    }
    found.sort((a, b) => a.rank - b.rank || a.order - b.order);
    return found.map(({ value }) => value);
  }

  /** A variable that says, anywhere it is in scope, that it is what a register held when the function began. */
  ofEntry(register: string, index: number): Known[] {
    const { at } = this.#code.list[index]!;
    const found: Known[] = [];
    for (const { variable, ranges } of this.#ranked) {
      for (const { low, high, location } of variable.locations) {
        if (low === -Infinity ? !within(ranges, at) : at < low || at >= high) continue;
        if (location.kind === "value" && location.base.kind === "entry" && this.#registers[location.base.register] === register) found.push(add(of(atomOf(variable)), number(-location.offset)) as Known);
      }
    }
    return found;
  }

  /** The variables in memory whose bytes hold a place on the stack: the address as a sum. */
  ofAddress(offset: number, index: number): Known[] {
    const { at } = this.#code.list[index]!;
    const found: Known[] = [];
    for (const { variable, ranges } of this.#ranked) {
      for (const { low, high, location } of variable.locations) {
        if (low === -Infinity ? !within(ranges, at) : at < low || at >= high) continue;
        if (location.kind !== "memory") continue;
        const start = this.#frameOffset(location.base, location.offset, index);
        const size = variable.type?.size ?? 8;
        if (start === null || offset < start || offset >= start + Math.max(1, size)) continue;
        found.push(add(of({ ...atomOf(variable), key: `&${variable.name}@${start}`, isAddress: true }), number(BigInt(offset - start))) as Known);
      }
    }
    return found;
  }

  /** The variables whose values debug information says as something computed, or as an address of the image, best first. */
  computed(index: number): { readonly atom: Atom; readonly value: Computation }[] {
    const { at } = this.#code.list[index]!;
    const found: { atom: Atom; value: Computation; rank: number }[] = [];
    for (const { variable, ranges, rank } of this.#ranked) {
      for (const { low, high, location } of variable.locations) {
        if (low === -Infinity ? !within(ranges, at) : at < low || at >= high) continue;
        const value = location.kind === "computed" ? location.value : location.kind === "value" ? { base: location.base, offset: location.offset } : null;
        if (value) found.push({ atom: atomOf(variable), value, rank });
      }
    }
    return found.sort((a, b) => a.rank - b.rank);
  }

  #valueOf(variable: Variable, location: Location, holder: Holder, index: number): Known | null {
    switch (location.kind) {
      case "register":
        return this.#registers[location.register] === holder ? of(atomOf(variable)) : null;
      case "value": {
        if (location.base.kind !== "register" || this.#registers[location.base.register] !== holder) return null;
        return add(of(atomOf(variable)), number(-location.offset)) as Known;
      }
      case "memory": {
        const offset = this.#frameOffset(location.base, location.offset, index);
        return offset !== null && holder === `stack:${offset}` ? of(atomOf(variable)) : null;
      }
      case "pieces": {
        // Of a struct that was taken apart: a member in a register of its own.
        let offset = 0n;
        for (const piece of location.pieces) {
          if (piece.location.kind === "register" && this.#registers[piece.location.register] === holder) {
            const whole: Atom = { ...atomOf(variable), key: `&${variable.name}`, isAddress: true };
            const place = placeAt(add(of(whole), number(offset)) as Known, piece.size);
            return place && of({ key: `m:${place.text}`, text: place.text, primary: place.primary, type: place.type, isAddress: false, kind: "place", place });
          }
          offset += BigInt(piece.size);
        }
        return null;
      }
      case "computed":
      case "global":
      case "bytes":
      case "none":
        return null;
    }
  }

  /** A place on the stack, from the canonical frame address. */
  #frameOffset(base: LocationBase, offset: bigint, index: number): number | null {
    if (base.kind === "frame") return Number(offset);
    if (base.kind !== "register") return null;
    const name = this.#registers[base.register];
    const depth = name === undefined ? null : this.#code.depthOf(name, index);
    return depth === null ? null : Number(offset) - depth;
  }
}

export function atomOf(variable: Variable): Atom {
  return { key: `v:${variable.name}:${variable.type?.die.offset ?? 0}`, text: variable.name, primary: true, type: variable.type, isAddress: false, kind: "variable" };
}

/** Macros' own variables come last, untyped pointers and numbers behind pointers to something. */
function weight(variable: Variable): number {
  const plain = variable.type?.plain;
  const pointed = plain?.kind === "pointer" ? plain.target?.plain : undefined;
  const isMacros = /^(?:__|_[A-Z]|_+x_|___)/.test(variable.name) && !variable.isParameter;
  return (isMacros ? 8 : 0) + (pointed?.kind === "struct" || pointed?.kind === "union" ? 0 : plain?.kind === "pointer" ? 1 : 2);
}

function rankAll({ scopes }: FunctionScopes, at: number, wanted: number, reach: Reach): Ranked[] {
  const chain = new Map<number, number>();
  for (let index = wanted, rank = 0; index >= 0; index = scopes[index]!.parent) {
    chain.set(index, rank);
    if (scopes[index]!.kind !== "block") rank += 100;
  }
  const ranked: Ranked[] = [];
  for (const [index, scope] of scopes.entries()) {
    let rank = chain.get(index);
    if (rank === undefined) {
      // A block of a function of the chain counts as that function's; of one that does not cover the place only where nothing else is left.
      let owner = index;
      while (owner >= 0 && scopes[owner]!.kind === "block" && !chain.has(owner)) owner = scopes[owner]!.parent;
      const isOwn = owner >= 0 && chain.has(owner) && (scope.kind === "block" || owner === index);
      const covers = within(scope.ranges, at);
      if (isOwn && covers) rank = chain.get(owner)! - 1;
      else if (reach !== "own" && covers) rank = 100_000 - index;
      else if (reach === "any") rank = isOwn ? 200_000 : 300_000 + index;
      else if (isOwn) rank = chain.get(owner)! + 50;
      else continue;
    }
    for (const variable of scope.variables) {
      if (reach === "own" && /^(?:__|_[A-Z])/.test(variable.name) && !variable.isParameter) continue;
      ranked.push({ variable, ranges: scope.ranges, rank });
    }
  }
  return ranked;
}
