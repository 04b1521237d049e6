import type { GuardEvent } from "./event.ts";
import type { Leak } from "./leaks.ts";

/** What the text says of the kernel, as the kernel's own reports do. */
export type KernelWords = { readonly release: string; readonly version: string; readonly taint: string };

const bar = "=".repeat(66);

/**
 * An event as a report of the kernel's log: the form that src/oops reads, that programs/guard.bpf.c prints into the trace buffer, and that stands in the evidence file and the kernel's
 * log. `frame` gives a return address as the kernel prints it; null leaves the frame out.
 */
export function eventText(event: GuardEvent, { release, version, taint }: KernelWords, frame: (address: bigint, exact: boolean) => string | null): string {
  const { kind, object, address, cpu, tid, freed, packet } = event;
  const stack = (addresses: readonly bigint[]): string[] => addresses.flatMap((one, index) => frame(one, index === 0) ?? []).map((text) => ` ${text}`);
  return `${[
    bar,
    `BUG: oopscope-guard: ${kind} of ${object === "skb" ? "an skb" : "an object"} at 0x${address.toString(16)}`,
    ...(packet === null ? [] : [`Packet: device ${packet.device === "" ? "unknown" : safe(packet.device)}, protocol 0x${packet.protocol.toString(16).padStart(4, "0")}, length ${packet.length}, network header ${packet.bytes === "" ? "unknown" : packet.bytes}`]),
    `CPU: ${cpu} PID: ${tid} Comm: ${safe(event.comm)} ${taint === "" ? "Not tainted" : `Tainted: ${taint}`} ${release} ${version}`,
    ...(event.context === null ? [] : [`Context: ${event.context}, interrupts ${event.interrupts}`]),
    "Call Trace:",
    ...stack(event.stack),
    ...(freed === null ? [] : [`Freed by task ${freed.tid} on cpu ${freed.cpu}, ${event.time - freed.time} ns before:`, ...stack(freed.stack)]),
    bar,
  ].join("\n")}\n`;
}

/** A leak as such a report: its trace is the allocation's, with who did it first. `now` is the time in nanoseconds of CLOCK_MONOTONIC. */
export function leakText({ object, count, bytes, first, stack }: Leak, now: bigint, { release, version, taint }: KernelWords, frame: (address: bigint, exact: boolean) => string | null): string {
  return `${[
    bar,
    `BUG: oopscope-guard: leak of ${count} ${object === "skb" ? "skb" : "object"}${count === 1 ? "" : "s"}, ${bytes} bytes, the first ${now - first.time} ns ago`,
    `CPU: ${first.cpu} PID: ${first.tid} Comm: ${safe(first.comm)} ${taint === "" ? "Not tainted" : `Tainted: ${taint}`} ${release} ${version}`,
    "Call Trace:",
    ...stack.flatMap((one, index) => frame(one, index === 0) ?? []).map((text) => ` ${text}`),
    bar,
  ].join("\n")}\n`;
}

/** Names of tasks and devices may hold any byte but NUL. */
function safe(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

/** Letters of a kernel's taint (kernel/panic.c, taint_flags), by bit of /proc/sys/kernel/tainted. */
const letters = "PFSRMBUDAWCIOELKXTNJ";

/** `G           OE` without the blanks, or nothing. */
export function taintText(mask: bigint): string {
  if (mask === 0n) return "";
  return `${(mask & 1n) === 0n ? "G" : ""}${[...letters].filter((_, bit) => (mask >> BigInt(bit)) & 1n).join("")}`;
}
