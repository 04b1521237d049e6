import { memberAt, type Btf } from "../../btf/index.ts";
import { nearestNames } from "../../probe/index.ts";
import { enumerator } from "./enumerators.ts";
import { ExpressionError, type Span } from "./error.ts";
import type { Arithmetic, Builtin, Comparison, Node, TextPlace, Typed, Width } from "./typed.ts";
import { parseExpression, type BinaryOperator, type Tree, type TypeName } from "./tree.ts";
import { bytesOf, int, long, shapeOf, textOfType, typeNamed, unsignedLong, type Shape, type Type } from "./types.ts";

/** `place`: the argument is the address of a value of this type. */
export type Parameter = { readonly name: string; readonly type: Type; readonly place?: true };

/** What names stand for in an expression. */
export type Scope = {
  readonly btf: Btf;
  /** The function's, in their order. */
  readonly parameters: readonly Parameter[];
  /** What the function gives back; null where that is nothing, or where the expression is evaluated before it is known. */
  readonly result: Type | null;
  /** Whether the function has returned where the expression is evaluated. */
  readonly returned: boolean;
};

/** Letters of a text that is compared; the kernel's stack has room for no more. */
const longestText = 64;
const mostNodes = 2000;

type Value = Typed & { readonly span: Span; /** The text itself, of a literal. */ readonly literal?: Uint8Array; /** Of a place that a bit-field or a number was read from. */ readonly lvalue?: { readonly address: Node; readonly bitField: boolean } };

/** An expression with its types. Throws `ExpressionError` with the place, and with near names where one is not known. */
export function checkExpression(text: string, scope: Scope): Typed {
  const names = new Set(scope.parameters.map(({ name }) => name));
  const tree = parseExpression(text, (name) => !names.has(name) && !builtins.has(name) && scope.btf.find(name, "typedef", "int") !== null);
  const value = new Checker(text, scope).value(tree);
  if (value.literal) throw new ExpressionError(text, value.span, "a text alone is no value: compare it with one");
  return value;
}

/** The same where a truth is wanted: a node that is 0 for false. */
export function checkCondition(text: string, scope: Scope): Node {
  const value = checkExpression(text, scope);
  if (value.kind === "number") return value.node;
  throw new ExpressionError(text, { from: 0, to: text.length }, `a condition is a number or a comparison, this is ${value.kind === "text" ? "a text" : textOfType(scope.btf, value.type)}`);
}

const builtins: ReadonlyMap<string, Type | null> = new Map([["pid", int], ["tid", int], ["cpu", int], ["duration", unsignedLong], ["ret", null], ["comm", null]]);
const swaps: ReadonlyMap<string, 2 | 4 | 8> = new Map([["ntohs", 2], ["htons", 2], ["ntohl", 4], ["htonl", 4], ["be64_to_cpu", 8], ["cpu_to_be64", 8]]);
const boolean: Width = { size: 4, signed: true };
const address: Width = { size: 8, signed: false };

class Checker {
  readonly #text: string;
  readonly #scope: Scope;
  readonly #btf: Btf;
  #nodes = 0;

  constructor(text: string, scope: Scope) {
    this.#text = text;
    this.#scope = scope;
    this.#btf = scope.btf;
  }

  #wrong(span: Span, what: string): ExpressionError {
    return new ExpressionError(this.#text, span, what);
  }

  #shape(value: Value): Shape {
    return value.kind === "text" ? { kind: "other", what: "a text" } : shapeOf(this.#btf, value.type);
  }

