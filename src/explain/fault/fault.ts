import { hex } from "../../base/index.ts";
import type { CaseFrame, CaseReport, FaultUnknown } from "../../case/index.ts";
import { linesBetween } from "../log-lines.ts";
import { assertionAt } from "../../source/index.ts";
import { callExpression, conditionExpression, divisionExpression, memoryExpression, pointedExpression, readings, valueExpression, type Expression } from "./access.ts";
import { faultClues, pcOf, registerOf, type FaultClues } from "./clues.ts";
import { single, textOf as linearText, type Known, type Linear } from "./linear.ts";
import type { Fault, FaultQuestion } from "./question.ts";
import { givenBy, type CaseCode, type CodePlace } from "./stack.ts";
import { freedRegister } from "./freeing.ts";
import { stringFunctions } from "./string-functions.ts";
import { subscriptExpression } from "./subscript.ts";
import { Names } from "./names.ts";
import { Values } from "./values.ts";

/** The expression, or why there is none. */
export type FaultAnswer = { readonly fault: Fault; readonly why: string } | { readonly fault: null; readonly unknown: FaultUnknown };

const none = (reason: FaultUnknown["reason"], why: string): FaultAnswer => ({ fault: null, unknown: { reason, why } });

/** Kinds that tell of a state that lasts, not of an access. */
const noExpression = new Set([
  "soft-lockup", "hard-lockup", "rcu-stall", "hung-task", "deadlock", "lock-misuse", "sleep-in-atomic", "stack-overflow", "stack-corruption", "leak", "out-of-memory", "boot-failure", "hardware", "cfi",
]);

/** Finds the expression at fault. Says no more than registers, code and types bear out. */
export async function faultOf(question: FaultQuestion): Promise<FaultAnswer> {
  const { report } = question;
  if (noExpression.has(report.kind)) return none("no-access", `a report of kind ${report.kind} is of no single access`);
  const clues = faultClues(question.case, report);
  const trail = trailOf(report, question.at?.frame ?? null);
  if (report.kind === "double-free" || report.kind === "invalid-free") return freed(question, trail);
  if (report.kind === "list-corruption" && /^(?:__list_(?:add|del)|lib\/list)/.test(trail[0]?.symbol ?? "") ) return reported(question, trail, /^__list_(?:add|del_entry)_valid/, listMember(question), "list_head");
  if (report.kind === "refcount") return reported(question, trail, /^refcount_warn_saturate|^refcount_\w+_checked/, () => ({ argument: 0, suffix: "" }), "refcount_struct");
  const { pc } = question;
  if (pc && pc.functions.length > 0) return atPc(question, pc, trail, clues);
  if (pc && (pc.symbol === null || pc.unresolved !== null)) {
    const called = await through(question, trail, clues, report);
    return called.fault === null && pc.symbol !== null ? none("no-code", noCode(pc)) : called;
  }
  return checked(question, trail, clues);
}

/** Why a frame's code cannot be read. */
function noCode({ symbol, unresolved, functions, module }: CaseFrame): string {
  if (unresolved !== null) return unresolved.why;
  if (functions.every(({ file }) => file === null)) return `there is no debug information of \`${symbol}\``;
  return module === null ? "the code of vmlinux is not to be had, or its processor's is not followed" : `the code of ${module} is not to be had, or its processor's is not followed`;
}

/** The reliable frames from the report's pc upwards. Of several traces (slub shows who allocated the object as one too) that with the guilty frame. */
export function trailOf(report: CaseReport, guilty: CaseFrame | null): CaseFrame[] {
  const pc = report.stacks.find(({ name }) => name === "pc")?.frames[0];
  const traces = report.stacks.filter(({ name }) => name === "call trace");
  const own = traces.find(({ frames }) => frames.some(({ text, logLine }) => text === guilty?.text && logLine === guilty.logLine));
  const trace = (own ?? traces[0] ?? report.stacks.find(({ name, frames }) => name !== "pc" && frames.length > 0))?.frames.filter(({ reliable }) => reliable) ?? [];
  if (!pc) return trace;
  return [pc, ...trace.filter((frame, index) => !(index === 0 && frame.text === pc.text))];
}

