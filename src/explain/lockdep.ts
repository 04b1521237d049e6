import { earlierOf, type Earlier } from "./blame.ts";
import { evidenceOf, type Evidence, type Subject } from "./subject.ts";

/** Who holds the lock, by lockdep's own lines: `but task is already holding lock:` and the `at: f+0x1/0x2` below. */
export function holder(subject: Subject): { readonly earlier: Earlier; readonly evidence: readonly Evidence[] } | null {
  const said = subject.find(/already holding lock:/);
  const frame = said === null ? null : subject.frameAt(said.logLine + 1, 1);
  if (said === null || frame === null) return null;
  const held = earlierOf("holds it already", [frame], subject);
  const line = subject.lines.find(({ line: at }) => at === frame.logLine);
  return held === null ? null : { earlier: held.earlier, evidence: [evidenceOf({ ...said, logLine: frame.logLine, text: line?.text.replace(/^.*?(?=[0-9a-f]{8,16} \()/, "").slice(0, 160) ?? frame.text }, "what it holds, and where it was taken")] };
}
