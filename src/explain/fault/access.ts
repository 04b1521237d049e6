import { typeName } from "../../dwarf/index.ts";
import type { EffectOperand } from "../../disasm/index.ts";
import type { CodeInstruction, FunctionCode } from "./code.ts";
import { within } from "./image.ts";
import { primaryText, single, textOf, type Known, type Linear, type Place } from "./linear.ts";
import { Names, type Reach } from "./names.ts";
import { placeAt } from "./place.ts";
import { Values } from "./values.ts";

// What one instruction does, in the words of the source: the piece of memory that it reads or writes, what it calls, what it divides by.

/** Something that was found to be said in C. */
export type Expression = {
  readonly expression: string;
  /** The pointer or number that is at fault, and its type. */
  readonly variable: string | null;
  readonly type: string | null;
  readonly field: string | null;
  /** The register that holds `variable`, or what `variable` and `distance` make. */
  readonly register: string | null;
  /** What lies between `variable` and the address; null where there is an index or no pointer. */
  readonly distance: bigint | null;
  /** False where no types lead there. */
  readonly typed: boolean;
};

export type Given = (register: string) => readonly Linear[];

/** The function's values in words of `wanted`, from the narrowest reach to the widest. */
export function readings(code: FunctionCode, at: number, wanted: string | null, given?: Given): Values[] {
  const found = code.image.scopesAt(code.entry);
  const scopes = found?.scopes ?? [];
  let scope = 0;
  for (const [index, { name, kind, ranges }] of scopes.entries()) if (kind !== "block" && name === wanted && within(ranges, at)) scope = index;
  return (["own", "inner", "any"] satisfies Reach[]).map((reach) => new Values(code, new Names(code, found, at, scope, reach), Math.max(0, code.indexAt(at)), given));
}

type Memory = Extract<EffectOperand, { kind: "memory" }>;

/** The piece of memory of an operand, in the first reading whose types bear it out. */
export function memoryExpression(all: readonly Values[], index: number, which: number): Expression | null {
  let raw: Expression | null = null;
  for (const values of all) {
    const instruction = values.code.list[index]!;
    const operand = instruction.effect.operands[which];
    if (operand?.kind !== "memory") return null;
    const found = values.placeOf(operand, instruction.references[which] ?? null, index);
    if (!found) continue;
    const whole = expressionOf(found.place, found.address, operand);
    const made = found.shadow ? { ...whole, distance: null } : whole;
    if (found.typed && !hasEntry(found.address)) return made;
    raw ??= hasEntry(found.address) ? null : { ...made, typed: false };
  }
  return raw;
}

function hasEntry(address: Known): boolean {
  return address.terms.some(({ atom }) => atom.kind === "entry" || atom.kind === "frame");
}

function expressionOf(place: Place, address: Known, operand: Memory | null): Expression {
  const { pointer } = place;
  const indexed = address.terms.length > 1;
  // Of a variable itself, not of what it points to, the index is what may be wrong.
  const index = pointer === null && indexed ? address.terms.find(({ atom }) => !atom.isAddress)?.atom : null;
  const named = pointer ?? index ?? null;
  return {
    expression: place.text,
    variable: named?.text ?? null,
    type: named?.type === undefined ? null : typeName(named.type),
    field: place.field,
    register: operand ? (pointer === null && index ? (operand.index ?? operand.base) : operand.base) : null,
    distance: pointer && !indexed ? place.distance : null,
    typed: true,
  };
}

/** What a register's value is, as an expression of its own: `session->key`. */
export function valueExpression(all: readonly Values[], register: string, index: number): (Expression & { readonly value: Known }) | null {
  for (const values of all) {
    for (const value of values.before(register, index)) {
      if (value.unknown !== null || hasEntry(value)) continue;
      const atom = single(value);
      if (atom && !atom.isAddress) return { expression: atom.text, variable: atom.text, type: atom.type === undefined ? null : typeName(atom.type), field: atom.place?.field ?? null, register, distance: 0n, typed: true, value };
      const place = value.terms.length > 0 ? placeAt(value, 0) : null;
      if (place) return { expression: `&${place.text}`, variable: `&${place.text}`, type: place.type === undefined ? null : typeName(place.type, "*"), field: place.field, register, distance: 0n, typed: true, value };
      return { expression: textOf(value), variable: null, type: null, field: null, register, distance: null, typed: value.terms.length > 0, value };
    }
  }
  return null;
}

