/** When a report is not to be trusted as a whole: something of it is missing or mixed with other text. */
import type { Draft } from "./draft.ts";
import type { Header } from "./format.ts";

export function whyCorrupted(draft: Draft, main: Header): { why: string } | null {
  if (draft.doubt !== null) {
    const { from, to, other } = draft.doubt;
    return { why: `two processors print at once, and nothing tells whose some of the lines ${from} to ${to} are: this report's, or that at line ${other}` };
  }
  const traced = draft.stacks.some((stack) => stack.name !== "mentioned" && stack.frames.some(({ raw }) => raw.role === "call"));
  const placed = draft.stacks.some((stack) => stack.frames.some(({ raw }) => raw.role === "pc"));
  if (!traced && main.format.trace === "needed") {
    if (draft.cutBy !== null) return { why: `the report at line ${draft.cutBy} begins before this one's call trace` };
    if (draft.atEndOfLog) return { why: placed ? "the log ends before the call trace" : "the log ends before the registers and the call trace" };
    if (!placed) return { why: "no call trace follows the header" };
    if (draft.ended === null) return { why: "the call trace is missing" };
  }
  if (draft.torn !== null) return { why: `the call trace is torn at line ${draft.torn}` };
  const open = draft.stacks.find((stack) => stack.openMarker !== null && stack.frames.length > 0);
  if (draft.atEndOfLog && open !== undefined && draft.ended === null) return { why: `the log ends within the call trace: <${open.openMarker!}> is not closed` };
  return null;
}
