import type { EffectInstruction } from "../../disasm/index.ts";
import type { FunctionCode } from "./code.ts";
import type { Holder } from "./names.ts";

// Which instructions wrote what a register or a stack slot holds somewhere, backwards over all ways that lead there.

const mostVisited = 6000;
/** Calls that leave all registers alone: tracing at a function's entry. */
const transparent = /^(?:__fentry__|mcount|_mcount|__cfi_\w+|__sanitizer_cov_trace_pc|__tsan_func_(?:entry|exit)|__ref_stack_chk_guard)$/;

/** What wrote a holder: `straight` are the instructions passed that lie on every way. */
export type Reaching = { readonly defs: readonly number[]; readonly entry: boolean; readonly passed: readonly number[]; readonly straight: readonly number[]; readonly lost: boolean };

/** Which operands an instruction writes to: the first, and the second destination of a pair. */
export function destinations({ operation, operands }: EffectInstruction): readonly number[] {
  return operation === "move" && operands.length === 4 ? [0, 2] : [0];
}

/**
 * Which instructions' writes reach a place, whether the function's entry does, and through which instructions. `straight`: those on every way. `lost`: control
 * also comes from nowhere that is known, so anything may have been written.
 */
export function reach(code: FunctionCode, holder: Holder, index: number): Reaching {
  const defs: number[] = [];
  const passed: number[] = [];
  const straight: number[] = [];
  const seen = new Set<number>();
  let entry = code.list[index]!.at === code.entry;
  let isStraight = code.before(index).length === 1;
  const work = [...code.before(index)];
  let lost = work.length === 0 && !entry;
  for (let next = 0; next < work.length; next++) {
    const k = work[next]!;
    if (seen.has(k)) continue;
    seen.add(k);
    if (seen.size > mostVisited) break;
    if (writes(code, holder, k)) {
      if (!defs.includes(k)) defs.push(k);
      continue;
    }
    passed.push(k);
    if (isStraight) straight.push(k);
    const before = code.before(k);
    if (before.length !== 1) isStraight = false;
    if (code.list[k]!.at === code.entry) entry = true;
    else if (before.length === 0) lost = true;
    work.push(...before);
  }
  return { defs, entry, passed, straight, lost };
}

/** What a loop adds to a holder each time; null where an instruction does something else to it. */
export function stepOf(code: FunctionCode, holder: Holder, index: number): bigint | null {
  const instruction = code.list[index]!;
  const { operation, operands, moves } = instruction.effect;
  const [first, second] = operands;
  if (moves?.register === holder) return moves.by;
  if (first?.kind !== "register" || first.register !== holder) return null;
  if (operation === "increment" || operation === "decrement") return operation === "increment" ? 1n : -1n;
  if ((operation === "add" || operation === "subtract") && second?.kind === "constant" && !instruction.references[1]) return operation === "add" ? second.value : -second.value;
  if (operation === "address" && second?.kind === "memory" && second.base === holder && second.index === null && !instruction.references[1]) return second.displacement;
  return null;
}

/** Registers that a holder was copied to on the one way to an instruction, and that still hold the same. */
export function copiesOf(code: FunctionCode, holder: Holder, straight: readonly number[]): Holder[] {
  const copies: Holder[] = [];
  const changed = new Set<string>();
  for (const k of straight) {
    const { effect } = code.list[k]!;
    const [first, second] = effect.operands;
    if (effect.operation === "move" && first?.kind === "register" && second?.kind === "register" && second.register === holder && first.size === 8 && !changed.has(first.register)) copies.push(first.register);
    for (const register of effect.writes) changed.add(register);
    if (effect.operation === "call") for (const register of code.machine.clobbered) changed.add(register);
  }
  return copies;
}

function writes(code: FunctionCode, holder: Holder, index: number): boolean {
  const instruction = code.list[index]!;
  const { effect } = instruction;
  if (holder.startsWith("stack:")) {
    if (effect.operation === "push") {
      const depth = code.stackDepth(index);
      return depth !== null && holder === `stack:${-(depth + 8)}`;
    }
    if (effect.operation === "compare" || effect.operation === "test" || effect.operation === "call") return false;
    return destinations(effect).some((which) => {
      const operand = effect.operands[which];
      return operand?.kind === "memory" && holder === `stack:${code.slotOf(operand, index)}`;
    });
  }
  if (effect.operation === "call") return code.machine.clobbered.has(holder) && !transparent.test(code.calleeOf(instruction) ?? "");
  return effect.writes.includes(holder);
}
