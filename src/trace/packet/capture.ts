import { visible } from "../../render/index.ts";
import type { CallEvent, PacketValue } from "../event.ts";
import { readPacket } from "./headers.ts";
import type { CapturedPacket } from "./pcapng.ts";

/** The packet of an event as `PcapngWriter` takes it; `clock`: nanoseconds from CLOCK_MONOTONIC to CLOCK_REALTIME. Its first comment is the probe and the task; `more` follow. */
export function capturedPacket(event: CallEvent, value: PacketValue, clock: bigint, more: readonly string[] = []): CapturedPacket {
  const { device, ifindex, protocol, bytes } = value;
  const from = value.from === "link" ? "ethernet" : "network";
  return {
    device: device === null ? null : visible(device),
    ifindex,
    from,
    protocol,
    time: event.time + clock,
    bytes,
    length: wholeLength(value, from),
    comments: [`${visible(event.probe)} ${event.kind}, ${visible(event.comm)}-${event.tid} on cpu ${event.cpu}`, ...more],
  };
}

/** Bytes of the packet from where `bytes` begin. skb->len counts from skb->data, which may be elsewhere: an IP header that says its length knows better. */
function wholeLength({ bytes, length, protocol }: PacketValue, from: "ethernet" | "network"): number {
  const layers = readPacket(bytes, from === "ethernet" ? { from } : { from, ...(protocol === 0 ? {} : { protocol }) }, null);
  let before = 0;
  for (const layer of layers) {
    if (layer.kind === "ethernet") before += 14;
    else if (layer.kind === "vlan") before += 4;
    else if (layer.kind === "ipv4" && layer.length > 0) return Math.max(bytes.length, before + layer.length);
    else if (layer.kind === "ipv6" && layer.length > 0) return Math.max(bytes.length, before + 40 + layer.length);
    else break;
  }
  return Math.max(bytes.length, length);
}
