import type { Machine } from "./machine.ts";

const x = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, k) => `x${from + k}`);

/** ADD_ABS_LO12_NC and LDST8 to LDST128_ABS_LO12_NC (ELF for the Arm 64-bit Architecture, 5.7.5). */
const low = new Set([277, 278, 284, 285, 286, 299]);

/** AAPCS64 (6.1.1), and the DWARF ABI for the Arm 64-bit Architecture (4.1). */
export const arm64: Machine = {
  arch: "arm64",
  name: "arm64",
  bits: 64,
  stackSize: 0x4000n,
  dwarf: [...x(0, 30), "sp"],
  general: [...x(0, 29), "sp"],
  given: x(0, 7),
  result: "x0",
  clobbered: new Set([...x(0, 18), "x30", "flags"]),
  stack: "sp",
  frame: "x29",
  pc: "pc",
  depthAtEntry: 0,
  longest: 4,
  stackAfter({ operation, operands: [first, second], writes, moves }, depth, frame) {
    if (moves?.register === "sp") return [depth - Number(moves.by), writes.includes("x29") ? null : frame];
    const sum = operation === "address" && second?.kind === "memory" && second.index === null ? second : null;
    const isTo = (register: string): boolean => first?.kind === "register" && first.register === register;
    if (isTo("sp")) {
      const from = sum?.base === "sp" ? depth : sum?.base === "x29" ? frame : null;
      return [sum === null || from === null ? null : from - Number(sum.displacement), frame];
    }
    if (isTo("x29")) return [depth, sum?.base === "sp" ? depth - Number(sum.displacement) : null];
    return [depth, writes.includes("x29") ? null : frame];
  },
  thunk: () => null,
  leavesFlags: ({ writes, operation }) => !writes.includes("flags") && operation !== "call",
  addend: (_, addend) => addend,
  isLow: (type) => low.has(type),
  arithmetic: /^(?:neg|mvn|bic|orn|eon|ands?|orr|eor|adds?|subs?|mul|mneg|msub|[su]m\w+|clz|cls|rbit|rev\w*|lsl|lsr|asr|ror|extr|bfi|bfxil|bfc|cset\w*|c?sinc|csneg|csinv|cinc|cneg|cinv|adcs?|sbcs?)$/,
  shadowOffset: null,
  // arch/arm64/include/asm/memory.h with 48 bits of addresses. Modules and the kernel's image are in the upper half's vmalloc memory.
  regions: [
    [0xffff000000000000n, 0xffff7fffffffffffn, "the direct map of all memory"],
    [0xffff800000000000n, 0xfffffbfffdffffffn, "vmalloc memory, modules or the kernel's own image"],
    [0xfffffc0000000000n, 0xfffffdffffffffffn, "the array of struct page"],
  ],
};
