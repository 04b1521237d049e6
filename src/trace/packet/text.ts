import { withPort } from "./address.ts";
import { readPacket, type PacketStart } from "./headers.ts";
import type { Arp, Fragment, Ipv4, Ipv6, Layer } from "./layers.ts";

/** A packet in short: `readPacket` and `packetText`. */
export function describePacket(bytes: Uint8Array, start: PacketStart, length: number | null): string {
  return packetText(readPacket(bytes, start, length));
}

/**
 * The headers on one line, as network people write them: `192.0.2.1:5000 > 192.0.2.2:2152 UDP 124 GTP-U teid 0x1234 G-PDU: 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2`.
 * What is within a tunnel follows a colon. The number behind UDP and TCP is that of its payload's bytes. It has printable ASCII and `…` alone.
 */
export function packetText(layers: readonly Layer[]): string {
  const parts: string[] = [];
  // Addresses wait for the ports that may follow.
  let ip: Ipv4 | Ipv6 | null = null;
  let carried = false;
  const put = (text: string) => {
    parts.push(carried ? `: ${text}` : parts.length === 0 ? text : ` ${text}`);
    carried = false;
  };
  const addresses = (sourcePort: number | null, destinationPort: number | null) => {
    if (ip === null) return;
    const side = (address: string, port: number | null) => (port === null ? address : withPort(address, port));
    put(`${side(ip.source, sourcePort)} > ${side(ip.destination, destinationPort)}${ipText(ip)}`);
    ip = null;
  };
  let outer: Ipv4 | Ipv6 | null = null;
  for (const layer of layers) {
    const { kind } = layer;
    if (kind === "tcp" || kind === "udp" || kind === "sctp") addresses(layer.sourcePort, layer.destinationPort);
    else addresses(null, null);
    switch (kind) {
      case "ethernet":
        put(`${layer.source} > ${layer.destination}`);
        outer = null;
        break;
      case "vlan":
        put(`vlan ${layer.id}${layer.priority === 0 ? "" : ` p ${layer.priority}`}${layer.dropEligible ? " DEI" : ""}`);
        break;
      case "arp":
        put(arpText(layer));
        break;
      case "ipv4":
      case "ipv6":
        if (outer !== null && !carried) {
          put(layer.kind === "ipv4" ? "IPv4" : "IPv6");
          carried = true;
        }
        ip = outer = layer;
        break;
      case "tcp":
        put(`TCP ${countText(layer.payload)}[${layer.flags}] seq ${layer.sequence}${layer.flags.includes(".") ? ` ack ${layer.acknowledgement}` : ""} win ${layer.window}${layer.options.length === 0 ? "" : ` <${layer.options.join(", ")}>`}`);
        break;
      case "udp":
        put(`UDP ${countText(layer.payload)}`.trimEnd());
        break;
      case "sctp":
        put(`SCTP${layer.chunks.length === 0 ? "" : ` [${layer.chunks.join(", ")}]`}`);
        break;
      case "icmp":
      case "icmp6":
        put(`${kind === "icmp" ? "ICMP" : "ICMPv6"} ${layer.text}${layer.echo === null ? "" : ` id ${layer.echo.id} seq ${layer.echo.sequence}`}${layer.quoted.length === 0 ? "" : ` (${packetText(layer.quoted)})`}`);
        break;
      case "gre":
        put(`GRE${layer.version === 0 ? "" : ` v${layer.version}`}${layer.key === null ? "" : ` key 0x${layer.key.toString(16)}`}${layer.sequence === null ? "" : ` seq ${layer.sequence}`}`);
        carried = true;
        break;
      case "gtp-u":
        put(`GTP-U teid 0x${layer.teid.toString(16)}${layer.sequence === null ? "" : ` seq ${layer.sequence}`} ${layer.name}${layer.extensions.length === 0 ? "" : ` [${layer.extensions.join(", ")}]`}`);
        carried = true;
        break;
      case "vxlan":
        put(`VXLAN ${layer.vni === null ? "without vni" : `vni ${layer.vni}`}`);
        carried = true;
        break;
      case "payload":
        // Plain data has been counted by the header before.
        if (layer.what !== null) put(`${layer.what} ${countText(layer.length)}`.trimEnd());
        else carried = false;
        break;
      case "cut off":
      case "malformed":
        put(`(${kind}: ${layer.what})`);
        break;
    }
  }
  addresses(null, null);
  return parts.join("");
}

const countText = (bytes: number | null): string => (bytes === null ? "" : `${bytes} `);

/** What is unusual in an IP header, after a blank; of most packets nothing. */
function ipText(layer: Ipv4 | Ipv6): string {
  const words = layer.kind === "ipv4" ? layer.options : layer.extensions.filter((name) => name !== "fragment");
  return `${words.length === 0 ? "" : ` {${words.join(", ")}}`}${layer.fragment === null ? "" : ` ${fragmentText(layer.fragment, layer.protocol)}`}`;
}

function fragmentText({ id, offset, more }: Fragment, protocol: number): string {
  return `fragment id 0x${id.toString(16)} at ${offset}${more ? ", more follow" : ", the last"}${offset > 0 ? ` (protocol ${protocol})` : ""}`;
}

function arpText({ operation, sender, target, hardware, protocol }: Arp): string {
  if (sender === null || target === null) return `ARP operation ${operation} for hardware ${hardware}, protocol 0x${protocol.toString(16).padStart(4, "0")}`;
  if (operation === 1) return `ARP who has ${target.address}, tell ${sender.address}`;
  if (operation === 2) return `ARP ${sender.address} is at ${sender.mac}`;
  return `ARP operation ${operation} from ${sender.address} (${sender.mac}) to ${target.address}`;
}
