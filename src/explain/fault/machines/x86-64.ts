import type { Machine } from "./machine.ts";

/** Relocations that count from the instruction (psABI of x86-64, 4.4): PC32, PLT32, GOTPCREL, GOTPCRELX, REX_GOTPCRELX. */
const relative = new Set([2, 4, 9, 41, 42]);

/** The psABI of x86-64: DWARF's numbers (3.6.2), arguments (3.2.3). */
export const x8664: Machine = {
  arch: "x86_64",
  name: "x86-64",
  bits: 64,
  stackSize: 0x4000n,
  dwarf: ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"],
  general: ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"],
  given: ["rdi", "rsi", "rdx", "rcx", "r8", "r9"],
  result: "rax",
  clobbered: new Set(["rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"]),
  stack: "rsp",
  frame: "rbp",
  pc: "rip",
  // The return address is on the stack.
  depthAtEntry: 8,
  longest: 15,
  stackAfter(effect, depth, frame) {
    const [first, second] = effect.operands;
    const onStack = first?.kind === "register" && first.register === "rsp";
    switch (effect.operation) {
      case "push":
        return [depth + 8, frame];
      case "pop":
        return [depth - 8, first?.kind === "register" && first.register === "rbp" ? null : frame];
      case "leave":
        return [frame === null ? null : frame - 8, null];
      case "add":
      case "subtract":
        if (!onStack) break;
        return [second?.kind === "constant" ? depth + Number(second.value) * (effect.operation === "add" ? -1 : 1) : null, frame];
      case "and":
        return [onStack ? null : depth, frame];
      case "address":
        if (onStack && second?.kind === "memory" && second.index === null) {
          if (second.base === "rsp") return [depth - Number(second.displacement), frame];
          if (second.base === "rbp" && frame !== null) return [frame - Number(second.displacement), frame];
          return [null, frame];
        }
        break;
      case "move":
        if (onStack) return [second?.kind === "register" && second.register === "rbp" ? frame : null, frame];
        if (first?.kind === "register" && first.register === "rbp") return [depth, second?.kind === "register" && second.register === "rsp" ? depth : null];
        break;
      case "increment": case "decrement": case "shift-left": case "shift-right": case "multiply": case "or": case "xor": case "compare": case "test": case "bit-test": case "divide":
      case "choose": case "string": case "call": case "jump": case "branch": case "return": case "trap": case "nothing": case "other": case "invalid":
    }
    if (effect.writes.includes("rbp") && !onStack) return [depth, null];
    return [depth, frame];
  },
  thunk: (name) => /^__x86_indirect_(?:call_|jump_)?thunk_(\w+)$/.exec(name)?.[1] ?? null,
  leavesFlags: ({ operation }) => operation === "move" || operation === "address" || operation === "nothing",
  addend: (type, addend, rest) => addend + (relative.has(type) ? rest : 0),
  isLow: () => false,
  arithmetic: /^(?:neg|not|setn?\w+|bswap|popcnt|bsf|bsr|tzcnt|lzcnt|rol|ror|shld|shrd|adc|sbb|mul|cdqe?|cqo|cwde|rdtsc|rorx|sarx|shrx|shlx|andn|bts|btr|pext)$/,
  // KASAN_SHADOW_OFFSET, arch/x86/Kconfig.
  shadowOffset: 0xdffffc0000000000n,
  // Documentation/arch/x86/x86_64/mm.rst, four levels of page tables.
  regions: [
    [0xffff888000000000n, 0xffffc87fffffffffn, "the direct map of all memory"],
    [0xffffc90000000000n, 0xffffe8ffffffffffn, "vmalloc memory"],
    [0xffffea0000000000n, 0xffffeaffffffffffn, "the array of struct page"],
    [0xffffec0000000000n, 0xfffffbffffffffffn, "KASAN's shadow"],
    [0xfffffe0000000000n, 0xfffffe7fffffffffn, "the per-processor entry area"],
    [0xffffffff80000000n, 0xffffffff9fffffffn, "the kernel's own image"],
    [0xffffffffa0000000n, 0xfffffffffeffffffn, "memory of modules, or the kernel's image with KASLR"],
    [0xffffffffff600000n, 0xffffffffff600fffn, "the vsyscall page"],
  ],
};
