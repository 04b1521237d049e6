import type { CrashReport, ParsedFrame, ParsedLog } from "../../src/oops/index.ts";

/** A parsed log as its golden holds it: everything but the plain lines, with each span shown as the text that it covers. */
export function summaryOf(log: ParsedLog): unknown {
  const textOf = (frame: { line: number; from: number; to: number }) => log.lines[frame.line - 1]!.text.slice(frame.from, frame.to);
  const frame = (it: ParsedFrame): string =>
    [
      `${it.line}:${it.from}`,
      JSON.stringify(textOf(it)),
      it.role,
      ...(it.symbol !== null && it.offset === null ? ["no-offset"] : []),
      ...(it.address !== null && it.symbol !== null ? [`at ${it.address}`] : []),
      ...(it.module !== null ? [`in ${it.module}${it.moduleBuildId === null ? "" : ` (${it.moduleBuildId})`}`] : it.moduleBuildId === null ? [] : [`build id ${it.moduleBuildId}`]),
      ...(it.exact ? ["exact"] : []),
      ...(it.reliable ? [] : ["unreliable"]),
      ...(it.user ? ["user"] : []),
      ...(it.decoded === null ? [] : [`decoded as ${it.decoded}`]),
    ].join(" ");
  const report = (it: CrashReport) => ({
    ...it,
    code: it.code.map(({ line, from, to, bytes, unit, trap, user, pc }) => ({
      line, text: log.lines[line - 1]!.text.slice(from, to), bytes: Buffer.from(bytes).toString("hex"), unit, trap, user, pc: pc === null ? null : frame(pc),
    })),
    modules: it.modules.map(({ name, taint, buildId }) => `${name}${taint === "" ? "" : `(${taint})`}${buildId === null ? "" : ` ${buildId}`}`).join(" "),
    stacks: Object.fromEntries(it.stacks.map(({ name, frames }, k) => [`${k} ${name}`, frames.map(frame)])),
  });
  return { lines: log.lines.length, terminated: log.terminated, reports: log.reports.map(report), loose: log.loose.map(frame) };
}
