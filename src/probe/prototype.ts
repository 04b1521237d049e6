import { resolve, typeText, type Btf } from "../btf/index.ts";

// What an fentry program asks of a function's prototype (kernel/bpf/btf.c, btf_distill_func_proto, and the trampolines of the architectures), and its text in C. Both
// are asked for all functions of a kernel at once: types are looked at once each.

/** Numbers of BTF's kinds that decide here (include/uapi/linux/btf.h). */
const INT = 1;
const PTR = 2;
const STRUCT = 4;
const ENUM = 6;
const ENUM64 = 19;

/** What this kernel's trampolines take. */
export type FentryLimits = {
  /** MAX_BPF_FUNC_ARGS. */
  readonly arguments: number;
  /** Words of eight bytes that all arguments may take together. */
  readonly words: number;
  /** Bytes of a struct that is passed by value; 0 for none. */
  readonly struct: number;
};

/** Why fentry refuses a prototype. `argument` counts from 1. */
export type PrototypeRefusal =
  | { readonly code: "too-many-arguments"; readonly count: number; readonly limit: number; readonly words: boolean }
  | { readonly code: "variadic" }
  | { readonly code: "struct-by-value"; readonly argument: number; readonly type: string; readonly size: number; readonly limit: number }
  | { readonly code: "struct-result"; readonly type: string }
  | { readonly code: "unsupported-type"; readonly argument: number; readonly type: string };

const mark = "\u0001";

/** The prototypes of one BTF. */
export class Prototypes {
  readonly btf: Btf;
  readonly limits: FentryLimits;
  /** Text before and behind the declared name, by type. */
  readonly #before: (string | undefined)[];
  readonly #behind: (string | undefined)[];
  /** How a type is passed, by type: its kind below its names (0xff: not yet known), and its bytes, −1 for what no trampoline takes. */
  readonly #kinds: Uint8Array;
  readonly #sizes: Float64Array;
  readonly #strings = new Map<number, string>();
  #words: Uint32Array = new Uint32Array();
  #start = 0;

  constructor(btf: Btf, limits: FentryLimits) {
    this.btf = btf;
    this.limits = limits;
    this.#before = new Array<string | undefined>(btf.endId);
    this.#behind = new Array<string | undefined>(btf.endId);
    this.#kinds = new Uint8Array(btf.endId).fill(0xff);
    this.#sizes = new Float64Array(btf.endId);
  }

  /** `func` as C declares it: `int tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)`; the same text as `prototypeText`. Throws `malformed`. */
  text(func: number, name: string): string {
    this.#enter(func);
    const words = this.#words;
    const start = this.#start;
    const count = words[start + 1]! & 0xffff;
    let parameters = "";
    for (let index = 0, at = start + 3; index < count; index++, at += 2) {
      const type = words[at + 1]!;
      const variadic = index === count - 1 && type === 0;
      if (index > 0) parameters += ", ";
      parameters += variadic ? "..." : this.#declared(type, this.#string(words[at]!));
    }
    return this.#declared(words[start + 2]!, `${name}(${count === 0 ? "void" : parameters})`);
  }