function isGuilty({ at }: FaultQuestion, frame: CaseFrame): boolean {
  return at !== null && at.frame.text === frame.text && at.frame.logLine === frame.logLine;
}

/** Whose words are wanted in a frame: those of the guilty function, else those of the innermost that is not a header's. */
export function wantedIn({ at }: { readonly at: FaultQuestion["at"] }, frame: CaseFrame): string | null {
  if (at?.fn && at.frame.text === frame.text) return at.fn.function;
  return (frame.functions.find(({ file }) => file !== null && !file.endsWith(".h")) ?? frame.functions.at(-1))?.function ?? null;
}

async function atPc(question: FaultQuestion, pc: CaseFrame, trail: readonly CaseFrame[], clues: FaultClues): Promise<FaultAnswer> {
  const { code, report } = question;
  const place = await code.placeOf(pc);
  if (!place) return none("no-code", noCode(pc));
  const instruction = place.code.list[place.index]!;
  const { effect } = instruction;
  if (effect.operation === "trap") return asserted(question, place);
  const all = readings(place.code, place.at, wantedIn(question, pc));
  if (effect.operation === "divide" && report.kind === "divide-error") {
    const found = divisionExpression(all, place.index);
    return found ? answer(found, 0n, null, "the divisor of the instruction that trapped") : none("no-name", "the divisor has no name");
  }
  if (clues.how === "fetch" && clues.address !== pcOf(report)) return none("contradiction", "the processor fetched instructions elsewhere than at the frame's address");
  const which = operandOf(place, clues, report);
  if (which < 0) return none("contradiction", `\`${effect.mnemonic}\` at the frame's address reads and writes no memory`);
  const operand = effect.operands[which]!;
  const computed = computedAddress(place, which, report);
  const guilty = trail.findIndex((frame) => isGuilty(question, frame));
  const verified = agrees(computed, clues, operand.kind === "memory" ? Math.max(1, operand.size) : 1, effect.operation === "string");
  if (verified === false) return none("contradiction", `the registers make the address ${hex(computed!)}, and the log says ${hex(clues.address!)}`);
  const why = verified ? `the address that ${operandText(operand)} makes is the one that the log shows` : "the log does not show the address, or the registers do not tell it";
  const isWriteOfData = effect.operation === "call" || effect.operation === "jump";
  const finish = (found: Expression): FaultAnswer => {
    // Where the operand's register is another thing than the variable, one of the others may hold that.
    const register = found.distance === null && found.variable !== null ? holderOf(all, place, found.variable) : found.register;
    const settled = { ...found, register };
    return answer(settled, valueOf(report, settled, computed, clues), clues.address ?? computed, why);
  };
  // In words of the guilty function, where another one that it called was at work.
  if (guilty > 0) {
    const callers = await placesOf(code, trail.slice(1, guilty + 1));
    if (callers.length === guilty) {
      const given = givenBy(place, callers, wantedIn(question, trail[guilty]!));
      const scopes = place.code.image.scopesAt(place.code.entry);
      const blank = new Values(place.code, new Names(place.code, null, place.at, 0, "own"), place.index, given);
      const found = memoryExpression([blank], place.index, which) ?? stringArgument(place, given, clues);
      if (found && found.typed) return finish({ ...found, register: operand.kind === "memory" ? operand.base : null });
      if (!scopes) return none("no-name", `what \`${pc.symbol}\` was given is not known`);
    }
  }
  if (isWriteOfData) {
    const found = callExpression(all, place.index);
    if (found) return finish(found);
  }
  const found = memoryExpression(all, place.index, which);
  if (!found) return none("no-name", "no variable leads to the address");
  return finish(found);
}

/** The register that holds a variable, or what is called like one, at a place. */
function holderOf(all: readonly Values[], { index }: CodePlace, variable: string): string | null {
  for (const values of all) {
    for (const register of values.code.machine.dwarf) if (values.before(register, index).some((value) => single(value)?.text === variable)) return register;
  }
  return null;
}