/** What a pointer that was handed on points to: `job->list` of `&job->list`. `size` bytes are meant, or the struct named `whole`. */
export function pointedExpression(all: readonly Values[], register: string, index: number, size: number, whole: string | null = null): Expression | null {
  let raw: Expression | null = null;
  for (const values of all) {
    for (const value of values.pointer(register, index)) {
      if (value.unknown !== null || hasEntry(value)) continue;
      const place = placeAt(value, size, whole);
      if (place) return { ...expressionOf(place, value, null), register };
      raw ??= { expression: textOf(value), variable: null, type: null, field: null, register, distance: null, typed: false };
    }
  }
  return raw;
}

/** The function pointer that a call goes through: `ops->open`. Null for calls of functions by their names. */
export function callExpression(all: readonly Values[], index: number): Expression | null {
  const code = all[0]!.code;
  const instruction = code.list[index]!;
  const { effect } = instruction;
  if (effect.operation !== "call" && effect.operation !== "jump") return null;
  const finish = (found: Expression): Expression => ({ ...found, expression: `${/^\*/.test(found.expression) ? `(${found.expression})` : found.expression}(…)` });
  const operand = effect.operands[0];
  if (operand?.kind === "memory") {
    const found = memoryExpression(all, index, 0);
    return found && finish({ ...found, variable: found.expression, type: callType(all, index), distance: null });
  }
  const register = operand?.kind === "register" ? operand.register : code.machine.thunk(code.calleeOf(instruction) ?? "");
  if (register === null) return null;
  const found = valueExpression(all, register, index);
  return found && finish(found);
}

function callType(all: readonly Values[], index: number): string | null {
  for (const values of all) {
    const instruction = values.code.list[index]!;
    const operand = instruction.effect.operands[0];
    if (operand?.kind !== "memory") return null;
    const found = values.placeOf(operand, instruction.references[0] ?? null, index);
    if (found?.typed && found.place.type !== undefined) return typeName(found.place.type);
  }
  return null;
}

/** `bytes / intervals`, of which the latter is at fault. */
export function divisionExpression(all: readonly Values[], index: number): Expression | null {
  const code = all[0]!.code;
  const instruction = code.list[index]!;
  const operand = instruction.effect.operands[0];
  for (const values of all) {
    const divisor = values.operand(instruction, 0, index).find((value): value is Known => value.unknown === null && !hasEntry(value));
    if (!divisor) continue;
    const dividend = values.before("rax", index).find((value): value is Known => value.unknown === null && !hasEntry(value));
    const atom = single(divisor);
    return {
      expression: `${dividend ? primaryText(dividend) : "…"} ${wantsRemainder(code, index) ? "%" : "/"} ${primaryText(divisor)}`,
      variable: primaryText(divisor),
      type: atom && atom.type !== undefined && atom.type !== null ? typeName(atom.type) : null,
      field: atom?.place?.field ?? null,
      register: operand?.kind === "register" ? operand.register : null,
      distance: null,
      typed: dividend !== undefined,
    };
  }
  return null;
}

/** Whether what follows a division takes its remainder (in RDX) and not the quotient. */
function wantsRemainder(code: FunctionCode, index: number): boolean {
  let quotient = true;
  for (let k = index + 1; k < Math.min(code.list.length, index + 12); k++) {
    const { effect } = code.list[k]!;
    const reads = (name: string): boolean =>
      effect.operands.some((operand, which) => (operand.kind === "register" && operand.register === name && !(which === 0 && (effect.operation === "move" || effect.operation === "address"))) || (operand.kind === "memory" && (operand.base === name || operand.index === name)));
    if (quotient && reads("rax")) return false;
    if (reads("rdx")) return true;
    if (effect.writes.includes("rdx") || effect.operation === "call" || effect.operation === "jump" || effect.operation === "return") return false;
    if (effect.writes.includes("rax")) quotient = false;
  }
  return false;
}

const opposite: Readonly<Record<string, string>> = { e: "ne", ne: "e", a: "be", be: "a", ae: "b", b: "ae", g: "le", le: "g", ge: "l", l: "ge", s: "ns", ns: "s", o: "no", no: "o", p: "np", np: "p" };
const signs: Readonly<Record<string, string>> = { e: "==", ne: "!=", a: ">", be: "<=", ae: ">=", b: "<", g: ">", le: "<=", ge: ">=", l: "<" };

/** The condition that led to a trap (BUG, WARN), as far as one comparison and the branch behind it tell. */
export function conditionExpression(all: readonly Values[], trap: number): Expression | null {
  const code = all[0]!.code;
  // Back over what prepares nothing but the trap, to the branch that leads there alone.
  let at = trap;
  for (let steps = 0; steps < 16; steps++) {
    const before = code.before(at);
    if (before.length !== 1) return null;
    const from = before[0]!;
    const instruction = code.list[from]!;
    const { effect, target } = instruction;
    if (effect.operation === "branch") {
      const taken = target !== null && "address" in target && code.list[at]!.at === target.address;
      const condition = effect.condition === null ? null : taken ? effect.condition : (opposite[effect.condition] ?? null);
      if (condition === null) return null;
      return effect.operands[0]?.kind === "register" ? compared(all, instruction, from, condition) : comparison(all, from, condition);
    }
    at = from;
  }
  return null;
}

