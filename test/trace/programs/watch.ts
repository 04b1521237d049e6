import { execFileSync } from "node:child_process";
import { callText, Trace, type TraceEvent, type TraceOptions } from "../../../src/trace/index.ts";

export const say = (value: unknown): void => console.log(`@@ ${JSON.stringify(value)}`);
// Addresses differ from run to run; zero, what is small and errors do not.
const plain = (text: string): string => text.replaceAll(/0x[0-9a-f]{16}\b/g, "0x…").replaceAll(/\((?:[\d.]+ (?:ns|µs|ms|s))\)/g, "(time)");
/** Has the module call its functions. */
export const write = (...numbers: readonly (number | string)[]): void => void execFileSync("sh", ["-c", numbers.map((number) => `echo ${number} > /proc/trace_zoo`).join("; ")]);

async function watch(options: TraceOptions, act: () => void): Promise<TraceEvent[]> {
  const running = await Trace.open(options);
  try {
    act();
    const events: TraceEvent[] = [];
    for (const part of running.rest()) events.push(...part);
    return events;
  } finally {
    running.close();
  }
}

export const texts = (events: readonly TraceEvent[]): string[] => events.map((event) => (event.kind === "lost" ? `lost ${event.count} ${event.why}` : plain(callText(event))));

/** Says what a trace saw of an act, or what it threw. */
export async function step(name: string, options: TraceOptions, act: () => void, of: (events: readonly TraceEvent[]) => unknown = texts): Promise<void> {
  try {
    say([name, of(await watch(options, act))]);
  } catch (error) {
    say([name, String((error as Error).message)]);
  }
}