/** Which operand is the memory that failed: of two the one whose address agrees, else the one that fits reading or writing. -1: none. */
function operandOf(place: CodePlace, clues: FaultClues, report: CaseReport): number {
  const { effect } = place.code.list[place.index]!;
  const candidates = effect.operands.flatMap((operand, which) => (operand.kind === "memory" ? [which] : []));
  if (candidates.length < 2) return candidates[0] ?? -1;
  const right = candidates.find((which) => agrees(computedAddress(place, which, report), clues, 64, effect.operation === "string") === true);
  if (right !== undefined) return right;
  return clues.how === "read" ? candidates.at(-1)! : candidates[0]!;
}

/** The address that an operand makes of the log's registers; null where one is missing or a relocation is in it. */
function computedAddress(place: CodePlace, which: number, report: CaseReport): bigint | null {
  const instruction = place.code.list[place.index]!;
  const operand = instruction.effect.operands[which];
  if (operand?.kind !== "memory" || operand.relative || operand.segment !== null || (instruction.references[which] && place.code.image.elf.relocatable)) return null;
  let sum = operand.displacement;
  if (operand.base !== null) {
    const base = registerOf(report, operand.base);
    if (base === null) return null;
    sum += base;
  }
  if (operand.index !== null) {
    const index = registerOf(report, operand.index);
    if (index === null) return null;
    const meant = operand.indexAs === undefined ? index : operand.indexAs === "i32" ? BigInt.asIntN(32, index) : BigInt.asUintN(32, index);
    sum += meant * BigInt(operand.scale);
  }
  return BigInt.asUintN(64, sum);
}

/** Whether an address is the one of the log; null where either is not known. A wide access may fail at its later bytes, a string far behind. */
function agrees(computed: bigint | null, clues: FaultClues, size: number, isString: boolean): boolean | null {
  if (computed === null || clues.address === null) return null;
  const distance = BigInt.asIntN(64, clues.address - computed);
  return distance >= 0n && distance < (isString ? 1n << 24n : BigInt(Math.max(8, size)));
}

function operandText(operand: { readonly kind: string; readonly base?: string | null; readonly index?: string | null }): string {
  const names = [operand.base, operand.index].filter((name) => typeof name === "string");
  return names.length === 0 ? "the operand" : names.join(" and ");
}

/** The value of the variable at fault: the address less what lies between, else what its register holds. */
function valueOf(report: CaseReport, found: Expression, computed: bigint | null, clues: FaultClues): bigint | null {
  const address = computed ?? clues.address;
  if (found.distance !== null && address !== null && (report.registers["rip"] ?? report.registers["sp"]) !== undefined) return BigInt.asUintN(64, address - found.distance);
  return registerOf(report, found.register);
}

function answer(found: Expression, value: bigint | null, address: bigint | null, why: string): FaultAnswer {
  const { expression, variable, type, field, register } = found;
  const doubt = found.typed ? "" : "; debug information has no types that lead there";
  return { fault: { expression, variable, type, field, value: value === null ? null : hex(value), register, address: address === null ? null : hex(address) }, why: why + doubt };
}

export async function placesOf(code: CaseCode, frames: readonly CaseFrame[]): Promise<CodePlace[]> {
  const places: CodePlace[] = [];
  for (const frame of frames) {
    const place = await code.placeOf(frame);
    if (!place) break;
    places.push(place);
  }
  return places;
}

/** The argument of memcpy and its like that the failed access belongs to: their loops leave nothing to follow. */
function stringArgument(place: CodePlace, given: (register: string) => readonly Linear[], clues: FaultClues): Expression | null {
  const name = (place.frame.symbol ?? "").replace(/^_+/, "").replace(/\..*$/, "");
  const known = stringFunctions[name];
  const argument = known === undefined ? undefined : clues.how === "write" ? known.writes : (known.reads ?? known.writes);
  if (argument === undefined) return null;
  const value = given(place.code.machine.given[argument]!).find((one): one is Known => one.unknown === null);
  if (!value) return null;
  const text = linearText(value);
  return { expression: text, variable: text, type: null, field: value.terms[0]?.atom.place?.field ?? null, register: null, distance: null, typed: true };
}

