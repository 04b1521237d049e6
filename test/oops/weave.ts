/** Two reports of different processors, printed line by line at the same time: what the kernel's console gives without a lock around a report. */
import { readFileSync } from "node:fs";
import { parseLog, type CrashReport } from "../../src/oops/index.ts";

const folder = new URL("../fixtures/logs/", import.meta.url);

/** One report's own lines, without stamps, as processor `cpu` prints them. */
export function reportLines(name: string, cpu: number): string[] {
  const bytes = readFileSync(new URL(`${name}.log`, folder));
  const { lines, reports } = parseLog(bytes);
  const [from, to] = reports[0]!.lines;
  const own = lines.slice(from - 1, to).map(({ text, start }) => text.slice(start));
  // A panic stops the others.
  const panic = own.findIndex((text) => text.startsWith("Kernel panic"));
  return own.slice(0, panic < 0 ? own.length : panic).map((text) => text.replace(/\bCPU: \d+ /, `CPU: ${cpu} `).replace(/\bCPU#\d+\b/, `CPU#${cpu}`));
}

export type Weave = { readonly text: string; readonly callers: string; /** Whose each line is. */ readonly of: readonly number[] };

/** `late`: how many lines of the first come before the second begins. `burst`: the most lines that one prints in a row. */
export function weave(logs: readonly (readonly string[])[], late: number, burst: number, below: (n: number) => number): Weave {
  const at = logs.map(() => 0);
  const of: number[] = [];
  const lines: string[] = [];
  const take = (who: number, count: number): void => {
    for (; count > 0 && at[who]! < logs[who]!.length; count--) {
      lines.push(logs[who]![at[who]!++]!);
      of.push(who);
    }
  };
  take(0, late);
  for (let who = 1; logs.some((log, k) => at[k]! < log.length); who = (who + 1) % logs.length) take(who, 1 + below(burst));
  const stamp = (k: number) => `[  100.${String(k).padStart(6, "0")}]`;
  return {
    text: lines.map((line, k) => `${stamp(k)} ${line}\n`).join(""),
    callers: lines.map((line, k) => `${stamp(k)}[  T${50 + of[k]!}] ${line}\n`).join(""),
    of,
  };
}

/** All that a report says, without its places. */
export function said(report: CrashReport): unknown {
  return JSON.parse(JSON.stringify(report, (key, value: unknown) => (key === "lines" || key === "line" || key === "from" || key === "to" ? undefined : value)));
}

/** The one report of these lines. */
export function alone(lines: readonly string[]): CrashReport {
  return parseLog(Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1")).reports[0]!;
}
