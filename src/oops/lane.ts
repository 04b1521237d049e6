import type { Draft, PlacedFrame, StackDraft } from "./draft.ts";
import type { Message } from "./untangle/tangle.ts";

/** What a speaker is saying: the report, and where in it the last line was. */
export type Lane = {
  draft: Draft | null;
  stack: StackDraft | null;
  /** The name of the next call trace, where a line before it tells more. */
  nextStack: string | null;
  pc: PlacedFrame | null;
  /** The line before showed that pc. */
  pcFresh: boolean;
  /** `open` while the first kernel pc's registers may still come, `shut` once another pc was seen. */
  registers: "none" | "open" | "shut";
  inModules: boolean;
  /** The line before was code that may go on in this one. */
  inCode: boolean;
  /** Lines in a row that said nothing. */
  silence: number;
  /** A `cut here` or `=====` line that may begin the next report. */
  begins: number | null;
  /** What was said for the report so far, where no caller id names the speaker: from this its place in the grammar is known. */
  said: Message[];
};

export function newLane(): Lane {
  return { draft: null, stack: null, nextStack: null, pc: null, pcFresh: false, registers: "none", inModules: false, inCode: false, silence: 0, begins: null, said: [] };
}

/** Forgets the report, and with it the place in it. `begins` stays. */
export function clearLane(lane: Lane): void {
  Object.assign(lane, { ...newLane(), begins: lane.begins });
}
