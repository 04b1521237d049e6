/**
 * What the kernel's own verifier refuses (kernel/bpf/btf.c: btf_parse, btf_check_meta, btf_resolve and the checks after it), found before the kernel is asked: it says
 * -22 and no more. Where kernels differ, what the newest accepts is accepted, and `notes` tells of it.
 */
import { OopscopeError } from "../base/index.ts";
import type { Btf } from "./file.ts";
import { KIND, kindNames } from "./format.ts";

/** Something that the kernel refuses. `offset` is in the section, `type` the id it is about. */
export type BtfProblem = { readonly type: number | null; readonly offset: number; readonly what: string };

/** include/linux/btf.h and kernel/bpf/btf.c. */
const MAX_TYPE = 0xf_ffff;
const MAX_RESOLVE_DEPTH = 32;
const INFO_MASK = 0x9f00_ffff;
const KSYM_NAME_LEN = 512;
const identifier = /^[A-Za-z_.][\w.]*$/;
const mostProblems = 50;

/** The first problems of own types, in order; an empty list is what the kernel accepts. Its base is taken for good. */
export function verifyBtf(btf: Btf): BtfProblem[] {
  const problems: BtfProblem[] = [...layoutProblems(btf)];
  const resolver = new Resolver(btf);
  for (let id = btf.firstId; id < btf.endId && problems.length < mostProblems; id++) {
    const what = wrongWith(btf, id) ?? attempt(() => resolver.wrongWith(id));
    if (what !== null) problems.push({ type: id, offset: btf.header.types.offset + 4 * btf.starts[id - btf.firstId]!, what });
  }
  return problems;
}

function attempt(check: () => string | null): string | null {
  try {
    return check();
  } catch (error) {
    if (error instanceof OopscopeError) return error.message;
    throw error;
  }
}

function* layoutProblems(btf: Btf): Generator<BtfProblem> {
  const { header, starts } = btf;
  const at = (offset: number, what: string): BtfProblem => ({ type: null, offset, what });
  if (header.flags !== 0) yield at(3, `flags 0x${header.flags.toString(16)} are unknown to the kernel`);
  if (header.types.offset !== header.headerSize || header.strings.offset !== header.types.offset + header.types.size) yield at(8, "types and strings do not follow one another without a gap");
  if (starts.length === 0 && !btf.base) yield at(header.types.offset, "there are no types");
  if (btf.endId - 1 > MAX_TYPE) yield at(header.types.offset, `${btf.endId - 1} types, the kernel takes ${MAX_TYPE}`);
  if (!btf.base && header.strings.size === 0) yield at(header.strings.offset, "there are no strings");
}

