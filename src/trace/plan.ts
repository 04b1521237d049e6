import { OopscopeError } from "../base/index.ts";
import { resolve, type Btf } from "../btf/index.ts";
import { registerArguments, registerContext, trampolineContext, tracepointContext, type Context } from "./code/context.ts";
import { captureOf, type Capture, type CaptureOptions } from "./code/fields.ts";
import { tagLayout, type PacketFilter } from "./code/packet-filter.ts";
import { layOut, type RecordLayout } from "./code/record.ts";
import { bytesOf, checkCondition, checkExpression, shapeOf, unsignedLong, type Node, type Parameter, type Scope, type Type } from "./expression/index.ts";
import type { Filter } from "./packet/filter/tree.ts";
import type { FunctionProbe, Probe } from "./probe.ts";

/** Which events there are of a call: one when it begins, one when it returns, or both; `counted`: none, calls are only counted. */
export type When = "entry" | "return" | "both" | "counted";

export type PlanOptions = {
  readonly expressions: readonly string[];
  readonly filter: string | null;
  /** Asked of the first argument that is a `struct sk_buff *`. */
  readonly packetFilter: Filter | null;
  readonly when: When;
  readonly stackDepth: number;
  readonly captures: CaptureOptions;
  /** Of the call only its packet is looked at; `address`: where it is, since the rest may be gone by then. */
  readonly packets?: "none" | "whole" | "address";
};

/** What is known of a probe before a program of it is made. */
export type ProbePlan = {
  readonly probe: Probe;
  readonly layout: RecordLayout;
  readonly filter: Node | null;
  readonly packet: PacketFilter | null;
  /** Asked when the function has returned. */
  readonly returnFilter: Node | null;
  /** Null: nothing (void), or unknown. */
  readonly result: Type | null;
  /** The function's own parameters; null where nothing tells them. */
  readonly parameters: readonly Parameter[];
  readonly contexts: { readonly fentry: Context | null; readonly registers: Context | null; readonly tracepoint: Context | null };
};

/** Plans what a probe's programs do. Throws `ExpressionError` for an expression that this probe cannot have, `bad-argument` where a packet is needed and no argument is one. */
export function planProbe(probe: Probe, arch: string, { expressions, filter, packetFilter, when, stackDepth, captures, packets = "none" }: PlanOptions): ProbePlan {
  const { btf } = probe;
  const { parameters, result, contexts, unreadable } = probe.kind === "function" ? functionParts(probe, arch) : { parameters: probe.fields.map(({ name, type, value }): Parameter => (value === "place" ? { name, type, place: true } : { name, type })), result: null, contexts: { fentry: null, registers: null, tracepoint: tracepointContext(probe.fields.map(({ place }) => place)) }, unreadable: new Map<string, string>() };
  const scope: Scope = { btf, parameters: parameters.filter(({ name }) => !unreadable.has(name)), result, returned: false };
  // Numbers of parameters are those of the prototype.
  const indexed: Scope = scope.parameters.length === parameters.length ? scope : { ...scope, parameters: parameters.map((one) => (unreadable.has(one.name) ? { name: `(${one.name})`, type: unsignedLong } : one)) };
  const values: { name: string; capture: Capture }[] = [];
  if (when === "counted") values.length = 0;
  else if (packets !== "none") {
    const readable = parameters.filter(({ name }) => !unreadable.has(name));
    const packet = packetParameter(btf, readable) ?? noPacket(probe);
    const capture = captureOf(btf, checkExpression(packet, indexed), captures);
    values.push({ name: packet, capture: packets === "address" && capture.kind === "packet" ? { kind: "number", node: capture.node, type: capture.type } : capture });
    for (const { name } of probe.kind === "tracepoint" ? readable : []) if (name === "location" || name === "reason") values.push({ name, capture: captureOf(btf, checkExpression(name, indexed), captures) });
  } else if (expressions.length > 0) for (const text of expressions) values.push({ name: text, capture: captureOf(btf, checkExpression(text, indexed), captures) });
  else {
    for (const { name } of parameters) {
      const why = unreadable.get(name);
      values.push({ name, capture: why === undefined ? captureOf(btf, checkExpression(name, indexed), captures) : { kind: "unreadable", why } });
    }
  }
  const conditions = filter === null ? [] : conjuncts(checkCondition(filter, { ...indexed, returned: (when === "return" || when === "both") && probe.kind === "function" }));
  const late = conditions.filter((node) => uses(node, (one) => one.op === "builtin" && (one.name === "ret" || one.name === "duration")));
  if (late.some((node) => uses(node, (one) => one.op === "argument"))) {
    throw new OopscopeError("bad-argument", `\`${filter}\`: one condition takes both an argument and what is known when the function returns; join one for each by &&`, { expression: filter ?? "" });
  }
  const early = conditions.filter((node) => !late.includes(node));
  const found = packetFilter === null ? null : packetOf(indexed, packetParameter(btf, parameters.filter(({ name }) => !unreadable.has(name))) ?? noPacket(probe));
  const packet = packetFilter === null || found === null ? null : { ...found, filter: packetFilter };
  return { probe, layout: layOut(values, stackDepth), filter: joined(early), packet, returnFilter: joined(late), result, parameters, contexts };
}

