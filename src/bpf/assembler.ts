import { OopscopeError } from "../base/index.ts";
import { fixedBytes, hostIsLittle, viewOf } from "./bytes.ts";

/** A register: r0 is the result, r1 to r5 are arguments, r6 to r9 survive calls, r10 is the frame, which ends there and has 512 bytes below it. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
export const r0 = 0, r1 = 1, r2 = 2, r3 = 3, r4 = 4, r5 = 5, r6 = 6, r7 = 7, r8 = 8, r9 = 9, r10 = 10;

/** A register as a source; a plain number is a constant. */
export type Source = { readonly register: Register };
/** `reg(r6)`: the register's value, where a number would be a constant. */
export const reg = (register: Register): Source => ({ register });

const aluOps = { add: 0x00, sub: 0x10, mul: 0x20, div: 0x30, or: 0x40, and: 0x50, lsh: 0x60, rsh: 0x70, mod: 0x90, xor: 0xa0, mov: 0xb0, arsh: 0xc0 } as const;
const jumpOps = { eq: 0x10, gt: 0x20, ge: 0x30, set: 0x40, ne: 0x50, sgt: 0x60, sge: 0x70, lt: 0xa0, le: 0xb0, slt: 0xc0, sle: 0xd0 } as const;
const sizes = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 } as const;
/** Operations on memory in one step; each but the plain ones gives what was there before in the source register (`cmpxchg`: in r0). */
const atomicOps = { add: 0x00, or: 0x40, and: 0x50, xor: 0xa0, "fetch-add": 0x01, "fetch-or": 0x41, "fetch-and": 0x51, "fetch-xor": 0xa1, xchg: 0xe1, cmpxchg: 0xf1 } as const;

export type AluOp = keyof typeof aluOps;
export type JumpOp = keyof typeof jumpOps;
export type AtomicOp = keyof typeof atomicOps;
/** Bytes. */
export type Size = keyof typeof sizes;

/** Classes (Documentation/bpf/instruction-set.rst). */
const LD = 0x00, LDX = 0x01, ST = 0x02, STX = 0x03, ALU = 0x04, JMP = 0x05, JMP32 = 0x06, ALU64 = 0x07;
const IMM = 0x00, ABS = 0x20, IND = 0x40, MEM = 0x60, ATOMIC = 0xc0;
/** The bit that says that the source is a register. */
const X = 0x08;
/** What the 64-bit constant stands for (BPF_PSEUDO_…). */
const pseudo = { mapFd: 1, mapValue: 2, btfId: 3, func: 4 } as const;
const pseudoCall = { function: 1, kfunc: 2 } as const;

/** What has a descriptor: a map. Number: the descriptor itself. */
export type MapReference = number | { readonly descriptor: number };

type Slot = { code: number; dst: number; src: number; off: number; imm: number };

/**
 * Writes eBPF bytecode, instruction sets v1 to v3, one call an instruction; calls can be chained. Labels may be used before they are placed.
 *
 *     const code = new Assembler().mov(r0, 0).jump("eq", r1, 0, "end").call(14).label("end").exit().assemble();
 */
export class Assembler {
  readonly #slots: Slot[] = [];
  readonly #labels = new Map<string, number>();
  #callsBack = false;
  /** Slots that lead to a label: by their offset (jumps), or by their constant (calls and addresses of functions). */
  readonly #uses: { readonly slot: number; readonly label: string; readonly field: "off" | "imm" }[] = [];

  /** Instructions so far, as the verifier counts them: a 64-bit constant is two. */
  get length(): number {
    return this.#slots.length;
  }

