import { linesBetween } from "../log-lines.ts";
import type { Expression } from "./access.ts";
import { memoryExpression, valueExpression } from "./access.ts";
import type { CodePlace } from "./stack.ts";
import type { Values } from "./values.ts";
import type { FaultQuestion } from "./question.ts";

/**
 * The subscript that UBSAN complains of: its handler gets the index alone (`__ubsan_handle_out_of_bounds(data, index)`), so the access is sought among the
 * function's that are indexed by what the index is called, and have as many elements as the log says.
 */
export function subscriptExpression(all: readonly Values[], place: CodePlace, { case: found, report }: FaultQuestion): Expression | null {
  const index = valueExpression(all, place.code.machine.given[1]!, place.index);
  const said = linesBetween(found, report.lines).find(({ text }) => /index -?\d+ is out of range for type/.test(text))?.text ?? "";
  const [, , bound] = /index (-?\d+) is out of range for type '.*?\[(\d+)\]/.exec(said) ?? [];
  if (!index) return null;
  for (let k = 0; k < place.code.list.length; k++) {
    const { effect } = place.code.list[k]!;
    if (effect.operation === "nothing" || effect.operation === "address") continue;
    const which = effect.operands.findIndex((operand) => operand.kind === "memory" && operand.index !== null);
    if (which < 0) continue;
    const access = memoryExpression(all, k, which);
    if (!access?.typed || !access.expression.includes(`[${index.expression}]`)) continue;
    if (bound !== undefined && !boundsOf(all, k, which).includes(Number(bound))) continue;
    return { ...access, variable: index.expression, type: index.type, register: null, distance: null };
  }
  return null;
}

/** How many elements the arrays have that an operand's place may be in. */
function boundsOf(all: readonly Values[], index: number, which: number): readonly number[] {
  for (const values of all) {
    const instruction = values.code.list[index]!;
    const operand = instruction.effect.operands[which];
    if (operand?.kind !== "memory") return [];
    const found = values.placeOf(operand, instruction.references[which] ?? null, index);
    if (found?.typed) return found.place.bounds;
  }
  return [];
}