  #typeText(value: Value): string {
    return value.kind === "text" ? (value.type === null ? "a text" : textOfType(this.#btf, value.type)) : textOfType(this.#btf, value.type);
  }

  value(tree: Tree): Value {
    if (++this.#nodes > mostNodes) throw this.#wrong(tree.span, `more than ${mostNodes} parts`);
    const { span } = tree;
    switch (tree.kind) {
      case "number":
        return constant(tree.value, literalType(tree), span);
      case "character":
        return constant(tree.value, int, span);
      case "text":
        return { kind: "text", place: { kind: "comm" }, type: null, literal: tree.bytes, span };
      case "name":
        return this.#name(tree.name, span);
      case "member":
        return this.#member(this.value(tree.of), tree.name, tree.arrow, tree.nameSpan, span);
      case "index":
        return this.#index(this.value(tree.of), this.value(tree.index), span);
      case "cast":
        return this.#cast(tree.type, this.value(tree.operand), span);
      case "call":
        return this.#call(tree.name, tree.nameSpan, this.value(tree.argument), span);
      case "sizeof": {
        const size = bytesOf(this.#btf, this.#type(tree.type));
        if (size === null) throw this.#wrong(tree.type.span, "this type has no size");
        return constant(BigInt(size), unsignedLong, span);
      }
      case "unary":
        switch (tree.operator) {
          case "*":
            return this.#at(this.value(tree.operand), span);
          case "&":
            return this.#addressOf(this.value(tree.operand), span);
          case "!": {
            const operand = this.#scalar(this.value(tree.operand));
            return number({ op: "not", operand: operand.node, width: boolean }, int, span);
          }
          case "-":
          case "+":
          case "~": {
            const operand = this.#promoted(this.#integer(this.value(tree.operand), `\`${tree.operator}\``));
            if (tree.operator === "+") return { ...operand, span };
            if (operand.node.op === "constant") return number({ op: "constant", value: fitted(tree.operator === "-" ? -operand.node.value : ~operand.node.value, operand.node.width), width: operand.node.width }, operand.type, span);
            return number({ op: tree.operator === "-" ? "negate" : "complement", operand: operand.node, width: operand.node.width }, operand.type, span);
          }
        }
      case "binary":
        return this.#binary(tree.operator, this.value(tree.left), this.value(tree.right), span, tree.operatorSpan);
    }
  }

  #name(name: string, span: Span): Value {
    const { parameters, result, returned } = this.#scope;
    const index = parameters.findIndex((parameter) => parameter.name === name);
    if (index >= 0) {
      const { type, place } = parameters[index]!;
      if (place) return this.#placed({ op: "argument", index, width: address }, type, span);
      const shape = shapeOf(this.#btf, type);
      if (shape.kind === "integer") return number({ op: "argument", index, width: { size: shape.size, signed: shape.signed } }, type, span);
      if (shape.kind === "pointer") return number({ op: "argument", index, width: address }, type, span);
      throw this.#wrong(span, `the argument \`${name}\` is ${shape.kind === "struct" ? `a struct by value (${textOfType(this.#btf, type)})` : shape.kind === "other" ? shape.what : shape.kind}, which expressions cannot take`);
    }
    const own = name.startsWith("@") ? name.slice(1) : name;
    if (own === "comm") return { kind: "text", place: { kind: "comm" }, type: null, span };
    if (own === "ret") {
      if (!returned) throw this.#wrong(span, `\`${own}\` is not known yet when this is evaluated: it goes into a filter of calls that are shown when they return (--ret)`);
      const shape = result && shapeOf(this.#btf, result);
      if (result === null || shape === null) throw this.#wrong(span, "the function gives nothing back");
      if (shape.kind === "pointer") return number({ op: "builtin", name: "ret", width: address }, result, span);
      if (shape.kind !== "integer") throw this.#wrong(span, `the function gives back ${textOfType(this.#btf, result)}, which expressions cannot take`);
      return number({ op: "builtin", name: "ret", width: { size: shape.size, signed: shape.signed } }, result, span);
    }
    if (own === "duration" && !returned) throw this.#wrong(span, `\`${own}\` is not known yet when this is evaluated: it goes into a filter of calls that are shown when they return (--ret)`);
    const type = builtins.get(own);
    if (type) return number({ op: "builtin", name: own as Builtin, width: own === "duration" ? address : { size: 4, signed: true } }, type, span);
    const constantName = enumerator(this.#btf, name);
    if (constantName?.differ) throw this.#wrong(span, `several enumerations have \`${name}\`, with different values: write the number`);
    if (constantName) return constant(constantName.value, { kind: "btf", id: constantName.type }, span);
    const known = [...parameters.map((parameter) => parameter.name), ...builtins.keys()];
    const near = nearestNames(name, known, 3);
    const hint = near.length > 0 ? `; near: ${near.map((other) => `\`${other}\``).join(", ")}` : parameters.length === 0 ? "" : `; the arguments are ${parameters.map((parameter) => `\`${parameter.name}\``).join(", ")}`;
    throw this.#wrong(span, `nothing is called \`${name}\` here: no argument, no built-in name (${[...builtins.keys()].join(", ")}), no enumerator${hint}`);
  }

  /** Network order to the machine's, or back: one and the same. */
  #call(name: string, nameSpan: Span, argument: Value, span: Span): Value {
    const size = swaps.get(name);
    if (size === undefined) throw this.#wrong(nameSpan, `functions cannot be called here, but for ${[...swaps.keys()].join(", ")}`);
    const width: Width = { size, signed: false };
    const { node } = this.#integer(argument, `\`${name}\``);
    return number({ op: "swap", operand: convert(node, width), width }, { kind: "integer", ...width }, span);
  }

  /** A number or a pointer; arrays become pointers to their first element. */
  #scalar(value: Value): Value & { kind: "number" } {
    if (value.kind === "number") return value;
    if (value.kind === "place") {
      const shape = shapeOf(this.#btf, value.type);
      if (shape.kind === "array") return number(value.address, { kind: "pointer", to: shape.element }, value.span);
      if (shape.kind === "function") return number(value.address, { kind: "pointer", to: value.type }, value.span);
    }
    throw this.#wrong(value.span, `a number or a pointer is wanted here, this is ${value.kind === "text" ? "a text" : `${this.#typeText(value)}`}`);
  }

  #integer(value: Value, where: string): Value & { kind: "number" } {
    const scalar = this.#scalar(value);
    if (this.#shape(scalar).kind !== "integer") throw this.#wrong(value.span, `${where} takes integers, this is \`${this.#typeText(scalar)}\``);
    return scalar;
  }

  /** C11 6.3.1.1: what is smaller than int becomes int. */
  #promoted(value: Value & { kind: "number" }): Value & { kind: "number" } {
    const { node } = value;
    const bits = node.op === "load" && node.bits !== null ? node.bits.count : 8 * node.width.size;
    if (bits < 32) return number(convert(node, { size: 4, signed: true }), int, value.span);
    if (bits === 32 && node.width.size === 8) return number(convert(node, { size: 4, signed: node.width.signed }), { kind: "integer", size: 4, signed: node.width.signed }, value.span);
    return number(node, { kind: "integer", ...node.width }, value.span);
  }

