import { expect, it } from "vitest";
import { readVerifierLog } from "../../src/bpf/verifier.ts";

it("the failing instruction, its source line and the reason, as 6.1 writes them", () => {
  const log = `reg type unsupported for arg#0 function enters#72
0: R1=ctx(off=0,imm=0) R10=fp0
; int BPF_PROG(enters, int dfd)
0: (79) r1 = *(u64 *)(r1 +0)          ; R1_w=scalar()
; return *(int *)(long)dfd;
1: (67) r1 <<= 32                     ; R1_w=scalar()
2: (61) r0 = *(u32 *)(r1 +0)
R1 invalid mem access 'scalar'
processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;
  expect(readVerifierLog(log)).toEqual({ instruction: 2, text: "(61) r0 = *(u32 *)(r1 +0)", source: "return *(int *)(long)dfd;", place: null, reason: "R1 invalid mem access 'scalar'" });
});

it("with the place, as 6.8 and newer write it, and a walk that came from elsewhere", () => {
  const log = `; if (x > 3) @ prog.bpf.c:40
5: (25) if r1 > 0x3 goto pc+2         ; R1=scalar()
from 5 to 8: R0=0 R10=fp0
; return array[x]; @ prog.bpf.c:42
8: (71) r0 = *(u8 *)(r2 +0)
invalid access to map value, value_size=4 off=4 size=1
R2 min value is outside of the allowed memory range
processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;
  expect(readVerifierLog(log)).toEqual({
    instruction: 8,
    text: "(71) r0 = *(u8 *)(r2 +0)",
    source: "return array[x];",
    place: { file: "prog.bpf.c", line: 42 },
    reason: "invalid access to map value, value_size=4 off=4 size=1; R2 min value is outside of the allowed memory range",
  });
});

it("a refusal before the first instruction, and no log", () => {
  expect(readVerifierLog("unreachable insn 3\nprocessed 0 insns (limit 1000000) max_states_per_insn 0\n")).toEqual({ instruction: null, text: null, source: null, place: null, reason: "unreachable insn 3" });
  expect(readVerifierLog("")).toBe(null);
  expect(readVerifierLog("processed 0 insns\n")).toBe(null);
});