/** BUG and WARN: the condition as the source has it, else the comparison that led there. */
function asserted(question: FaultQuestion, place: CodePlace): FaultAnswer {
  const { report, sources, at } = question;
  const fn = at?.fn && at.frame.text === place.frame.text ? at.fn : (place.frame.functions.find(({ file }) => file !== null && !file.endsWith(".h")) ?? null);
  const all = readings(place.code, place.at, fn?.function ?? null);
  const shape = conditionExpression(all, place.index);
  const lines = fn?.file === null || fn === null || fn.line === null ? null : (sources?.lines(fn.file) ?? null);
  const assertion = lines && assertionAt(lines, fn!.line!);
  if (assertion) {
    const value = registerOf(report, shape?.register ?? null);
    return answer({ ...(shape ?? bare), expression: assertion.condition, typed: true }, value, null, `the condition of \`${assertion.macro}\` in the source`);
  }
  if (!shape) return none("no-code", "the source is not at hand, and no single comparison leads to the trap");
  return answer(shape, registerOf(report, shape.register), null, "the comparison that led to the trap; the source is not at hand");
}

const bare: Expression = { expression: "", variable: null, type: null, field: null, register: null, distance: null, typed: true };

/** The pc is nowhere: a call through a pointer led there. */
async function through(question: FaultQuestion, trail: readonly CaseFrame[], clues: FaultClues, report: CaseReport): Promise<FaultAnswer> {
  // The frame that called is the first; the unwinder may not trust it, as what it returned to had no code. An indirect call before it does.
  const trace = report.stacks.find(({ name }) => name === "call trace")?.frames ?? trail.slice(1);
  let unread: CaseFrame | null = null;
  for (const caller of trace) {
    const place = caller.exact ? null : await question.code.placeOf(caller);
    if (!place && !caller.exact) unread ??= caller;
    const instruction = place?.code.list[place.index];
    const found = place && instruction?.effect.operation === "call" ? callExpression(readings(place.code, place.at, wantedIn(question, caller)), place.index) : null;
    if (found) return answer(found, pcOf(report) ?? clues.address, clues.address ?? pcOf(report), "the call that the first frame returns to");
    if (caller.reliable) break;
  }
  return unread ? none("no-code", noCode(unread)) : none("no-name", "no call through a pointer that has a name led there");
}

/** Which argument of a call, from 0, and what of it. */
type Argument = { readonly argument: number; readonly suffix: string };

/** A function of the kernel was given something and complained: the argument in words of its caller. */
async function reported(question: FaultQuestion, trail: readonly CaseFrame[], who: RegExp, which: () => Argument | null, whole: string): Promise<FaultAnswer> {
  const index = trail.findIndex(({ symbol }) => symbol !== null && who.test(symbol));
  const caller = trail[index + 1];
  const place = index >= 0 && caller ? await question.code.placeOf(caller) : null;
  const argument = which();
  if (!caller || !argument) return none("not-shown", "who gave the argument is not known");
  if (!place) return none("no-code", noCode(caller));
  const all = readings(place.code, place.at, wantedIn(question, caller));
  const found = pointedExpression(all, place.code.machine.given[argument.argument]!, place.index, 0, whole);
  if (!found || !found.typed) return none("no-name", "the argument has no name");
  const expression = `${found.expression.startsWith("*") ? `(${found.expression})` : found.expression}${argument.suffix}`;
  return answer({ ...found, expression, field: argument.suffix === "" ? found.field : argument.suffix.replace(/^.*(?:\.|->)/, ""), register: null, distance: null }, null, null, `what \`${trail[index]!.symbol!.replace(/\..*$/, "")}\` was given`);
}

/** Which member of the list entry the kernel complains of (lib/list_debug.c): of list_del's and list_add's first argument. */
function listMember({ case: found, report }: FaultQuestion): () => Argument | null {
  return () => {
    for (const { text } of linesBetween(found, report.lines)) {
      if (/list_del corruption[.,] .*->next is /.test(text) || /list_del corruption, [0-9a-f]+->next is/.test(text)) return { argument: 0, suffix: ".next" };
      if (/list_del corruption, .*->prev is /.test(text)) return { argument: 0, suffix: ".prev" };
      if (/list_del corruption\. prev->next should be/.test(text)) return { argument: 0, suffix: ".prev->next" };
      if (/list_del corruption\. next->prev should be/.test(text)) return { argument: 0, suffix: ".next->prev" };
      if (/list_add corruption\. prev->next should be/.test(text)) return { argument: 1, suffix: ".next" };
      if (/list_add corruption\. next->prev should be/.test(text)) return { argument: 2, suffix: ".prev" };
      if (/list_add double add/.test(text)) return { argument: 0, suffix: "" };
    }
    return null;
  };
}