  #pointerTarget(value: Value, verb: string): { node: Node; to: Type } {
    const scalar = value.kind === "place" && shapeOf(this.#btf, value.type).kind === "struct" ? null : this.#scalar(value);
    const shape = scalar && this.#shape(scalar);
    if (!scalar || shape?.kind !== "pointer") throw this.#wrong(value.span, `${verb} a pointer, this is \`${this.#typeText(value)}\``);
    return { node: scalar.node, to: shape.to };
  }

  /** What stands at an address. */
  #placed(node: Node, type: Type, span: Span, offset = 0): Value {
    const shape = shapeOf(this.#btf, type);
    const lvalue = { address: plus(node, offset), bitField: false };
    if (shape.kind === "integer") return { ...number({ op: "load", address: node, offset, bytes: shape.size, bits: null, width: { size: shape.size, signed: shape.signed } }, type, span), lvalue };
    if (shape.kind === "pointer") return { ...number({ op: "load", address: node, offset, bytes: 8, bits: null, width: address }, type, span), lvalue };
    if (shape.kind === "void") throw this.#wrong(span, "`void *` leads to nothing of a known type: cast it, as in ((struct sk_buff *)p)->len");
    if (shape.kind === "other" && !shape.what.endsWith("which is only declared here")) throw this.#wrong(span, `this is ${shape.what}, which expressions cannot take`);
    return { kind: "place", address: lvalue.address, type, span, lvalue };
  }

