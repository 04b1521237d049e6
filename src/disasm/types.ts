/** One instruction (or data directive), in the words of binutils' AT&T syntax. */
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

/** What each architecture provides. Every byte belongs to exactly one instruction. */
export type Disassembler = {
  decode(bytes: Uint8Array): Instruction[];
  flow(bytes: Uint8Array): FlowInstruction[];
};
