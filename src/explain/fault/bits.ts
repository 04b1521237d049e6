import type { FunctionCode } from "./code.ts";

/** Which bit of what an instruction reads from memory is looked at, as far as it or the next ones tell: 0 if none. */
export function bitWanted(code: FunctionCode, index: number): number {
  let shift = 0;
  const lowest = (mask: bigint): number => {
    const bits = BigInt.asUintN(32, mask);
    return bits === 0n ? 0 : shift + (bits & -bits).toString(2).length - 1;
  };
  const { effect } = code.list[index]!;
  const [first, second] = effect.operands;
  if (first?.kind === "memory") {
    if (second?.kind !== "constant") return 0;
    if (effect.operation === "bit-test") return Number(second.value & 63n);
    if (effect.operation === "test" || effect.operation === "or") return lowest(second.value);
    return effect.operation === "and" ? lowest(~second.value) : 0;
  }
  if (effect.operation !== "move" || first?.kind !== "register") return 0;
  for (let k = index + 1; k < Math.min(code.list.length, index + 4); k++) {
    const { operation, operands, writes } = code.list[k]!.effect;
    const [to, by, width] = operands;
    // Of three operands the second is what is looked at.
    if (width !== undefined && by?.kind === "register" && by.register === first.register) {
      if (width.kind !== "constant") return shift;
      if (operation === "shift-right") return shift + Number(width.value);
      return operation === "and" ? lowest(width.value) : shift;
    }
    if (operation === "branch" && to?.kind === "register" && to.register === first.register) return by?.kind === "constant" ? shift + Number(by.value) : shift;
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