  /** Why fentry does not take it; null if it does. Throws `malformed`. */
  refusal(func: number): PrototypeRefusal | null {
    this.#enter(func);
    const words = this.#words;
    const start = this.#start;
    const count = words[start + 1]! & 0xffff;
    const result = words[start + 2]!;
    const { limits } = this;
    // In the kernel's order: the first refusal is the one that it prints.
    if (count > limits.arguments) return { code: "too-many-arguments", count, limit: limits.arguments, words: false };
    if (this.#passed(result) === STRUCT || this.#sizes[result]! < 0) return { code: "struct-result", type: typeText(this.btf, result) };
    let total = 0;
    for (let index = 0, at = start + 3; index < count; index++, at += 2) {
      const type = words[at + 1]!;
      if (type === 0 && index === count - 1) return { code: "variadic" };
      const kind = this.#passed(type);
      const size = this.#sizes[type]!;
      if (kind === STRUCT && size > limits.struct) return { code: "struct-by-value", argument: index + 1, type: typeText(this.btf, type), size, limit: limits.struct };
      if (size <= 0 || size > 16) return { code: "unsupported-type", argument: index + 1, type: typeText(this.btf, type) };
      total += size > 8 ? 2 : 1;
    }
    return total > limits.words ? { code: "too-many-arguments", count: total, limit: limits.words, words: total !== count } : null;
  }

  /** Puts `#words` and `#start` at a function's prototype. */
  #enter(func: number): void {
    const { btf } = this;
    const id = btf.sizeOrType(func);
    const layer = btf.layerOf(id);
    this.#start = layer.starts[id - layer.firstId]!;
    this.#words = layer.words;
    if (((this.#words[this.#start + 1]! >>> 24) & 0x1f) !== 13) throw btf.fail(func, `function ${func} has type ${id}, which is no prototype`);
  }

  #declared(type: number, name: string): string {
    if (name === "") return typeText(this.btf, type);
    let before = this.#before[type];
    if (before === undefined) {
      const text = typeText(this.btf, type, mark);
      const at = text.indexOf(mark);
      before = text.slice(0, at);
      const behind = text.slice(at + mark.length);
      if (type >= this.#before.length) return `${before}${name}${behind}`;
      this.#before[type] = before;
      this.#behind[type] = behind;
    }
    return `${before}${name}${this.#behind[type]!}`;
  }

  #string(offset: number): string {
    let text = this.#strings.get(offset);
    if (text === undefined) this.#strings.set(offset, (text = this.btf.string(offset)));
    return text;
  }

  /** The kind of a type below its names; `#sizes` has its bytes then. */
  #passed(type: number): number {
    const known = this.#kinds[type];
    if (known !== undefined && known !== 0xff) return known;
    const plain = resolve(this.btf, type);
    const kind = this.btf.kindNumber(plain);
    this.#sizes[type] = kind === 0 ? 0 : kind === PTR ? 8 : kind === INT || kind === ENUM || kind === ENUM64 || kind === STRUCT ? this.btf.sizeOrType(plain) : -1;
    this.#kinds[type] = kind;
    return kind;
  }
}

/** Functions of the kernel that tell what its trampolines can do. */
export const limitMarks = ["save_args", "arch_bpf_trampoline_size"];

/**
 * What the kernel behind this BTF takes, by what it is made of: `arg_flags` of struct btf_func_model came with structs by value (720e6a435194, 6.1); on x86-64 the trampoline that
 * puts arguments on the stack has functions of its own (473e3150e30a, 6.6). `has` tells whether the kernel has a function.
 */
export function fentryLimits(kernel: Btf, arch: string | null, has: (name: string) => boolean): FentryLimits {
  const model = kernel.find("btf_func_model", "struct");
  const type = model === null ? null : kernel.type(model);
  const structs = type?.kind === "struct" && type.members.some(({ name }) => name === "arg_flags");
  const onStack = limitMarks.some(has);
  const words = arch === "x86_64" ? (onStack ? 12 : 6) : arch === "arm64" ? 8 : 12;
  return { arguments: 12, words, struct: structs ? 16 : 0 };
}

/** Ids of the functions of a BTF's own by name, its base's left out; a name that several have has the first, and is in `several`. One pass, no object for each. `only`: of these names alone, which is faster for a few. */
export function functionIds(btf: Btf, only: Iterable<string> | null = null): { readonly ids: ReadonlyMap<string, number>; readonly several: ReadonlySet<string> } {
  const { words, starts, firstId, firstString } = btf;
  const { strings } = btf;
  const wanted = only === null ? null : offsetsOf(btf, only);
  const text = wanted !== null ? "" : Buffer.from(strings.buffer, strings.byteOffset, strings.byteLength).toString("latin1");
  const ids = new Map<string, number>();
  const several = new Set<string>();
  for (let index = 0; index < starts.length; index++) {
    const start = starts[index]!;
    if (((words[start + 1]! >>> 24) & 0x1f) !== 12) continue;
    const offset = words[start]!;
    // A split one may take a name from its base.
    const name = wanted !== null ? wanted.get(offset) : offset >= firstString ? text.slice(offset - firstString, text.indexOf("\0", offset - firstString)) : btf.nameOf(firstId + index);
    if (name === undefined) continue;
    if (ids.has(name)) several.add(name);
    else ids.set(name, firstId + index);
  }
  return { ids, several };
}

/** Where names stand among the strings of a BTF and its bases; within longer names, too, since tails may be shared. */
function offsetsOf(btf: Btf, names: Iterable<string>): ReadonlyMap<number, string> {
  const offsets = new Map<number, string>();
  const wanted = [...names];
  for (let layer: Btf | null = btf; layer !== null; layer = layer.base) {
    const strings = Buffer.from(layer.strings.buffer, layer.strings.byteOffset, layer.strings.byteLength);
    for (const name of wanted) {
      const text = `${name}\0`;
      for (let at = strings.indexOf(text, 0, "latin1"); at >= 0; at = strings.indexOf(text, at + 1, "latin1")) offsets.set(layer.firstString + at, name);
    }
  }
  return offsets;
}