  #emit(code: number, dst: number, src: number, off: number, imm: number | bigint): this {
    for (const register of [dst, src]) if (!(Number.isInteger(register) && register >= 0 && register <= 15)) throw wrong(`register ${register}`);
    if (!(Number.isInteger(off) && off >= -0x8000 && off <= 0x7fff)) throw wrong(`offset ${off}, of 16 bits`);
    const value = Number(imm);
    if (!(Number.isInteger(value) && value >= -0x8000_0000 && value <= 0xffff_ffff)) throw wrong(`constant ${imm}, of 32 bits`);
    this.#slots.push({ code, dst, src, off, imm: value | 0 });
    return this;
  }

  /** Whether something leads to a label already. The verifier refuses instructions that nothing reaches. */
  leadsTo(name: string): boolean {
    return this.#uses.some(({ label }) => label === name);
  }

  /** Places a label here. */
  label(name: string): this {
    if (this.#labels.has(name)) throw wrong(`second label \`${name}\``);
    this.#labels.set(name, this.#slots.length);
    return this;
  }

  /** `dst = dst op source`, 64 bits wide; a constant is sign-extended from 32 bits. `mov` sets. Division by 0 gives 0, its remainder the dividend. */
  alu(op: AluOp, dst: Register, source: Source | number): this {
    return this.#alu(ALU64, op, dst, source);
  }

  /** The same on the low 32 bits; the high ones become 0. */
  alu32(op: AluOp, dst: Register, source: Source | number): this {
    return this.#alu(ALU, op, dst, source);
  }

  #alu(kind: number, op: AluOp, dst: Register, source: Source | number): this {
    return typeof source === "number" ? this.#emit(kind | aluOps[op], dst, 0, 0, source) : this.#emit(kind | X | aluOps[op], dst, source.register, 0, 0);
  }

  mov(dst: Register, source: Source | number): this {
    return this.alu("mov", dst, source);
  }

  mov32(dst: Register, source: Source | number): this {
    return this.alu32("mov", dst, source);
  }

  neg(dst: Register): this {
    return this.#emit(ALU64 | 0x80, dst, 0, 0, 0);
  }

  neg32(dst: Register): this {
    return this.#emit(ALU | 0x80, dst, 0, 0, 0);
  }

  /** The low 16, 32 or all 64 bits from this machine's byte order to the one that is named, or back; higher bits become 0. */
  swap(dst: Register, order: "little" | "big", bits: 16 | 32 | 64): this {
    return this.#emit(ALU | 0xd0 | (order === "big" ? X : 0), dst, 0, 0, bits);
  }

  /** `dst = *(u8|u16|u32|u64 *)(base + offset)`. */
  load(size: Size, dst: Register, base: Register, offset = 0): this {
    return this.#emit(LDX | MEM | sizes[size], dst, base, offset, 0);
  }

  /** `*(… *)(base + offset) = source`. */
  store(size: Size, base: Register, offset: number, source: Source | number): this {
    return typeof source === "number" ? this.#emit(ST | MEM | sizes[size], base, 0, offset, source) : this.#emit(STX | MEM | sizes[size], base, source.register, offset, 0);
  }

  /** `*(… *)(base + offset) op= source` in one step. */
  atomic(op: AtomicOp, size: 4 | 8, base: Register, offset: number, source: Register): this {
    return this.#emit(STX | ATOMIC | sizes[size], base, source, offset, atomicOps[op]);
  }

  /** A packet's bytes in network order into r0, at a constant offset or one in a register (classic BPF's; r6 holds the packet). */
  loadPacket(size: 1 | 2 | 4, offset: number, index?: Register): this {
    return index === undefined ? this.#emit(LD | ABS | sizes[size], 0, 0, 0, offset) : this.#emit(LD | IND | sizes[size], 0, index, 0, offset);
  }

  /** A constant of 64 bits. */
  loadConstant(dst: Register, value: bigint): this {
    if (value < -(1n << 63n) || value >= 1n << 64n) throw wrong(`constant ${value}, of 64 bits`);
    return this.#wide(dst, 0, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }

  #wide(dst: Register, src: number, low: number, high: number): this {
    return this.#emit(LD | IMM | sizes[8], dst, src, 0, low).#emit(0, 0, 0, 0, high);
  }

  /** A map, as helpers take it. */
  loadMap(dst: Register, map: MapReference): this {
    return this.#wide(dst, pseudo.mapFd, typeof map === "number" ? map : map.descriptor, 0);
  }

  /** The address of the first value of an array map, and so many bytes further. */
  loadMapValue(dst: Register, map: MapReference, offset = 0): this {
    return this.#wide(dst, pseudo.mapValue, typeof map === "number" ? map : map.descriptor, offset);
  }

  /** The address of a variable of the kernel, by the id of its type in the kernel's BTF (5.10). */
  loadVariable(dst: Register, btfId: number, objectDescriptor = 0): this {
    return this.#wide(dst, pseudo.btfId, btfId, objectDescriptor);
  }

  /** The address of a function of this program, for helpers that call back (bpf_loop); `GeneratedProgram.load` gives the kernel the types of functions that it wants then. */
  loadFunction(dst: Register, label: string): this {
    this.#callsBack = true;
    this.#uses.push({ slot: this.#slots.length, label, field: "imm" });
    return this.#wide(dst, pseudo.func, 0, 0);
  }

  /** `if (dst op source) goto label`, on 64 bits. */
  jump(op: JumpOp, dst: Register, source: Source | number, label: string): this {
    return this.#jump(JMP, op, dst, source, label);
  }

  /** On the low 32 bits (v3, Linux 5.1). */
  jump32(op: JumpOp, dst: Register, source: Source | number, label: string): this {
    return this.#jump(JMP32, op, dst, source, label);
  }

  #jump(kind: number, op: JumpOp, dst: Register, source: Source | number, label: string): this {
    this.#uses.push({ slot: this.#slots.length, label, field: "off" });
    return typeof source === "number" ? this.#emit(kind | jumpOps[op], dst, 0, 0, source) : this.#emit(kind | X | jumpOps[op], dst, source.register, 0, 0);
  }

  goto(label: string): this {
    this.#uses.push({ slot: this.#slots.length, label, field: "off" });
    return this.#emit(JMP, 0, 0, 0, 0);
  }

  /** A helper of the kernel, by its number (include/uapi/linux/bpf.h, enum bpf_func_id). */
  call(helper: number): this {
    return this.#emit(JMP | 0x80, 0, 0, 0, helper);
  }

  /** A function of the kernel that is open to programs, by the id of its type; one of a module with its place in the program's `descriptors`. */
  callKernel(btfId: number, descriptorIndex = 0): this {
    return this.#emit(JMP | 0x80, 0, pseudoCall.kfunc, descriptorIndex, btfId);
  }

  /** A function of this program. */
  callLabel(label: string): this {
    this.#uses.push({ slot: this.#slots.length, label, field: "imm" });
    return this.#emit(JMP | 0x80, 0, pseudoCall.function, 0, 0);
  }

  /** Where the functions of the program begin, in instructions, if one of them is called back; else null. */
  get functionsCalledBack(): readonly number[] | null {
    if (!this.#callsBack) return null;
    const starts = this.#uses.filter(({ field }) => field === "imm").flatMap(({ label }) => this.#labels.get(label) ?? []);
    return [...new Set([0, ...starts])].sort((one, other) => one - other);
  }

  exit(): this {
    return this.#emit(JMP | 0x90, 0, 0, 0, 0);
  }

  /** The bytecode, in this machine's byte order, eight bytes an instruction. Throws `bad-argument` for a label that was not placed, or is too far. */
  assemble(): Uint8Array<ArrayBuffer> {
    const slots = this.#slots.map((slot) => ({ ...slot }));
    for (const { slot, label, field } of this.#uses) {
      const target = this.#labels.get(label);
      if (target === undefined) throw wrong(`label \`${label}\`, which is nowhere`);
      const distance = target - slot - 1;
      if (field === "off" && (distance < -0x8000 || distance > 0x7fff)) throw wrong(`jump over ${distance} instructions to \`${label}\`, of 16 bits`);
      slots[slot]![field] = distance;
    }
    const bytes = fixedBytes(8 * slots.length);
    const view = viewOf(bytes);
    for (const [index, { code, dst, src, off, imm }] of slots.entries()) {
      const at = 8 * index;
      view.setUint8(at, code);
      view.setUint8(at + 1, hostIsLittle ? (src << 4) | dst : (dst << 4) | src);
      view.setInt16(at + 2, off, hostIsLittle);
      view.setInt32(at + 4, imm, hostIsLittle);
    }
    return bytes;
  }
}

function wrong(what: string): OopscopeError {
  return new OopscopeError("bad-argument", `the assembler cannot take ${what}`, {});
}
