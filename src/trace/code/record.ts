import type { Capture, Field } from "./fields.ts";
import { sizeOfCapture } from "./fields.ts";

/** What all records begin with, in bytes: the probe's number with the kind of event above it (`kindShift`), the processor, and what the task is. */
export const header = { time: 0, probe: 8, cpu: 12, pidTgid: 16, comm: 24, duration: 40, ret: 48, end: 56 } as const;
export const kindShift = 28;
export const kinds = ["entry", "exit", "tracepoint"] as const;

/** How a record of a probe is laid out. Records of one form are alike. */
export type RecordLayout = {
  readonly fields: readonly Field[];
  /** Where the stack is: eight bytes with its length, then addresses; null for none. */
  readonly stack: { readonly offset: number; readonly depth: number } | null;
  /** Bytes; a multiple of 8. */
  readonly size: number;
};

const align = (size: number): number => (size + 7) & ~7;

export function layOut(values: readonly { readonly name: string; readonly capture: Capture }[], stackDepth: number): RecordLayout {
  let at = header.end + align(2 * values.length);
  const fields = values.map(({ name, capture }, index): Field => {
    const offset = at;
    at += sizeOfCapture(capture);
    return { name, capture, offset, status: header.end + 2 * index };
  });
  const stack = stackDepth === 0 ? null : { offset: at, depth: stackDepth };
  return { fields, stack, size: at + (stackDepth === 0 ? 0 : 8 + 8 * stackDepth) };
}
