import type { Draft, PlacedFrame } from "./draft.ts";
import type { RawFrame } from "./frames.ts";

/** Where the processor was: the first kernel pc of the report. */
export function reportPc(draft: Draft): PlacedFrame | null {
  const own = draft.stacks.filter((stack) => !stack.name.startsWith("backtrace of cpu"));
  for (const stacks of [own, draft.stacks]) {
    for (const stack of stacks) {
      const found = stack.frames.find(({ raw }) => raw.role === "pc" && !raw.user);
      if (found !== undefined) return found;
    }
  }
  return null;
}

/** The frames that a title and a kind are drawn from. */
export type ReportFrames = {
  readonly pc: RawFrame | null;
  /** The reliable frames of the first call trace, innermost first. */
  readonly trace: readonly RawFrame[];
};

export function reportFrames(draft: Draft, pc: PlacedFrame | null): ReportFrames {
  const stack =
    draft.stacks.find(({ name, frames }) => name === "call trace" && frames.some(({ raw }) => raw.role === "call")) ??
    draft.stacks.find(({ name }) => name.startsWith("backtrace of cpu")) ?? draft.stacks.find(({ name }) => name !== "mentioned" && name !== "pc");
  const all = (stack?.frames ?? []).map(({ raw }) => raw).filter((raw) => !raw.user && raw.role === "call");
  const reliable = all.filter((raw) => raw.reliable);
  return { pc: pc?.raw ?? null, trace: reliable.length > 0 ? reliable : all };
}