/** The name of the first argument that is a packet; null where there is none. */
function packetParameter(btf: Btf, parameters: readonly Parameter[]): string | null {
  return parameters.find(({ type }) => packetType(btf, type) !== null)?.name ?? null;
}

/** The id of struct sk_buff, where a type is a pointer to it. */
function packetType(btf: Btf, type: Type): number | null {
  const shape = shapeOf(btf, type);
  const target = shape.kind === "pointer" ? shapeOf(btf, shape.to) : null;
  return target?.kind === "struct" && btf.nameOf(target.id) === "sk_buff" ? target.id : null;
}

function noPacket(probe: Probe): never {
  const untyped = probe.kind === "function" && probe.prototype === null;
  throw new OopscopeError("bad-argument", untyped ? "its arguments have no types here, so that none of them is known to be a packet" : "it has no argument `struct sk_buff *`", {});
}

function packetOf(scope: Scope, name: string): Omit<PacketFilter, "filter"> {
  const { btf } = scope;
  const capture = captureOf(btf, checkExpression(name, scope));
  if (capture.kind === "packet") return { node: capture.node, layout: capture.layout, tag: tagLayout(btf, packetType(btf, capture.type)!) };
  throw new OopscopeError("unsupported", "this kernel's struct sk_buff has not the members that are read of packets", {});
}

function functionParts(probe: FunctionProbe, arch: string): Pick<ProbePlan, "parameters" | "result" | "contexts"> & { readonly unreadable: ReadonlyMap<string, string> } {
  const { btf, prototype } = probe;
  const type = prototype === null ? null : btf.type(prototype);
  if (type?.kind !== "func_proto") {
    const parameters = Array.from({ length: registerArguments(arch) }, (_, index): Parameter => ({ name: `arg${index}`, type: unsignedLong }));
    return { parameters, result: unsignedLong, contexts: { fentry: null, registers: registerContext(arch), tracepoint: null }, unreadable: new Map() };
  }
  const names = new Set<string>();
  const parameters = type.parameters.map(({ name, type: id }, index): Parameter => {
    // BTF of functions that were only declared may lack names, or have one twice.
    const own = name === "" || names.has(name) ? `arg${index}` : name;
    names.add(own);
    return { name: own, type: { kind: "btf", id } };
  });
  const unreadable = new Map<string, string>();
  const words: number[] = [];
  const registers: number[] = [];
  let register = 0;
  const plain: boolean[] = [];
  let word = 0;
  for (const { name, type: parameter } of parameters) {
    const shape = shapeOf(btf, parameter);
    words.push(word);
    plain.push(shape.kind === "integer");
    registers.push(register);
    const size = bytesOf(btf, parameter) ?? 8;
    // A struct of more than two words is passed in memory (x86-64), or by its address (arm64).
    register += shape.kind === "struct" && size > 16 ? (arch === "x86_64" ? 0 : 1) : Math.max(1, Math.ceil(size / 8));
    word += Math.max(1, Math.ceil((bytesOf(btf, parameter) ?? 8) / 8));
    if (shape.kind !== "integer" && shape.kind !== "pointer") unreadable.set(name, shape.kind === "struct" ? "a struct by value" : shape.kind === "other" ? shape.what : shape.kind);
  }
  const resultType: Type | null = btf.kindOf(resolve(btf, type.result)) === "void" ? null : { kind: "btf", id: type.result };
  const resultPlain = resultType !== null && shapeOf(btf, resultType).kind === "integer";
  const fentry = trampolineContext(words, plain, { word, plain: resultPlain });
  return { parameters, result: resultType, contexts: { fentry, registers: registerContext(arch, registers), tracepoint: null }, unreadable };
}

function conjuncts(node: Node): Node[] {
  return node.op === "both" ? [...conjuncts(node.left), ...conjuncts(node.right)] : [node];
}

function joined(nodes: readonly Node[]): Node | null {
  const [first, ...rest] = nodes;
  if (first === undefined) return null;
  return rest.reduce((left, right): Node => ({ op: "both", left, right, width: { size: 4, signed: true } }), first);
}

/** Whether a node or one within it is such. */
function uses(node: Node, is: (node: Node) => boolean): boolean {
  if (is(node)) return true;
  switch (node.op) {
    case "constant":
    case "argument":
    case "builtin":
      return false;
    case "load":
      return uses(node.address, is);
    case "negate":
    case "complement":
    case "not":
    case "swap":
    case "convert":
      return uses(node.operand, is);
    case "arithmetic":
    case "compare":
    case "both":
    case "either":
      return uses(node.left, is) || uses(node.right, is);
    case "same-text":
      return node.place.kind !== "comm" && uses(node.place.address, is);
  }
}

/** What functions have in common whose programs are alike: the same bytecode, but for the probe's number. */
export function formOf({ layout, filter, packet, returnFilter }: ProbePlan): string {
  // A field is read by its node, its place and its size; its type matters to who reads the record.
  return JSON.stringify([layout.fields.map(({ capture, offset }) => [{ ...capture, type: null }, offset]), layout.size, filter, packet?.node ?? null, returnFilter], (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