  #at(value: Value, span: Span): Value {
    const { node, to } = this.#pointerTarget(value, "`*` takes");
    return this.#placed(node, to, span);
  }

  #addressOf(value: Value, span: Span): Value {
    if (value.lvalue === undefined || value.kind === "text") throw this.#wrong(value.span, "this has no address");
    if (value.lvalue.bitField) throw this.#wrong(value.span, "a bit-field has no address");
    return number(value.lvalue.address, { kind: "pointer", to: value.type }, span);
  }

  #index(of: Value, index: Value, span: Span): Value {
    const { node, to } = this.#pointerTarget(of, "an index takes");
    const by = this.#promoted(this.#integer(index, "an index"));
    const shape = of.kind === "place" ? shapeOf(this.#btf, of.type) : null;
    if (shape?.kind === "array" && shape.length > 0 && by.node.op === "constant" && (by.node.value < 0n || by.node.value >= BigInt(shape.length))) throw this.#wrong(index.span, `the array has ${shape.length} elements, from 0 on`);
    return this.#placed(this.#moved(node, to, by.node, "+", span), to, span);
  }

  /** A pointer that is moved by so many elements. */
  #moved(node: Node, to: Type, by: Node, operator: "+" | "-", span: Span): Node {
    const target = shapeOf(this.#btf, to);
    const size = target.kind === "void" || target.kind === "function" ? 1 : bytesOf(this.#btf, to);
    if (size === null || size === 0) throw this.#wrong(span, `\`${textOfType(this.#btf, to)}\` has no size to count by`);
    if (by.op === "constant") {
      const distance = BigInt.asIntN(64, (operator === "+" ? by.value : -by.value) * BigInt(size));
      if (distance >= -0x4000_0000n && distance <= 0x4000_0000n) return plus(node, Number(distance));
    }
    const count = convert(by, { size: 8, signed: by.width.signed });
    const bytes: Node = size === 1 ? convert(count, address) : { op: "arithmetic", operator: "*", left: convert(count, address), right: { op: "constant", value: BigInt(size), width: address }, width: address };
    return { op: "arithmetic", operator, left: node, right: bytes, width: address };
  }

  #member(of: Value, name: string, arrow: boolean, nameSpan: Span, span: Span): Value {
    let base: Node;
    let type: Type;
    if (arrow) {
      const { node, to } = this.#pointerTarget(of, "`->` takes");
      [base, type] = [node, to];
    } else {
      if (of.kind === "number" && this.#shape(of).kind === "pointer") throw this.#wrong(of.span, `this is a pointer (\`${this.#typeText(of)}\`): its members are behind \`->\``);
      if (of.kind !== "place") throw this.#wrong(of.span, `\`.\` takes a struct or union, this is \`${this.#typeText(of)}\``);
      [base, type] = [of.address, of.type];
    }
    const shape = shapeOf(this.#btf, type);
    if (shape.kind !== "struct") {
      const hint = shape.kind === "pointer" && shapeOf(this.#btf, shape.to).kind === "struct" ? ": go on with (*…)->" : shape.kind === "void" ? ": cast it first, as in ((struct sk_buff *)p)->len" : "";
      throw this.#wrong(of.span, `\`${textOfType(this.#btf, type)}\` ${shape.kind === "other" ? `is ${shape.what}` : "is no struct or union"}, it has no member \`${name}\`${hint}`);
    }
    const near = (): string => {
      const others = nearestNames(name, memberNames(this.#btf, shape.id), 3);
      return others.length === 0 ? "" : `; near: ${others.map((other) => `\`${other}\``).join(", ")}`;
    };
    if (!hasMember(this.#btf, shape.id, name)) throw this.#wrong(nameSpan, `\`${textOfType(this.#btf, type)}\` has no member \`${name}\`${near()}`);
    const place = memberAt(this.#btf, shape.id, name);
    const memberType: Type = { kind: "btf", id: place.type };
    const { bitOffset, bitSize } = place;
    if (bitSize === 0 && bitOffset % 8 === 0) return this.#placed(base, memberType, span, bitOffset / 8);
    const integer = shapeOf(this.#btf, memberType);
    const width = bitSize === 0 && integer.kind === "integer" ? 8 * integer.size : bitSize;
    const bytes = Math.ceil(((bitOffset % 8) + width) / 8);
    if (integer.kind !== "integer" || bytes > 8) throw this.#wrong(nameSpan, "this bit-field cannot be read");
    const load: Node = { op: "load", address: base, offset: Math.floor(bitOffset / 8), bytes, bits: { shift: bitOffset % 8, count: width }, width: { size: integer.size, signed: integer.signed } };
    return { ...number(load, memberType, span), lvalue: { address: base, bitField: true } };
  }

  #type(name: TypeName): Type {
    const type = typeNamed(this.#btf, name);
    if (typeof type === "string") throw this.#wrong(name.span, type);
    return type;
  }

  #cast(name: TypeName, value: Value, span: Span): Value {
    const type = this.#type(name);
    const shape = shapeOf(this.#btf, type);
    if (shape.kind !== "integer" && shape.kind !== "pointer") throw this.#wrong(name.span, `a cast goes to an integer or a pointer, not to \`${textOfType(this.#btf, type)}\``);
    const { node } = this.#scalar(value);
    const isBool = type.kind === "btf" && isBoolean(this.#btf, type.id);
    if (isBool || name.words.some((word) => word === "bool" || word === "_Bool")) {
      const truth: Node = { op: "not", operand: { op: "not", operand: node, width: boolean }, width: boolean };
      return number(convert(truth, { size: 1, signed: false }), type, span);
    }
    return number(convert(node, shape.kind === "pointer" ? address : { size: shape.size, signed: shape.signed }), type, span);
  }

  #binary(operator: BinaryOperator, leftValue: Value, rightValue: Value, span: Span, operatorSpan: Span): Value {
    if (operator === "&&" || operator === "||") {
      const left = this.#scalar(leftValue).node;
      const right = this.#scalar(rightValue).node;
      return number({ op: operator === "&&" ? "both" : "either", left, right, width: boolean }, int, span);
    }
    if (leftValue.literal || rightValue.literal || leftValue.kind === "text" || rightValue.kind === "text") return this.#textComparison(operator, leftValue, rightValue, span, operatorSpan);
    const left = this.#scalar(leftValue);
    const right = this.#scalar(rightValue);
    const leftShape = this.#shape(left);
    const rightShape = this.#shape(right);
    const comparison = isComparison(operator);
    if (leftShape.kind === "pointer" || rightShape.kind === "pointer") {
      if (comparison) return number({ op: "compare", operator, left: convert(left.node, address), right: convert(right.node, address), width: boolean }, int, span);
      if ((operator === "+" || operator === "-") && leftShape.kind === "pointer" && rightShape.kind === "integer") return number(this.#moved(left.node, leftShape.to, this.#promoted(right).node, operator, left.span), left.type, span);
      if (operator === "+" && rightShape.kind === "pointer" && leftShape.kind === "integer") return number(this.#moved(right.node, rightShape.to, this.#promoted(left).node, "+", right.span), right.type, span);
      if (operator === "-" && leftShape.kind === "pointer" && rightShape.kind === "pointer") {
        const target = shapeOf(this.#btf, leftShape.to);
        const size = target.kind === "void" || target.kind === "function" ? 1 : bytesOf(this.#btf, leftShape.to);
        if (size === null || size === 0) throw this.#wrong(left.span, `\`${textOfType(this.#btf, leftShape.to)}\` has no size to count by`);
        const signed: Width = { size: 8, signed: true };
        const bytes: Node = { op: "arithmetic", operator: "-", left: convert(left.node, signed), right: convert(right.node, signed), width: signed };
        return number(size === 1 ? bytes : { op: "arithmetic", operator: "/", left: bytes, right: { op: "constant", value: BigInt(size), width: signed }, width: signed }, long, span);
      }
      throw this.#wrong(operatorSpan, `\`${operator}\` does not take \`${this.#typeText(left)}\` and \`${this.#typeText(right)}\``);
    }
    const one = this.#promoted(this.#integer(left, `\`${operator}\``));
    const two = this.#promoted(this.#integer(right, `\`${operator}\``));
    if (operator === "<<" || operator === ">>") return number({ op: "arithmetic", operator, left: one.node, right: two.node, width: one.node.width }, one.type, span);
    const width = commonWidth(one.node.width, two.node.width);
    const sides = { left: convert(one.node, width), right: convert(two.node, width) };
    if (comparison) return number({ op: "compare", operator, ...sides, width: boolean }, int, span);
    return number({ op: "arithmetic", operator: operator as Arithmetic, ...sides, width }, { kind: "integer", ...width }, span);
  }

  #textComparison(operator: BinaryOperator, left: Value, right: Value, span: Span, operatorSpan: Span): Value {
    const [place, literal] = right.literal ? [left, right.literal] : [right, left.literal];
    if (literal === undefined || place.literal) throw this.#wrong(operatorSpan, "a text is compared with one in quotes");
    if (operator !== "==" && operator !== "!=") throw this.#wrong(operatorSpan, `texts are compared by == and !=, not by \`${operator}\``);
    if (literal.length > longestText) throw this.#wrong(right.literal ? right.span : left.span, `the text has ${literal.length} bytes; ${longestText} is the most that can be compared`);
    if (literal.includes(0)) throw this.#wrong(right.literal ? right.span : left.span, "the text has a NUL in it: texts end there");
    const source = textPlaceOf(this.#btf, place);
    if (source === null) throw this.#wrong(place.span, `a text is compared with an array of char, a pointer to char or comm, this is \`${this.#typeText(place)}\``);
    if (source.kind === "comm" && literal.length > 15) throw this.#wrong(right.literal ? right.span : left.span, `the text has ${literal.length} bytes, comm at most 15`);
    if (source.kind === "array" && literal.length > source.length) throw this.#wrong(right.literal ? right.span : left.span, `the text has ${literal.length} bytes, \`${this.#typeText(place)}\` has ${source.length}`);
    return number({ op: "same-text", place: source, text: literal, equal: operator === "==", width: boolean }, int, span);
  }
}

/** Where the text of a value stands, if it is one: bytes of char, signed or not. */
export function textPlaceOf(btf: Btf, value: Typed): TextPlace | null {
  if (value.kind === "text") return value.place;
  const shape = shapeOf(btf, value.type);
  if (value.kind === "place") return shape.kind === "array" && isByte(btf, shape.element) && shape.length > 0 ? { kind: "array", address: value.address, length: shape.length } : null;
  return shape.kind === "pointer" && isByte(btf, shape.to) ? { kind: "pointer", address: value.node } : null;
}

function isByte(btf: Btf, type: Type): boolean {
  const shape = shapeOf(btf, type);
  return shape.kind === "integer" && shape.size === 1;
}

function isBoolean(btf: Btf, id: number): boolean {
  for (let at = id, steps = 0; steps < 32; steps++) {
    const type = btf.type(at);
    if (type.kind === "int") return type.bool;
    if (type.kind !== "typedef" && type.kind !== "const" && type.kind !== "volatile") return false;
    at = type.type;
  }
  return false;
}

function number(node: Node, type: Type, span: Span): Value & { kind: "number" } {
  return { kind: "number", node, type, span };
}

function constant(value: bigint, type: Type, span: Span): Value {
  const width: Width = type.kind === "integer" ? { size: type.size, signed: type.signed } : value >= -0x8000_0000n && value <= 0x7fff_ffffn ? { size: 4, signed: true } : value >= 0n && value <= 0xffff_ffffn ? { size: 4, signed: false } : { size: 8, signed: value < 0n };
  return number({ op: "constant", value: fitted(value, width), width }, type, span);
}

/** C11 6.4.4.1: the first of the types that has room. */
function literalType({ value, unsigned, long: isLong, decimal }: { readonly value: bigint; readonly unsigned: boolean; readonly long: boolean; readonly decimal: boolean }): Type {
  if (!isLong) {
    if (!unsigned && value <= 0x7fff_ffffn) return int;
    if ((unsigned || !decimal) && value <= 0xffff_ffffn) return { kind: "integer", size: 4, signed: false };
  }
  if (!unsigned && value < 1n << 63n) return long;
  return unsignedLong;
}

/** A number in the form that values of a width have: cut to its bytes, with its sign or without. */
export function fitted(value: bigint, { size, signed }: Width): bigint {
  return signed ? BigInt.asIntN(8 * size, value) : BigInt.asUintN(8 * size, value);
}

/** C11 6.3.1.8, of what is promoted already. */
function commonWidth(one: Width, two: Width): Width {
  if (one.size === two.size) return { size: one.size, signed: one.signed && two.signed };
  return one.size > two.size ? one : two;
}

function convert(node: Node, width: Width): Node {
  if (node.width.size === width.size && node.width.signed === width.signed) return node;
  if (node.op === "constant") return { op: "constant", value: fitted(node.value, width), width };
  return { op: "convert", operand: node, width };
}

function plus(node: Node, offset: number): Node {
  if (offset === 0) return node;
  // Steps of a path that need no read between them are one.
  if (node.op === "arithmetic" && node.operator === "+" && node.right.op === "constant") {
    const sum = Number(BigInt.asIntN(64, node.right.value)) + offset;
    if (Math.abs(sum) < 0x4000_0000) return plus(node.left, sum);
  }
  return { op: "arithmetic", operator: "+", left: node, right: { op: "constant", value: fitted(BigInt(offset), address), width: address }, width: address };
}

function isComparison(operator: BinaryOperator): operator is Comparison {
  return ["<", "<=", ">", ">=", "==", "!="].includes(operator);
}

function hasMember(btf: Btf, id: number, name: string): boolean {
  for (const member of memberNames(btf, id)) if (member === name) return true;
  return false;
}

/** Names of a struct's members, those of anonymous members among them. */
function* memberNames(btf: Btf, id: number, depth = 16): Generator<string> {
  const type = btf.type(id);
  if ((type.kind !== "struct" && type.kind !== "union") || depth === 0) return;
  for (const member of type.members) {
    if (member.name !== "") yield member.name;
    else {
      const inner = shapeOf(btf, { kind: "btf", id: member.type });
      if (inner.kind === "struct") yield* memberNames(btf, inner.id, depth - 1);
    }
  }
}