/** What was freed: the argument of the guilty call. */
async function freed(question: FaultQuestion, trail: readonly CaseFrame[]): Promise<FaultAnswer> {
  const frame = trail.find((one) => isGuilty(question, one)) ?? trail.find(({ module }) => module !== null);
  const place = frame && (await question.code.placeOf(frame));
  if (!frame) return none("not-shown", "the call that frees is not known");
  if (!place) return none("no-code", noCode(frame));
  const name = place.code.calleeOf(place.code.list[place.index]!);
  const argument = freedRegister(name ?? "", place.code.machine);
  if (name === null || argument === null) return none("not-shown", "the guilty place calls no function that frees");
  const all = readings(place.code, place.at, wantedIn(question, frame));
  const found = valueExpression(all, argument, place.index);
  if (!found) return none("no-name", "what is freed has no name");
  return answer({ ...found, register: null }, null, null, `what \`${name}\` was given`);
}

/** Reports of checkers have no pc: the call to the checker tells the access, or the access itself is the frame. */
async function checked(question: FaultQuestion, trail: readonly CaseFrame[], clues: FaultClues): Promise<FaultAnswer> {
  const { report } = question;
  // The guilty frame, where it stands in a stack of an access.
  const own = report.stacks.find(({ name, frames }) => !/allocated|freed|mentioned|summary/.test(name) && frames.some((one) => one.reliable && isGuilty(question, one)));
  const frame = own && question.at ? question.at.frame : (trail.find(({ module }) => module !== null) ?? question.at?.frame);
  const place = frame && (await question.code.placeOf(frame));
  if (!frame) return none("not-shown", "no frame shows the access");
  if (!place) return none("no-code", noCode(frame));
  const instruction = place.code.list[place.index]!;
  const all = readings(place.code, place.at, wantedIn(question, frame));
  if (/^UBSAN: array-index-out-of-bounds/.test(report.title)) {
    const found = subscriptExpression(all, place, question);
    return found ? answer(found, null, null, "the array and the index that the checker was given") : none("no-name", "the array has no name");
  }
  if (instruction.effect.operation !== "call") {
    const which = instruction.effect.operands.findIndex(({ kind }) => kind === "memory");
    const found = which < 0 ? null : memoryExpression(all, place.index, which);
    return found?.typed ? answer(found, null, clues.address, "the access at the frame's address") : none("no-name", "what the frame's instruction accesses has no name");
  }
  const callee = place.code.calleeOf(instruction) ?? "";
  const checker = /^__(?:asan|hwasan|tsan|kasan|msan|kcsan)_(?:report_|check_|unaligned_|volatile_)*(load|store|read|write|read_write|access)_?(\d+|n|N)?/.exec(callee);
  if (checker) {
    const found = pointedExpression(all, place.code.machine.given[0]!, place.index, Number(checker[2] ?? 0) || clues.size);
    return found?.typed ? answer({ ...found, register: null }, null, clues.address, `what \`${callee}\` was asked to check`) : none("no-name", "what was checked has no name");
  }
  const handed = freedRegister(callee, place.code.machine);
  // Damage that is seen when the object is freed was done elsewhere.
  if (handed !== null && report.kind !== "use-after-free") return none("no-access", `the damage was seen when \`${callee}\` was called, and done before`);
  if (handed !== null) {
    const found = valueExpression(all, handed, place.index);
    return found ? answer({ ...found, register: null }, null, clues.address, `what \`${callee}\` was given`) : none("no-name", "what is freed has no name");
  }
  const known = stringFunctions[callee.replace(/^_+(?:asan_)?/, "")];
  const argument = known === undefined ? undefined : clues.how === "write" ? (known.writes ?? known.reads) : (known.reads ?? known.writes);
  if (argument === undefined) return none("not-shown", callee === "" ? "the frame calls another function, which failed" : `the frame calls \`${callee}\`, which failed`);
  const found = valueExpression(all, place.code.machine.given[argument]!, place.index);
  return found ? answer({ ...found, register: null }, null, clues.address, `what \`${callee}\` was given`) : none("no-name", "the argument has no name");
}
