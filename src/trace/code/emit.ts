import { r0, r1, r10, r2, r3, r8, reg, type Assembler, type JumpOp, type Size } from "../../bpf/index.ts";
import type { Arithmetic, Builtin, Comparison, Node, TextPlace, Width } from "../expression/index.ts";
import { helper } from "./helpers.ts";

/** Where an expression's code goes, and what it does with what is no number. r8 has results; r1 to r5 are lost; the stack below `stackTop` is used. */
export type EmitOptions = {
  readonly code: Assembler;
  /** Puts an argument's register, all 64 bits, into r8. May use r1 to r5, and the eight bytes of the stack at `scratch`. */
  readonly argument: (index: number, scratch: number) => void;
  /** The same of what is known of the call. */
  readonly builtin: (name: Exclude<Builtin, "pid" | "tid" | "cpu">, scratch: number) => void;
  /** Bytes from r10 (negative) where this expression's own part of the stack ends. */
  readonly stackTop: number;
  /** Labels are `${prefix}…`. */
  readonly prefix: string;
};

/** Bytes of the frame (MAX_BPF_STACK). */
const frameSize = 512;
const int32 = (value: bigint): boolean => value >= -0x8000_0000n && value <= 0x7fff_ffffn;
const signedJumps = { "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge", "==": "eq", "!=": "ne" } as const satisfies Record<Comparison, JumpOp>;
const unsignedJumps = { "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne" } as const satisfies Record<Comparison, JumpOp>;
const plainOps = { "+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor" } as const satisfies Partial<Record<Arithmetic, string>>;

/**
 * Writes the code of expressions: each leaves its value in r8, cut and extended to the node's width. Reads go through bpf_probe_read_kernel, so that an address which is wrong
 * is noticed: then it jumps to the label `fault` with the address in r8; a division by zero jumps to `zero`.
 */
export class Emitter {
  readonly #options: EmitOptions;
  #labels = 0;

  constructor(options: EmitOptions) {
    this.#options = options;
  }

  /** `fault` and `zero` may be the same label. Throws a RangeError where the stack has no room. */
  value(node: Node, fault: string, zero: string): void {
    this.#emit(node, 0, { fault, zero });
  }

  /** Reads text into memory whose address `destination` puts into r1: at most `size` bytes with their NUL. r0 has how many they are; a failure jumps to `fault`. */
  text(place: TextPlace, size: number, destination: () => void, fault: string, zero: string): void {
    const { code } = this.#options;
    if (place.kind === "comm") {
      destination();
      code.mov(r2, size).call(helper.getCurrentComm);
      return;
    }
    this.#emit(place.address, 0, { fault, zero });
    destination();
    if (place.kind === "array") code.mov(r2, Math.min(size, place.length)).mov(r3, reg(r8)).call(helper.probeReadKernel).jump("ne", r0, 0, fault);
    else code.mov(r2, size).mov(r3, reg(r8)).call(helper.probeReadKernelStr).jump("slt", r0, 0, fault);
  }

