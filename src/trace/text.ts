import { visible } from "../render/index.ts";
import type { CallEvent, LostEvent, PacketValue, TraceEvent, TraceFrame, TraceValue } from "./event.ts";
import { ipv4Text, ipv6Text, macText } from "./packet/address.ts";
import { describePacket } from "./packet/text.ts";

/** Protocols whose packets are not in IP, by their number in skb->protocol: what they are called. */
const ethertypes: Readonly<Record<number, string>> = { 0x0800: "IPv4", 0x86dd: "IPv6", 0x0806: "ARP", 0x8100: "VLAN", 0x88a8: "VLAN", 0x0003: "all" };

/** A packet's headers on one line; the protocol alone where there are no bytes of it. */
export function packetLine({ bytes, from, protocol, length }: PacketValue): string {
  if (bytes.length === 0) return `${ethertypes[protocol] ?? `protocol 0x${protocol.toString(16).padStart(4, "0")}`}, no bytes`;
  // skb->len counts from skb->data, which may be before or behind the network header: it is no measure of these bytes.
  void length;
  return describePacket(bytes, from === "link" ? { from: "ethernet" } : { from: "network", ...(protocol === 0 ? {} : { protocol }) }, null);
}

const hex = (value: bigint): string => (value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`);

/** Arrays and structs that are addresses, by their type's text. */
export function bytesText(bytes: Uint8Array, type: string): string {
  if (type === "struct in6_addr" && bytes.length === 16) return ipv6Text(bytes);
  if (type === "struct in_addr" && bytes.length === 4) return ipv4Text(bytes);
  if (/^(?:const )?(?:unsigned char|u8|__u8|uint8_t)\[6\]$/.test(type)) return macText(bytes);
  return `[${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex").replaceAll(/(..)(?=.)/g, "$1 ")}]`;
}

/** A value on one line, safe for a terminal. */
export function valueText(value: TraceValue): string {
  switch (value.kind) {
    case "integer":
      return value.base === 16 ? hex(value.value) : value.value.toString();
    case "character":
      return value.value >= 0x20n && value.value < 0x7fn ? `${value.value} '${String.fromCharCode(Number(value.value))}'` : value.value.toString();
    case "bool":
      return String(value.value);
    case "enum":
      return value.name === null ? value.value.toString() : visible(value.name);
    case "error":
      return `${value.value} (${value.name})`;
    case "text":
      return `${visible(JSON.stringify(value.text))}${value.cut ? "…" : ""}`;
    case "bytes":
      return bytesText(value.bytes, value.type);
    case "pointer":
      return value.address === 0n ? "NULL" : value.text === null ? hex(value.address) : `${hex(value.address)} (${visible(value.text)})`;
    case "packet":
      return `${hex(value.address)} (${value.length} bytes${value.device === null ? "" : `, ${visible(value.device)}`}, ${packetLine(value)})`;
    case "absent":
      return `? (${value.why})`;
  }
}

/** Nanoseconds as people read them: `870 ns`, `12.3 µs`, `1.04 s`. */
export function durationText(nanoseconds: bigint): string {
  let value = Number(nanoseconds);
  for (const unit of ["ns", "µs", "ms"]) {
    if (value < 1000) return `${unit === "ns" ? value : value.toPrecision(value < 100 ? 3 : 4)} ${unit}`;
    value /= 1000;
  }
  return `${value.toPrecision(3)} s`;
}

const lostWords: Readonly<Record<LostEvent["why"], string>> = { full: "the ring was full", rate: "more than the rate that --limit-rate allows", nested: "the processor was in a probe already" };

export function lostText({ count, why }: LostEvent): string {
  return `-- ${count} ${count === 1n ? "event" : "events"} lost: ${lostWords[why]} --`;
}

/** Seconds with microseconds, as the kernel's log has them. */
export function timeText(time: bigint): string {
  const microseconds = time / 1000n;
  return `${(microseconds / 1_000_000n).toString().padStart(5)}.${(microseconds % 1_000_000n).toString().padStart(6, "0")}`;
}

/** `function(argument=value, …) = result (duration)`. */
export function callText(event: CallEvent): string {
  const { kind, probe, args, ret, duration } = event;
  const values = args.map(({ name, value }) => `${visible(name)}=${valueText(value)}`).join(", ");
  const result = kind !== "exit" ? "" : `${ret === null ? "" : ` = ${valueText(ret)}`}${duration === null ? "" : ` (${durationText(duration)})`}`;
  return `${visible(probe)}(${values})${result}`;
}

/** A frame of a stack, without its place in the line. */
export function frameText({ address, symbol, offset, module, functions }: TraceFrame): string {
  const name = symbol === null ? hex(address) : `${visible(symbol)}+0x${offset.toString(16)}${module === null ? "" : ` [${visible(module)}]`}`;
  const places = functions.filter(({ file }) => file !== null).map(({ function: inner, file, line }, index, all) => `${visible(file!)}${line === null ? "" : `:${line}`}${index === all.length - 1 ? "" : ` in ${visible(inner)}`}`);
  return places.length === 0 ? name : `${name} (${places.join(", ")})`;
}

/** An event as lines of text. The first one is aligned: time, processor, task, call. */
export function eventText(event: TraceEvent): string {
  if (event.kind === "lost") return `${lostText(event)}\n`;
  const task = `${visible(event.comm)}-${event.tid}`;
  const line = `${timeText(event.time)} [${event.cpu}] ${task.padEnd(18)} ${callText(event)}\n`;
  return event.stack === null ? line : line + event.stack.map((frame) => `      ${frameText(frame)}\n`).join("");
}
