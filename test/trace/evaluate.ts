import { Assembler, r0, r1, r10, r6, r8, reg } from "../../src/bpf/index.ts";
import { Emitter } from "../../src/trace/code/emit.ts";
import { checkExpression, textPlaceOf, type Scope } from "../../src/trace/expression/index.ts";
import { simulate, type Memory } from "./simulator.ts";

/** What the program of an expression computes: a number as its type has it, a text, or what went wrong. */
export function evaluate(text: string, scope: Scope, memory: Memory, { args = [], ...rest }: { readonly args?: readonly bigint[]; readonly ret?: bigint; readonly duration?: bigint; readonly pidTgid?: bigint; readonly cpu?: number; readonly comm?: string } = {}): bigint | string {
  const typed = checkExpression(text, scope);
  const context = 0xffff_c900_0000_4000n;
  const bytes = Buffer.alloc(8 * (args.length + 2));
  for (const [index, value] of [...args, rest.ret ?? 0n, rest.duration ?? 0n].entries()) bytes.writeBigUInt64LE(BigInt.asUintN(64, value), 8 * index);
  const code = new Assembler().mov(r6, reg(r1));
  const emitter = new Emitter({
    code,
    argument: (index) => code.load(8, r8, r6, 8 * index),
    builtin: (name) => code.load(8, r8, r6, 8 * (args.length + (name === "ret" ? 0 : 1))),
    stackTop: -16,
    prefix: "x",
  });
  const isText = typed.kind !== "number";
  if (isText) {
    const place = textPlaceOf(scope.btf, typed);
    if (!place) return "no text";
    // A word of it is enough here.
    emitter.text(place, 16, () => code.mov(r1, reg(r10)).alu("add", r1, -512), "fault", "zero");
    code.load(1, r8, r10, -512);
  } else emitter.value(typed.node, "fault", "zero");
  code.store(8, r10, -8, 0).mov(r0, reg(r8)).goto("out").label("fault").store(8, r10, -8, 1).mov(r0, reg(r8)).alu("xor", r0, -1).goto("out").label("zero").store(8, r10, -8, 2).mov(r0, 0).label("out");
  // The state goes out by the lowest bits of a second run.
  const value = simulate(code.exit().assemble(), { memory: { pieces: [...memory.pieces, { address: context, bytes }] }, context, ...rest });
  const state = simulate(new Uint8Array([...code.assemble().subarray(0, -8), ...new Assembler().load(8, r0, r10, -8).exit().assemble()]), { memory: { pieces: [...memory.pieces, { address: context, bytes }] }, context, ...rest });
  if (state === 1n) return `fault at 0x${(value ^ 0xffff_ffff_ffff_ffffn).toString(16)}`;
  if (state === 2n) return "division by zero";
  return !isText && typed.node.width.signed ? BigInt.asIntN(64, value) : value;
}