/** What is wrong with a type as it stands, whatever it refers to. */
function wrongWith(btf: Btf, id: number): string | null {
  const start = btf.starts[id - btf.firstId]!;
  const { words } = btf;
  const info = words[start + 1]!;
  if ((info & ~INFO_MASK) !== 0) return `its info 0x${info.toString(16)} has unknown bits`;
  const kind = kindNames[(info >>> 24) & 0x1f]!;
  const vlen = info & 0xffff;
  const flag = info >>> 31 === 1;
  const third = words[start + 2]!;
  return attempt(() => {
    const name = btf.string(words[start]!);
    const badName = nameProblem(name);
    const hasElements = kind === "struct" || kind === "union" || kind === "enum" || kind === "enum64" || kind === "func_proto" || kind === "datasec";
    if (!hasElements && kind !== "func" && vlen !== 0) return `a ${kind} with ${vlen} elements`;
    if (flag && !["struct", "union", "enum", "enum64", "fwd", "decl_tag", "type_tag"].includes(kind)) return `a ${kind} with kind_flag`;
    switch (kind) {
      case "int": {
        const value = words[start + 3]!;
        const bits = (value & 0xff) + ((value >>> 16) & 0xff);
        if (value >>> 28 !== 0) return `an int whose encoding 0x${value.toString(16)} has unknown bits`;
        if (bits > 128) return `an int of ${bits} bits`;
        if (Math.ceil(bits / 8) > third) return `an int of ${bits} bits in ${third} bytes`;
        return [0, 1, 2, 4].includes((value >>> 24) & 0xf) ? null : `an int of encoding ${(value >>> 24) & 0xf}`;
      }
      case "ptr":
      case "volatile":
      case "const":
      case "restrict":
        return idProblem(third) ?? (name === "" ? null : `a ${kind} with the name ${quoted(name)}`);
      case "typedef":
        return idProblem(third) ?? badName;
      case "type_tag":
        return idProblem(third) ?? (name === "" ? "a type_tag without text" : null);
      case "array": {
        if (name !== "") return `an array with the name ${quoted(name)}`;
        if (third !== 0) return `an array with the size ${third} where there is none`;
        return elementProblem(words[start + 3]!, "elements") ?? elementProblem(words[start + 4]!, "index");
      }
      case "struct":
      case "union":
        return (name === "" ? null : badName) ?? memberProblem(btf, start, kind, vlen, flag, third);
      case "enum":
      case "enum64": {
        if (![1, 2, 4, 8].includes(third)) return `an ${kind} of ${third} bytes`;
        if (name !== "" && badName !== null) return badName;
        const size = kind === "enum" ? 2 : 3;
        for (let k = 0; k < vlen; k++) {
          const problem = nameProblem(btf.string(words[start + 3 + k * size]!));
          if (problem !== null) return `value ${k}: ${problem}`;
        }
        return null;
      }
      case "fwd":
        return third === 0 ? badName : `a fwd that refers to type ${third}`;
      case "func":
        return badName ?? (vlen > 2 ? `a func of linkage ${vlen}` : idProblem(third));
      case "func_proto":
        return name === "" ? null : `a func_proto with the name ${quoted(name)}`;
      case "var":
        return badName ?? elementProblem(third, "variable") ?? (words[start + 3]! > 1 ? `a var of linkage ${words[start + 3]}` : null);
      case "datasec":
        return sectionNameProblem(name) ?? datasecProblem(btf, start, vlen, third);
      case "float":
        return [2, 4, 8, 12, 16].includes(third) ? null : `a float of ${third} bytes`;
      case "decl_tag":
        if (name === "") return "a decl_tag without text";
        return (words[start + 3]! | 0) < -1 ? `a decl_tag on component ${words[start + 3]! | 0}` : elementProblem(third, "tagged");
      case "void":
        return "a type of kind 0";
    }
  });
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function nameProblem(name: string): string | null {
  if (name === "") return "a name is missing";
  if (name.length >= KSYM_NAME_LEN) return `a name of ${name.length} bytes, the kernel takes ${KSYM_NAME_LEN - 1}`;
  return identifier.test(name) ? null : `${quoted(name)} is no name that the kernel takes`;
}

function sectionNameProblem(name: string): string | null {
  if (name === "") return "a name is missing";
  return name.length >= KSYM_NAME_LEN || !/^[ -~]+$/.test(name) ? `${quoted(name)} is no name of a section that the kernel takes` : null;
}

function idProblem(id: number): string | null {
  return id > MAX_TYPE ? `it refers to type ${id}, above the kernel's ${MAX_TYPE}` : null;
}

function elementProblem(id: number, what: string): string | null {
  return id === 0 ? `its ${what} type is void` : idProblem(id);
}

function memberProblem(btf: Btf, start: number, kind: string, vlen: number, flag: boolean, size: number): string | null {
  const { words } = btf;
  let last = 0;
  for (let k = 0, at = start + 3; k < vlen; k++, at += 3) {
    const name = btf.string(words[at]!);
    const problem = (name === "" ? null : nameProblem(name)) ?? elementProblem(words[at + 1]!, "member's");
    const offset = flag ? words[at + 2]! & 0xff_ffff : words[at + 2]!;
    const which = `member ${k}${name === "" ? "" : ` (${quoted(name)})`}`;
    if (problem !== null) return `${which}: ${problem}`;
    if (kind === "union" && offset !== 0) return `${which} of a union at bit ${offset}`;
    if (offset < last) return `${which} at bit ${offset}, before the one in front of it at ${last}`;
    if (Math.ceil(offset / 8) > size) return `${which} at bit ${offset} of ${size} bytes`;
    last = offset;
  }
  return null;
}

function datasecProblem(btf: Btf, start: number, vlen: number, size: number): string | null {
  const { words } = btf;
  if (size === 0) return "a datasec of 0 bytes";
  let end = 0;
  let sum = 0;
  for (let k = 0, at = start + 3; k < vlen; k++, at += 3) {
    const [type, offset, bytes] = [words[at]!, words[at + 1]!, words[at + 2]!];
    const problem = elementProblem(type, `variable ${k}'s`);
    if (problem !== null) return problem;
    if (offset < end || offset >= size) return `variable ${k} at ${offset}, where ${end} to ${size} are free`;
    if (bytes === 0 || bytes > size) return `variable ${k} of ${bytes} bytes in a section of ${size}`;
    end = offset + bytes;
    if (end > size) return `variable ${k} ends at ${end}, past the section's end at ${size}`;
    sum += bytes;
  }
  return sum > size ? `variables of ${sum} bytes in a section of ${size}` : null;
}

/** What a type refers to. */
class Resolver {
  readonly #btf: Btf;
  /** Bytes of types that are known to be fine; by own id. −1 for those without a size. */
  readonly #sizes = new Map<number, number>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  wrongWith(id: number): string | null {
    const btf = this.#btf;
    const type = btf.type(id);
    switch (type.kind) {
      case "ptr":
        btf.kindNumber(type.type);
        return null;
      case "typedef":
      case "const":
      case "volatile":
      case "restrict":
      case "type_tag":
        this.#sizeOf(type.type, 0);
        return null;
      case "array": {
        const index = btf.type(this.#plain(type.indexType));
        if (index.kind !== "int" || index.bitOffset !== 0 || ![8, 16, 32, 64, 128].includes(index.bits) || index.bits !== 8 * index.size) return `its index type ${type.indexType} is no regular int`;
        const size = this.#sizeOf(type.element, 0);
        if (size < 0) return `its elements, of type ${type.element}, have no size`;
        return size * type.length > 0xffff_ffff ? `an array of ${size * type.length} bytes` : null;
      }
      case "struct":
      case "union": {
        for (const [index, member] of type.members.entries()) {
          const problem = this.#memberProblem(type.size, member.type, member.bitOffset, member.bitSize);
          if (problem !== null) return `member ${index}${member.name === "" ? "" : ` (${quoted(member.name)})`}: ${problem}`;
        }
        this.#sizeOf(id, 0);
        return null;
      }
      case "func": {
        const proto = btf.type(type.type);
        if (proto.kind !== "func_proto") return `its prototype, type ${type.type}, is of kind ${proto.kind}`;
        for (const [index, { name }] of proto.parameters.entries()) if (name === "") return `parameter ${index} has no name`;
        return null;
      }
      case "func_proto": {
        if (type.result !== 0 && this.#sizeOf(type.result, 0) < 0 && !this.#isVoid(type.result)) return `its result, type ${type.result}, has no size`;
        for (const [index, parameter] of type.parameters.entries()) {
          if (parameter.type === 0) return `parameter ${index} is void`;
          if (parameter.name !== "") {
            const problem = nameProblem(parameter.name);
            if (problem !== null) return `parameter ${index}: ${problem}`;
          }
          if (this.#sizeOf(parameter.type, 0) < 0) return `parameter ${index}, of type ${parameter.type}, has no size`;
        }
        return null;
      }
      case "var":
        return this.#sizeOf(type.type, 0) < 0 ? `its type ${type.type} has no size` : null;
      case "datasec":
        for (const [index, variable] of type.variables.entries()) {
          const found = btf.type(variable.type);
          if (found.kind !== "var") return `variable ${index}, type ${variable.type}, is of kind ${found.kind}`;
          const size = this.#sizeOf(found.type, 0);
          if (size < 0 || variable.size < size) return `variable ${index} (${quoted(found.name)}) has ${variable.size} bytes, its type ${size}`;
        }
        return null;
      case "decl_tag": {
        const on = btf.type(type.type);
        if (!["struct", "union", "func", "var", "typedef"].includes(on.kind)) return `it tags type ${type.type} of kind ${on.kind}`;
        if (type.component === -1) return null;
        const parts = on.kind === "struct" || on.kind === "union" ? on.members.length : on.kind === "func" ? this.#parameterCount(on.type) : 0;
        return type.component < parts ? null : `it tags component ${type.component} of ${parts}`;
      }
      case "void":
      case "int":
      case "float":
      case "enum":
      case "enum64":
      case "fwd":
        return null;
    }
  }

  #parameterCount(id: number): number {
    const proto = this.#btf.type(id);
    return proto.kind === "func_proto" ? proto.parameters.length + (proto.variadic ? 1 : 0) : 0;
  }

  #memberProblem(structSize: number, id: number, bitOffset: number, bitSize: number): string | null {
    const plain = this.#btf.type(this.#plain(id));
    const size = this.#sizeOf(id, 0);
    if (size < 0) return `its type ${id} has no size`;
    const byte = Math.floor(bitOffset / 8);
    if (plain.kind === "int" && (bitSize !== 0 || plain.bits !== 8 * plain.size || plain.bitOffset !== 0)) {
      const bits = bitSize || plain.bits;
      if (bitSize > plain.bits) return `${bitSize} bits of an int of ${plain.bits}`;
      const used = (bitOffset % 8) + plain.bitOffset + bits;
      if (used > 128) return `a bit-field of ${bits} bits at bit ${bitOffset}`;
      return structSize < byte + Math.ceil(used / 8) ? `it ends past the ${structSize} bytes` : null;
    }
    if (plain.kind === "enum" || plain.kind === "enum64") {
      if (bitSize !== 0) return bitSize > 8 * plain.size ? `${bitSize} bits of an enum of ${8 * plain.size}` : structSize < Math.ceil((bitOffset + bitSize) / 8) ? `it ends past the ${structSize} bytes` : null;
    } else if (bitSize !== 0) return `a bit-field of kind ${plain.kind}`;
    if (bitOffset % 8 !== 0) return `it begins within a byte, at bit ${bitOffset}`;
    if (structSize < byte + size) return `its ${size} bytes at ${byte} end past the ${structSize}`;
    return null;
  }

  #isVoid(id: number): boolean {
    return this.#plain(id) === 0;
  }

  /** Below typedefs and qualifiers. */
  #plain(id: number): number {
    let at = id;
    for (let steps = 0; steps <= 2 * MAX_RESOLVE_DEPTH; steps++) {
      const kind = this.#btf.kindNumber(at);
      if (kind !== KIND.typedef && kind !== KIND.const && kind !== KIND.volatile && kind !== KIND.restrict && kind !== KIND.typeTag) return at;
      at = this.#btf.sizeOrType(at);
    }
    throw this.#btf.fail(id, `type ${id} leads through a loop, or more than ${2 * MAX_RESOLVE_DEPTH} typedefs and qualifiers`);
  }

  /** Bytes, −1 for none. Walks all that a type holds by value: a loop, or more than the kernel's depth, throws. */
  #sizeOf(id: number, depth: number): number {
    const known = this.#sizes.get(id);
    if (known !== undefined) return known;
    const btf = this.#btf;
    if (depth > 2 * MAX_RESOLVE_DEPTH) throw btf.fail(id, `type ${id} holds itself, or more than ${2 * MAX_RESOLVE_DEPTH} types within one another`);
    const type = btf.type(id);
    let size = -1;
    switch (type.kind) {
      case "int":
      case "enum":
      case "enum64":
      case "float":
        ({ size } = type);
        break;
      case "ptr":
        size = btf.pointerSize;
        break;
      case "struct":
      case "union":
        ({ size } = type);
        if (id >= btf.firstId) for (const member of type.members) this.#sizeOf(member.type, depth + 1);
        break;
      case "typedef":
      case "const":
      case "volatile":
      case "restrict":
      case "type_tag":
        size = this.#sizeOf(type.type, depth + 1);
        break;
      case "array": {
        const element = this.#sizeOf(type.element, depth + 1);
        size = element < 0 ? -1 : element * type.length;
        break;
      }
      case "void":
      case "fwd":
      case "func":
      case "func_proto":
      case "var":
      case "datasec":
      case "decl_tag":
        break;
    }
    this.#sizes.set(id, size);
    return size;
  }
}
