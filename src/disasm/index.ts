export type { FlowInstruction, Instruction } from "./types.ts";
