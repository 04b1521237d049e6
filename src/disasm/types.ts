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
  /** Of the first instruction alone. */
  readonly access?: (bytes: Uint8Array) => MemoryAccess | null;
};
