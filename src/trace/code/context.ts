import { r1, r10, r2, r3, r6, r8, reg, type Assembler } from "../../bpf/index.ts";
import { OopscopeError } from "../../base/index.ts";
import { helper } from "./helpers.ts";

/** How a program gets at the call that it is run for; its context is in r6. All leave a value in r8 and may use r0 to r5, and eight bytes of the stack at `scratch` from r10. */
export type Context = {
  readonly argument: (code: Assembler, index: number, scratch: number) => void;
  readonly ret: (code: Assembler, scratch: number) => void;
  /** A number that this call has for itself until it returns. */
  readonly frame: (code: Assembler, scratch: number) => void;
  /** How much less the number is at the entry than it is at the exit. */
  readonly frameStep: number;
};

/** Reads `offset` of the context by the helper that reads memory: what it gives is a plain number to the verifier, whatever the type of the argument. */
function readContext(code: Assembler, offset: number, scratch: number): void {
  code.mov(r1, reg(r10)).alu("add", r1, scratch).mov(r2, 8).mov(r3, reg(r6));
  if (offset !== 0) code.alu("add", r3, offset);
  code.call(helper.probeReadKernel).load(8, r8, r10, scratch);
}

/**
 * fentry and fexit: an array of eight-byte words, the arguments and behind them the result. `words`: at which word an argument begins; `plain`: whether the verifier takes a load of it for
 * a number (integers); pointers it knows as pointers, and some of them (to pointers, to functions) it refuses on older kernels.
 */
export function trampolineContext(words: readonly number[], plain: readonly boolean[], result: { readonly word: number; readonly plain: boolean }): Context {
  const word = (code: Assembler, index: number, isPlain: boolean, scratch: number): void => {
    if (isPlain) code.load(8, r8, r6, 8 * index);
    else readContext(code, 8 * index, scratch);
  };
  return {
    argument: (code, index, scratch) => word(code, words[index]!, plain[index]!, scratch),
    ret: (code, scratch) => word(code, result.word, result.plain, scratch),
    // The context stands in the trampoline's frame, the same at both ends. Turned round twice, it is a number to the verifier.
    frame: (code) => void code.mov(r8, reg(r6)).neg(r8).neg(r8),
    frameStep: 0,
  };
}

/** Where struct pt_regs has what (arch/x86/include/asm/ptrace.h, arch/arm64/include/uapi/asm/ptrace.h). `stackArguments`: bytes from the stack pointer to the first argument that has no register. */
const registers: Readonly<Record<string, { readonly arguments: readonly number[]; readonly ret: number; readonly sp: number; readonly stackArguments: number; readonly frameStep: number }>> = {
  // A kretprobe has the stack pointer behind the return address, the entry at it.
  x86_64: { arguments: [112, 104, 96, 88, 72, 64], ret: 80, sp: 152, stackArguments: 8, frameStep: 8 },
  arm64: { arguments: [0, 8, 16, 24, 32, 40, 48, 56], ret: 0, sp: 248, stackArguments: 0, frameStep: 0 },
};

/** How many arguments a kprobe finds in registers. */
export function registerArguments(arch: string): number {
  return registers[arch]?.arguments.length ?? 0;
}

/** kprobe and kretprobe: the registers. `words`: which of them an argument is in, by its number; default: that one. Throws `unsupported` for a processor whose registers are not known here. */
export function registerContext(arch: string, words: readonly number[] | null = null): Context {
  const known = registers[arch];
  if (known === undefined) throw new OopscopeError("unsupported", `kprobes on ${arch}: where its arguments are is not known here (x86_64 and arm64 are)`, { arch });
  return {
    argument: (code, number, scratch) => {
      const index = words?.[number] ?? number;
      const offset = known.arguments[index];
      if (offset !== undefined) {
        code.load(8, r8, r6, offset);
        return;
      }
      code.load(8, r8, r6, known.sp).mov(r3, reg(r8)).alu("add", r3, known.stackArguments + 8 * (index - known.arguments.length));
      code.mov(r1, reg(r10)).alu("add", r1, scratch).mov(r2, 8).call(helper.probeReadKernel).load(8, r8, r10, scratch);
    },
    ret: (code) => void code.load(8, r8, r6, known.ret),
    frame: (code) => void code.load(8, r8, r6, known.sp),
    frameStep: known.frameStep,
  };
}

/** Where a tracepoint's record has a field: at `offset`, or behind a word there that says where (`__data_loc`), in its low 16 bits. */
export type TracepointPlace = { readonly offset: number; readonly dynamic: boolean };

/** A tracepoint's record, as ftrace's ring has it. An argument is the address of its field. */
export function tracepointContext(fields: readonly TracepointPlace[]): Context {
  const nothing = (): never => {
    throw new OopscopeError("bad-argument", "a tracepoint has no result", {});
  };
  return {
    argument: (code, index) => {
      const { offset, dynamic } = fields[index]!;
      code.mov(r8, reg(r6)).neg(r8).neg(r8);
      if (dynamic) code.load(4, r1, r6, offset).alu("and", r1, 0xffff).alu("add", r8, reg(r1));
      else code.alu("add", r8, offset);
    },
    ret: nothing,
    frame: nothing,
    frameStep: 0,
  };
}