  #label(): string {
    return `${this.#options.prefix}${this.#labels++}`;
  }

  #slot(depth: number): number {
    const at = this.#options.stackTop - 8 * (depth + 1);
    if (at < -frameSize) throw new RangeError("the expression needs more of the stack than a program has");
    return at;
  }

  #emit(node: Node, depth: number, out: { readonly fault: string; readonly zero: string }): void {
    const { code } = this.#options;
    switch (node.op) {
      case "constant": {
        const value = BigInt.asIntN(64, node.value);
        if (int32(value)) code.mov(r8, Number(value));
        else code.loadConstant(r8, value);
        return;
      }
      case "argument":
        this.#options.argument(node.index, this.#slot(depth));
        this.#fit(node.width);
        return;
      case "builtin":
        if (node.name === "pid") code.call(helper.getCurrentPidTgid).mov(r8, reg(r0)).alu("rsh", r8, 32);
        else if (node.name === "tid") code.call(helper.getCurrentPidTgid).mov32(r8, reg(r0));
        else if (node.name === "cpu") code.call(helper.getSmpProcessorId).mov32(r8, reg(r0));
        else {
          this.#options.builtin(node.name, this.#slot(depth));
          this.#fit(node.width);
        }
        return;
      case "load":
        this.#load(node, depth, out.fault, out.zero);
        return;
      case "negate":
        this.#emit(node.operand, depth, out);
        code.neg(r8);
        this.#fit(node.width);
        return;
      case "complement":
        this.#emit(node.operand, depth, out);
        code.alu("xor", r8, -1);
        this.#fit(node.width);
        return;
      case "not":
        this.#emit(node.operand, depth, out);
        this.#truth("eq", 0);
        return;
      case "swap":
        this.#emit(node.operand, depth, out);
        code.swap(r8, "big", (8 * node.width.size) as 16 | 32 | 64);
        return;
      case "convert":
        this.#emit(node.operand, depth, out);
        this.#fit(node.width);
        return;
      case "both":
      case "either": {
        const [decided, end] = [this.#label(), this.#label()];
        const decides: JumpOp = node.op === "both" ? "eq" : "ne";
        this.#emit(node.left, depth, out);
        code.jump(decides, r8, 0, decided);
        this.#emit(node.right, depth, out);
        code.jump(decides, r8, 0, decided).mov(r8, node.op === "both" ? 1 : 0).goto(end).label(decided).mov(r8, node.op === "both" ? 0 : 1).label(end);
        return;
      }
      case "compare": {
        const { signed } = node.left.width;
        const jump = (signed ? signedJumps : unsignedJumps)[node.operator];
        const { right } = node;
        if (right.op === "constant" && int32(right.value) && (signed || right.value >= 0n)) {
          this.#emit(node.left, depth, out);
          this.#truth(jump, Number(right.value));
        } else {
          this.#sides(node.left, right, depth, out);
          this.#truth(jump, reg(r1));
        }
        return;
      }
      case "arithmetic":
        this.#arithmetic(node, depth, out);
        return;
      case "same-text":
        this.#sameText(node, depth, out);
        return;
    }
  }

  /** The left side in r8, the right one in r1. */
  #sides(left: Node, right: Node, depth: number, out: { readonly fault: string; readonly zero: string }): void {
    const { code } = this.#options;
    const slot = this.#slot(depth);
    this.#emit(left, depth, out);
    code.store(8, r10, slot, reg(r8));
    this.#emit(right, depth + 1, out);
    code.mov(r1, reg(r8)).load(8, r8, r10, slot);
  }

  /** r8 = r8 op source ? 1 : 0 */
  #truth(op: JumpOp, source: number | ReturnType<typeof reg>): void {
    const [yes, end] = [this.#label(), this.#label()];
    this.#options.code.jump(op, r8, source, yes).mov(r8, 0).goto(end).label(yes).mov(r8, 1).label(end);
  }

  /** Cuts r8 to a width, and extends it again. */
  #fit({ size, signed }: Width): void {
    const { code } = this.#options;
    if (size === 8) return;
    if (signed) code.alu("lsh", r8, 64 - 8 * size).alu("arsh", r8, 64 - 8 * size);
    else if (size === 4) code.mov32(r8, reg(r8));
    else code.alu("and", r8, size === 1 ? 0xff : 0xffff);
  }

  #load(node: Node & { op: "load" }, depth: number, fault: string, zero: string): void {
    const { code } = this.#options;
    this.#emit(node.address, depth, { fault, zero });
    const slot = this.#slot(depth);
    const whole = [1, 2, 4, 8].includes(node.bytes);
    if (node.offset !== 0) code.alu("add", r8, node.offset);
    if (!whole) code.store(8, r10, slot, 0);
    code.mov(r1, reg(r10)).alu("add", r1, slot).mov(r2, node.bytes).mov(r3, reg(r8)).call(helper.probeReadKernel).jump("ne", r0, 0, fault);
    code.load(whole ? (node.bytes as Size) : 8, r8, r10, slot);
    if (node.bits !== null) code.alu("lsh", r8, 64 - node.bits.shift - node.bits.count).alu(node.width.signed ? "arsh" : "rsh", r8, 64 - node.bits.count);
    else if (node.width.signed) this.#fit(node.width);
  }

  #arithmetic(node: Node & { op: "arithmetic" }, depth: number, out: { readonly fault: string; readonly zero: string }): void {
    const { code } = this.#options;
    const { operator, left, right, width } = node;
    const plain = operator in plainOps ? plainOps[operator as keyof typeof plainOps] : null;
    const constant = right.op === "constant" ? BigInt.asIntN(64, right.value) : null;
    if (operator === "<<" || operator === ">>") {
      const op = operator === "<<" ? "lsh" : width.signed ? "arsh" : "rsh";
      const mask = 8 * width.size - 1;
      if (constant !== null) {
        this.#emit(left, depth, out);
        code.alu(op, r8, Number(constant & BigInt(mask)));
      } else {
        this.#sides(left, right, depth, out);
        // As processors do: the count is taken within the width.
        code.alu("and", r1, mask).alu(op, r8, reg(r1));
      }
      this.#fit(width);
      return;
    }
    if (plain !== null && constant !== null && int32(constant)) {
      this.#emit(left, depth, out);
      code.alu(plain, r8, Number(constant));
      this.#fit(width);
      return;
    }
    this.#sides(left, right, depth, out);
    if (plain !== null) code.alu(plain, r8, reg(r1));
    else {
      const op = operator === "/" ? "div" : "mod";
      code.jump("eq", r1, 0, out.zero);
      if (!width.signed) code.alu(op, r8, reg(r1));
      else {
        // Programs divide without signs until v4 of the instruction set: by absolute values, the sign is put back. The rest has the dividend's.
        const [positive, divisor, end] = [this.#label(), this.#label(), this.#label()];
        code.mov(r2, reg(r8));
        if (operator === "/") code.alu("xor", r2, reg(r1));
        code.jump("sge", r8, 0, positive).neg(r8).label(positive).jump("sge", r1, 0, divisor).neg(r1).label(divisor);
        code.alu(op, r8, reg(r1)).jump("sge", r2, 0, end).neg(r8).label(end);
      }
    }
    this.#fit(width);
  }

  #sameText(node: Node & { op: "same-text" }, depth: number, out: { readonly fault: string; readonly zero: string }): void {
    const { code } = this.#options;
    const { place, text, equal } = node;
    const room = place.kind === "comm" ? 16 : place.kind === "array" ? Math.min(text.length + 1, place.length) : text.length + 2;
    const top = this.#slot(depth + (place.kind === "comm" ? 0 : depthOf(place.address)));
    const area = top - ((room + 7) & ~7);
    if (area < -frameSize) throw new RangeError("the expression needs more of the stack than a program has");
    const [differ, end] = [this.#label(), this.#label()];
    const destination = (): void => {
      code.mov(r1, reg(r10)).alu("add", r1, area);
    };
    if (place.kind === "comm") this.text(place, room, destination, out.fault, out.zero);
    else {
      this.#emit(place.address, depth, out);
      destination();
      code.mov(r2, room).mov(r3, reg(r8)).call(place.kind === "array" ? helper.probeReadKernel : helper.probeReadKernelStr).jump(place.kind === "array" ? "ne" : "slt", r0, 0, out.fault);
      if (place.kind === "pointer") code.jump("ne", r0, text.length + 1, differ);
    }
    // With its NUL, where there is one.
    const wanted = Buffer.alloc(place.kind === "pointer" ? text.length : Math.min(text.length + 1, room));
    wanted.set(text);
    for (let at = 0; at < wanted.length; ) {
      const size = ([8, 4, 2, 1] as const).find((step) => at + step <= wanted.length)!;
      code.load(size, r1, r10, area + at);
      const value = size === 8 ? wanted.readBigInt64LE(at) : BigInt(wanted.readUIntLE(at, size));
      if (int32(value)) code.jump("ne", r1, Number(value), differ);
      else code.loadConstant(r2, value).jump("ne", r1, reg(r2), differ);
      at += size;
    }
    code.mov(r8, equal ? 1 : 0).goto(end).label(differ).mov(r8, equal ? 0 : 1).label(end);
  }
}

/** Slots of the stack that a node's code uses. */
function depthOf(node: Node): number {
  switch (node.op) {
    case "constant":
      return 0;
    case "argument":
    case "builtin":
      return 1;
    case "load":
      return Math.max(1, depthOf(node.address));
    case "negate":
    case "complement":
    case "not":
    case "swap":
    case "convert":
      return depthOf(node.operand);
    case "both":
    case "either":
      return Math.max(depthOf(node.left), depthOf(node.right));
    case "arithmetic":
    case "compare":
      return Math.max(1, depthOf(node.left), 1 + depthOf(node.right));
    case "same-text":
      return 1 + (node.place.kind === "comm" ? 0 : depthOf(node.place.address)) + 10;
  }
}
