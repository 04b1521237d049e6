/** What the verifier's log says of the end of its walk. */
export type VerifierVerdict = {
  /** Number of the instruction that it stopped at, counted from the program's first; null where it stopped before any. */
  readonly instruction: number | null;
  /** The instruction as the verifier writes it: `(79) r1 = *(u64 *)(r1 +0)`. */
  readonly text: string | null;
  /** The source line before it, as the compiler saw it. */
  readonly source: string | null;
  /** Where the source line is, if this kernel tells (6.8 and newer). */
  readonly place: { readonly file: string; readonly line: number } | null;
  /** Why: the verifier's last word. */
  readonly reason: string;
};

/**
 * The failing instruction, its source line and the reason out of a log of the verifier (kernel/bpf/verifier.c, `verbose`). Null for an empty log. The log repeats what
 * a program says of itself, so nothing in it is trusted to be short or clean: the caller escapes it where it is shown.
 */
export function readVerifierLog(log: string): VerifierVerdict | null {
  const lines = log.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
  // Statistics stand at the end.
  while (lines.length > 0 && /^(?:processed \d+ insns|verification time|stack depth|insns processed|mark_precise)/.test(lines.at(-1)!)) lines.pop();
  if (lines.length === 0) return null;
  let instruction: number | null = null;
  let text: string | null = null;
  let source: string | null = null;
  let place: VerifierVerdict["place"] = null;
  let pending: { source: string; place: VerifierVerdict["place"] } | null = null;
  let last = -1;
  for (const [index, line] of lines.entries()) {
    const comment = /^; (.*?)(?: @ ([^@]+):(\d+))?$/.exec(line);
    if (comment) {
      pending = { source: comment[1]!.trim(), place: comment[2] === undefined ? null : { file: comment[2], line: Number(comment[3]) } };
      continue;
    }
    const step = /^(\d+): (\([0-9a-f]{2}\) .*)$/.exec(line);
    if (!step) continue;
    instruction = Number(step[1]);
    // The state after it stands behind the instruction, after `;`.
    text = step[2]!.replace(/\s+; R\d.*$/, "").trimEnd();
    last = index;
    if (pending !== null) ({ source, place } = pending);
  }
  // The reason is what comes after the last instruction and is neither state nor source; the first such line says what is wrong, the following ones add to it.
  const after = lines.slice(last + 1).filter((line) => !/^(?:; |\d+: (?:R\d|frame)|from \d+ to|last_idx|regs=|parent |mark_precise|math between|R\d+(?:_w)?=)/.test(line));
  const reason = after.length > 0 ? after.slice(-3).join("; ") : lines.at(-1)!;
  return { instruction, text, source, place, reason };
}
