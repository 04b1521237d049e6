import { expect, it } from "vitest";
import { Assembler, r0, r2 } from "../../src/bpf/assembler.ts";
import { functionTypes } from "../../src/bpf/function-types.ts";
import { btfFromBytes } from "../../src/btf/index.ts";

it("functions that are called back have types, by the instruction that they begin at", () => {
  const code = new Assembler().loadFunction(r2, "second").callLabel("first").mov(r0, 0).exit().label("first").mov(r0, 1).exit().label("second").mov(r0, 2).exit();
  expect(code.functionsCalledBack).toEqual([0, 5, 7]);
  const { btf: bytes, info, count } = functionTypes(code.functionsCalledBack!);
  const btf = btfFromBytes("made", bytes);
  expect([...btf.idsOfKind("func")].map((id) => btf.type(id))).toEqual([
    { kind: "func", id: 3, name: "f0", type: 2, linkage: "global" },
    { kind: "func", id: 4, name: "f1", type: 2, linkage: "static" },
    { kind: "func", id: 5, name: "f2", type: 2, linkage: "static" },
  ]);
  expect([btf.type(2), btf.type(1)]).toEqual([{ kind: "func_proto", id: 2, name: "", result: 1, parameters: [], variadic: false }, expect.objectContaining({ kind: "int", name: "int", size: 4, bits: 32, signed: true })]);
  expect([count, [...new Uint32Array(info.buffer)]]).toEqual([3, [0, 3, 5, 4, 7, 5]]);
  expect(new Assembler().callLabel("one").exit().label("one").exit().functionsCalledBack).toBeNull();
});
