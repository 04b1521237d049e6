import type { EffectOperand } from "../../disasm/index.ts";
import type { CType } from "../../dwarf/index.ts";
import type { CodeInstruction, FunctionCode, Reference } from "./code.ts";
import { add, number, of, single, times, unknown, type Atom, type Known, type Linear } from "./linear.ts";
import type { Holder } from "./names.ts";
import { destinations } from "./reach.ts";
import { computed, hiddenNumber, perCpuPointer, product } from "./sums.ts";

/** What is asked of the values before an instruction; the class of that name in `values.ts` answers. */
export type ValuesBefore = {
  readonly code: FunctionCode;
  before(holder: Holder, index: number): readonly Linear[];
  operand(instruction: CodeInstruction, which: number, index: number): readonly Linear[];
  addressOf(operand: Extract<EffectOperand, { kind: "memory" }>, reference: Reference | null, index: number): readonly Linear[];
  variableOf(made: Atom, index: number): Known | null;
  typeOfResult(name: string): CType | null | undefined;
};

/** What an instruction writes into a holder, of what it reads. */
export function written(values: ValuesBefore, holder: Holder, index: number): readonly Linear[] {
  const { code } = values;
  const instruction = code.list[index]!;
  const { effect } = instruction;
  const { operands, moves } = effect;
  const first = operands[0];
  const constant = (which: number): bigint | null => {
    const operand = operands[which];
    return operand?.kind === "constant" && !instruction.references[which] ? operand.value : null;
  };
  // Arithmetic of two operands changes the first, of three it has its left one behind the destination.
  const last = operands.length >= 3 ? 2 : 1;
  const left = (): readonly Linear[] => (last === 2 ? values.operand(instruction, 1, index) : values.before(holder, index));
  const right = (): readonly Linear[] => values.operand(instruction, last, index);
  const each = (change: (value: Linear) => Linear): readonly Linear[] => left().map(change);
  const scaled = (value: Linear, by: bigint): Linear => times(value.unknown === null ? value : hiddenNumber(holder, index), by);
  if (moves?.register === holder) return values.before(holder, index).map((value) => add(value, number(moves.by)));
  switch (effect.operation) {
    case "move": {
      if (first?.kind === "register" && first.size < 4 && effect.mnemonic === "mov") return [unknown("only a part of it was written")];
      const to = destinations(effect).find((which) => isHolder(values, holder, instruction, which, index)) ?? 0;
      return values.operand(instruction, to + 1, index);
    }
    case "address": {
      const operand = operands[1];
      if (operand?.kind !== "memory") break;
      return values.addressOf(operand, instruction.references[1] ?? null, index);
    }
    case "add":
    case "subtract": {
      if (effect.operation === "subtract" && isSame(instruction, last)) return [number(0n)];
      const second = operands[1];
      if (second?.kind === "memory" && second.segment === "gs") return each((value) => perCpuPointer(value));
      return product(left(), right().slice(0, 3), effect.operation === "add" ? 1n : -1n, index);
    }
    case "increment":
      return each((value) => add(value, number(1n)));
    case "decrement":
      return each((value) => add(value, number(-1n)));
    case "shift-left": {
      const by = operands.length === 1 ? 1n : constant(last);
      if (by === null || by > 32n) break;
      if (operands.length > 3) return [times(hiddenNumber(holder, index), 1n << by)];
      return each((value) => scaled(value, 1n << by));
    }
    case "multiply": {
      const by = constant(last) ?? numberOf(right());
      const sum = operands.length > 3 ? values.operand(instruction, 3, index) : null;
      if (by !== null && last === 2) {
        const made = each((value) => scaled(value, by));
        return sum === null ? made : product(sum, made, 1n, index);
      }
      if (sum !== null) return product(sum, [hiddenNumber(holder, index)], 1n, index);
      return computedOf(values, left(), right(), "*", index);
    }
    case "xor":
      if (isSame(instruction, last)) return [number(0n)];
      return computedOf(values, left(), right(), "^", index);
    case "and":
      // The lower half of a register is all of a smaller number.
      if (constant(last) === 0xffff_ffffn) return left();
      return computedOf(values, left(), right(), "&", index);
    case "or":
      return computedOf(values, left(), right(), "|", index);
    case "shift-right":
      if (operands.length > 3) return [hiddenNumber(holder, index)];
      return computedOf(values, left(), operands.length === 1 ? [number(1n)] : right(), ">>", index);
    case "push":
      return values.operand(instruction, 0, index);
    case "pop": {
      const depth = code.stackDepth(index);
      return depth === null ? [unknown("the stack's depth is not known")] : values.before(`stack:${-depth}`, index);
    }
    case "call":
      return holder === code.machine.result ? [resultOf(values, instruction)] : [unknown(`a call to ${code.calleeOf(instruction) ?? "a function"} came between`)];
    case "other":
      // Arithmetic makes numbers, which may still be an index.
      if (code.machine.arithmetic.test(effect.mnemonic)) return [hiddenNumber(holder, index)];
      break;
    case "divide":
      return [hiddenNumber(holder, index)];
    case "choose":
    case "compare": case "test": case "bit-test": case "leave": case "string": case "jump": case "branch": case "return": case "trap": case "nothing": case "invalid":
      break;
  }
  return [unknown(`${effect.mnemonic} wrote it`)];
}

/** Whether a destination of a pair is the holder. */
function isHolder({ code }: ValuesBefore, holder: Holder, instruction: CodeInstruction, which: number, index: number): boolean {
  const operand = instruction.effect.operands[which];
  if (operand?.kind === "register") return operand.register === holder;
  return operand?.kind === "memory" && holder === `stack:${code.slotOf(operand, index)}`;
}

/** What is computed of a thing and itself is 0. */
function isSame({ effect: { operands } }: CodeInstruction, last: number): boolean {
  const [one, other] = [operands[last - 1], operands[last]];
  return one?.kind === "register" && other?.kind === "register" && one.register === other.register;
}

function numberOf(values: readonly Linear[]): bigint | null {
  const [value] = values;
  return value?.unknown === null && value.terms.length === 0 ? value.constant : null;
}

/** What two values make, by the name of the variable that it is if there is one. */
function computedOf(values: ValuesBefore, left: readonly Linear[], right: readonly Linear[], operator: string, index: number): readonly Linear[] {
  const made = computed(left, right, operator);
  if (made[0]!.unknown !== null) return [hiddenNumber(operator, index)];
  const atom = single(made[0]!);
  const variable = atom && values.variableOf(atom, index + 1);
  return variable ? [variable, ...made] : made;
}

/** A call's result. */
function resultOf(values: ValuesBefore, instruction: CodeInstruction): Linear {
  const callee = values.code.calleeOf(instruction);
  if (callee === null) {
    const { target } = instruction;
    if (target && "address" in target) return unknown("the result of a call within the function");
    return unknown("the result of an indirect call");
  }
  const source = callee.replace(/\.(?:isra|constprop|part|cold|llvm)\b.*$/, "");
  const type = values.typeOfResult(source);
  return of({ key: `f:${callee}@${instruction.at}`, text: `${source}(…)`, primary: true, type, isAddress: false, kind: "call" });
}
