import type { FlowInstruction } from "../types.ts";
import type { Engine } from "./iced.ts";

/** The instructions of a function with where they lead; no text is made. Bytes that decode to nothing cost themselves alone. */
export function flowAll(engine: Engine, bytes: Uint8Array, wide: boolean): FlowInstruction[] {
  const { iced, instruction } = engine;
  const decoder = new iced.Decoder(wide ? 64 : 32, bytes, iced.DecoderOptions.None);
  try {
    const list: FlowInstruction[] = [];
    for (let at = 0; at < bytes.length; ) {
      decoder.position = at;
      decoder.ip = BigInt(at);
      decoder.decodeOut(instruction);
      if (decoder.lastError !== iced.DecoderError.None) {
        list.push({ offset: at, size: 1, flow: "invalid", target: null });
        at += 1;
        continue;
      }
      const size = instruction.length;
      const [flow, direct] = kindOf(engine);
      const target = direct && instruction.nearBranchTarget !== undefined ? nearTarget(engine, wide) : null;
      list.push({ offset: at, size, flow, target });
      at += size;
    }
    return list;
  } finally {
    decoder.free();
  }
}

/** The kind of the current instruction, and whether it names its target. */
function kindOf({ iced: { FlowControl, OpKind }, instruction }: Engine): [FlowInstruction["flow"], boolean] {
  const near = () => {
    const kind = instruction.op0Kind;
    return kind === OpKind.NearBranch16 || kind === OpKind.NearBranch32 || kind === OpKind.NearBranch64;
  };
  switch (instruction.flowControl) {
    case FlowControl.Call:
      return instruction.opCount > 0 ? ["call", near()] : ["other", false]; // syscall and its like have no operand
    case FlowControl.IndirectCall:
      return ["indirect-call", false];
    case FlowControl.UnconditionalBranch:
      return ["jump", near()];
    case FlowControl.IndirectBranch:
      return ["indirect-jump", false];
    case FlowControl.ConditionalBranch:
      return ["branch", near()];
    case FlowControl.Return:
      return ["return", false];
    case FlowControl.Interrupt:
    case FlowControl.Exception:
      return ["trap", false];
    case FlowControl.XbeginXabortXend:
      return near() ? ["branch", true] : ["other", false];
    case FlowControl.Next:
      return ["other", false];
  }
}

/** The target from the start of the bytes: negative before them. */
function nearTarget({ instruction }: Engine, wide: boolean): number {
  return Number(BigInt.asIntN(wide ? 64 : 32, instruction.nearBranchTarget));
}
