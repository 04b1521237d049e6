import type { CallEvent, LostEvent, NamedValue, TraceValue } from "../../../src/trace/event.ts";

/** Events at a few microseconds after 100 s. */
export const at = (microseconds: number): bigint => 100_000_000_000n + BigInt(Math.round(microseconds * 1000));

const base: CallEvent = { kind: "entry", time: 0n, cpu: 1, pid: 7, tid: 7, comm: "curl", probe: "", module: null, function: "", args: [], ret: null, duration: null, stack: null };
const named = (probe: string) => ({ probe, module: probe.includes(":") ? probe.split(":")[0]! : null, function: probe.split(":").at(-1)! });

export const entry = (microseconds: number, probe: string, more: Partial<CallEvent> = {}): CallEvent => ({ ...base, ...named(probe), time: at(microseconds), ...more });
export const exit = (microseconds: number, probe: string, more: Partial<CallEvent> = {}): CallEvent => ({ ...base, ...named(probe), kind: "exit", time: at(microseconds), ...more });
export const tracepoint = (microseconds: number, probe: string, more: Partial<CallEvent> = {}): CallEvent => ({ ...base, ...named(probe), module: probe.split(":")[1]!, kind: "tracepoint", time: at(microseconds), ...more });
export const lost = (microseconds: number, count: bigint): LostEvent => ({ kind: "lost", time: at(microseconds), count, why: "full" });

export const integer = (value: bigint): TraceValue => ({ kind: "integer", value, base: 10 });
export const args = (values: Readonly<Record<string, TraceValue>>): NamedValue[] => Object.entries(values).map(([name, value]) => ({ name, value }));
export const frames = (...symbols: readonly string[]) => symbols.map((symbol, index) => ({ address: BigInt(index), symbol, offset: 1, module: null, functions: [] }));
