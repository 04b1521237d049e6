/** One instruction (or data directive), in the words of binutils (of x86: in AT&T syntax). */
export type Instruction = {
  /** Offset of the first byte from the start of the given bytes. */
  readonly offset: number;
  readonly size: number;
  /** `mov    %rbx,%rcx`, as objdump -d prints it after normalisation. */
  readonly text: string;
  /** False for bytes that decode to nothing. */
  readonly valid: boolean;
};

/** What an instruction does to the flow of control: enough to tell which function a return address came from. */
export type FlowInstruction = {
  readonly offset: number;
  readonly size: number;
  readonly flow: "call" | "indirect-call" | "jump" | "indirect-jump" | "branch" | "return" | "trap" | "other" | "invalid";
  /** For direct calls, jumps and branches: the target relative to the start of the given bytes. */
  readonly target: number | null;
};

/** What an instruction does to values: enough to follow them backwards. Everything else is `other`, which only says what it writes. */
export type Operation =
  | "move" | "address" | "add" | "subtract" | "increment" | "decrement" | "shift-left" | "shift-right" | "multiply" | "and" | "or" | "xor"
  | "compare" | "test" | "bit-test" | "divide" | "push" | "pop" | "leave" | "choose" | "string"
  | "call" | "jump" | "branch" | "return" | "trap" | "nothing" | "other" | "invalid";

export type EffectOperand =
  /** `size` in bytes: of the part that is meant, of which `register` names the whole. */
  | { readonly kind: "register"; readonly register: string; readonly size: number }
  /** `field`: where it stands within the instruction, for relocations; -1 where it does not. */
  | { readonly kind: "constant"; readonly value: bigint; readonly field: number }
  /** `displacement` counts from the start of the given bytes if `relative` (to the instruction pointer). `size` is 0 where nothing is read (lea). */
  | {
      readonly kind: "memory"; readonly size: number; readonly base: string | null; readonly index: string | null; readonly scale: number;
      readonly displacement: bigint; readonly field: number; readonly relative: boolean; readonly segment: "gs" | "fs" | null;
      /** Of arm64: the lower half of `index` is meant, as a number with a sign or without. */
      readonly indexAs?: "i32" | "u32";
    }
  /** Of arm64: the start of a page of 4 kB, so many pages from the instruction's own. */
  | { readonly kind: "page"; readonly pages: number; readonly field: number }
  /** Of arm64: a system register. */
  | { readonly kind: "system"; readonly name: string }
  /** Where a direct call, jump or branch leads: see `target`. */
  | { readonly kind: "target" }
  | { readonly kind: "other" };

export type EffectInstruction = {
  readonly offset: number;
  readonly size: number;
  readonly mnemonic: string;
  readonly operation: Operation;
  /**
   * The destination first. Of two, arithmetic has the destination on its left; of three (arm64) the second and the third are what it is made of, a fourth is what
   * is added to a product, or how many bits are kept of what is shifted. Of a pair that is moved the second's two follow. A branch that compares (arm64) has
   * a register, and maybe the number of a bit.
   */
  readonly operands: readonly EffectOperand[];
  /** Whole registers that it may write; of a call not those that the callee may. Of arm64 also `flags`. */
  readonly writes: readonly string[];
  /** What is added to a base register beside the access (arm64): before it where the operand's address has it already, else after. */
  readonly moves: { readonly register: string; readonly by: bigint } | null;
  /** Of a direct call, jump or branch: relative to the start of the given bytes. */
  readonly target: number | null;
  /** Of a branch or a choice: `e`, `ne`, `ae`, …. */
  readonly condition: string | null;
};

/** What an instruction does to memory, and where. */
export type MemoryAccess = {
  /** `update` reads and writes at once, as atomic operations do. */
  readonly kind: "load" | "store" | "update" | "prefetch";
  /** The register that the address starts from; null if it starts from the instruction's own address. */
  readonly base: string | null;
  /** A register that is added, extended from 32 bits or not, and shifted left by `shift`. */
  readonly index: { readonly register: string; readonly extend: "lsl" | "uxtw" | "sxtw" | "sxtx"; readonly shift: number } | null;
  /** Bytes that are added. What is added to the base only after the access does not count. */
  readonly offset: number;
  /** Whether the base register is changed, and when. */
  readonly writeback: "none" | "before" | "after";
  /** Bytes of memory. */
  readonly size: number;
};

/** What each architecture provides. Every byte belongs to exactly one instruction. */
export type Disassembler = {
  decode(bytes: Uint8Array): Instruction[];
  flow(bytes: Uint8Array): FlowInstruction[];
  readonly effects?: (bytes: Uint8Array) => EffectInstruction[];
  /** Of the first instruction alone. */
  readonly access?: (bytes: Uint8Array) => MemoryAccess | null;
};