function comparison(all: readonly Values[], branch: number, condition: string): Expression | null {
  const code = all[0]!.code;
  let at = branch;
  for (let steps = 0; steps < 8; steps++) {
    const before = code.before(at);
    if (before.length !== 1) return null;
    at = before[0]!;
    const instruction = code.list[at]!;
    const { operation } = instruction.effect;
    if (operation === "compare" || operation === "test" || operation === "bit-test") return compared(all, instruction, at, condition);
    if (operation === "call" || operation === "branch" || operation === "jump") return null;
    if (!code.machine.leavesFlags(instruction.effect)) return flagsOf(all, instruction, at, condition);
  }
  return null;
}

/** The flags of an `and`, a decrement and the like are those of its result. */
function flagsOf(all: readonly Values[], instruction: CodeInstruction, at: number, condition: string): Expression | null {
  const first = instruction.effect.operands[0];
  if (condition !== "e" && condition !== "ne") return null;
  if (first?.kind !== "register" || instruction.effect.operation !== "and") return null;
  const found = valueExpression(all, first.register, at + 1);
  return found && { ...found, expression: condition === "ne" ? found.expression : `!(${found.expression})` };
}

function compared(all: readonly Values[], instruction: CodeInstruction, at: number, condition: string): Expression | null {
  const { operands } = instruction.effect;
  const [first, second] = operands;
  // A branch that compares has a register, and maybe a bit of it.
  const operation = instruction.effect.operation !== "branch" ? instruction.effect.operation : second === undefined ? "test" : "bit-test";
  for (const values of all) {
    const left = values.operand(instruction, 0, at).find((value): value is Known => value.unknown === null && !hasEntry(value));
    if (!left || left.terms.length === 0) continue;
    const right = values.operand(instruction, 1, at).find((value): value is Known => value.unknown === null && !hasEntry(value));
    const atom = single(left);
    const type = atom?.type;
    const same = first?.kind === "register" && (second === undefined || (second.kind === "register" && first.register === second.register));
    const name = atom ? primaryText(left) : textOf(left);
    const done = (expression: string): Expression => ({
      expression, variable: atom?.text ?? null, type: type === undefined ? null : typeName(type), field: atom?.place?.field ?? null,
      register: first?.kind === "register" ? first.register : null, distance: null, typed: true,
    });
    const isPointer = type?.plain?.kind === "pointer";
    const isTruth = isPointer || /^(?:bool|_Bool)$/.test(type?.name ?? "");
    if (operation === "test" || operation === "bit-test") {
      if (!same) {
        if (!right || right.terms.length > 0) return null;
        const mask = operation === "bit-test" ? 1n << (right.constant & 63n) : right.constant;
        if (condition === "s" || condition === "ns") return null;
        const whole = mask === -1n || (first?.kind === "register" && mask === (1n << BigInt(first.size * 8)) - 1n);
        const text = whole ? name : `${name} & 0x${BigInt.asUintN(32, mask).toString(16)}`;
        return done(condition === "ne" || condition === "b" ? text : `!${whole ? text : `(${text})`}`);
      }
      const zero = type?.plain?.kind === "enum" ? (type.plain.enumerator(0n) ?? "0") : "0";
      if (condition === "e") return done(isTruth ? `!${name}` : `${name} == ${zero}`);
      if (condition === "ne") return done(isTruth ? name : `${name} != ${zero}`);
      if (condition === "s") return done(`${name} < 0`);
      if (condition === "ns") return done(`${name} >= 0`);
      if (condition === "g" || condition === "le") return done(`${name} ${signs[condition]} 0`);
      return null;
    }
    const sign = signs[condition];
    if (sign === undefined || !right) return null;
    // Compilers write `x >= 8` as `x > 7`.
    if (right.terms.length === 0) {
      const value = first?.kind === "register" || first?.kind === "memory" ? BigInt.asIntN(Math.max(1, first.size) * 8, right.constant) : right.constant;
      const enumerator = type?.plain?.kind === "enum" ? type.plain.enumerator(value) : null;
      if (isTruth && value === 0n) return done(condition === "e" ? `!${name}` : name);
      return done(`${name} ${sign} ${enumerator ?? value.toString()}`);
    }
    return done(`${name} ${sign} ${textOf(right)}`);
  }
  return null;
}
