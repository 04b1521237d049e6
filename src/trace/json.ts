import type { NamedValue, TraceEvent, TraceValue } from "./event.ts";
import { bytesText, packetLine } from "./text.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const whole = (value: bigint): number | string => (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString());
const address = (value: bigint): string => `0x${BigInt.asUintN(64, value).toString(16)}`;

/** A value as the NDJSON of events has it (docs/trace.md): what could not be read is null. */
export function valueJson(value: TraceValue): Json {
  switch (value.kind) {
    case "integer":
    case "character":
    case "error":
      return whole(value.value);
    case "bool":
      return value.value;
    case "enum":
      return value.name ?? whole(value.value);
    case "text":
      return value.text;
    case "bytes": {
      const text = bytesText(value.bytes, value.type);
      return text.startsWith("[") ? Buffer.from(value.bytes).toString("hex") : text;
    }
    case "pointer":
      return value.text === null ? address(value.address) : { address: address(value.address), text: value.text };
    case "packet":
      return { address: address(value.address), length: value.length, protocol: value.protocol, device: value.device, ifindex: value.ifindex, from: value.from, bytes: Buffer.from(value.bytes).toString("hex"), text: packetLine(value) };
    case "absent":
      return null;
  }
}

const argsJson = (args: readonly NamedValue[]): Json => Object.fromEntries(args.map(({ name, value }) => [name, valueJson(value)]));

/** An event as one line of NDJSON. Keys are only ever added. */
export function eventJson(event: TraceEvent): string {
  if (event.kind === "lost") {
    const { time, count, why } = event;
    return `${JSON.stringify({ time: whole(time), cpu: null, pid: null, tid: null, comm: null, probe: null, module: null, function: null, kind: "lost", args: { count: whole(count), why }, ret: null, duration: null, stack: [] })}\n`;
  }
  const { kind, time, cpu, pid, tid, comm, probe, module, function: name, args, ret, duration, stack } = event;
  return `${JSON.stringify({
    time: whole(time), cpu, pid, tid, comm, probe, module, function: name, kind, args: argsJson(args), ret: ret && valueJson(ret), duration: duration === null ? null : whole(duration),
    stack: (stack ?? []).map((frame) => ({ ...frame, address: address(frame.address) })),
    ...(ret?.kind === "error" ? { error: ret.name } : {}),
  })}\n`;
}
