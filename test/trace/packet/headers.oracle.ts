import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPacket } from "../../../src/trace/packet/headers.ts";
import type { Layer } from "../../../src/trace/packet/layers.ts";
import { PcapngWriter } from "../../../src/trace/packet/pcapng.ts";
import { randomForTest, type Random } from "../../support/seed.ts";
import { arp, bytesOf, ethernet, icmp, ipv4, ipv6, tcp, u16, u32, udp, vlan, zeros, type Bytes } from "./packets.ts";

// tcpdump reads what we wrote, and says of each packet what we read in it.

const rounds = 3000;

function randomIp(random: Random, depth: number): Bytes {
  const port = () => 50000 + random.below(10000);
  const v4 = () => Array.from({ length: 4 }, () => 1 + random.below(254)).join(".");
  const group = () => (random.below(3) === 0 ? "0" : random.below(0x10000).toString(16));
  const v6 = () => `2001:${Array.from({ length: 7 }, group).join(":")}`;
  const fourth = random.below(3) > 0;
  const wrap = (protocol: number, payload: Bytes): Bytes => (fourth ? ipv4({ from: v4(), to: v4(), protocol, id: random.below(65536), tos: random.below(256), ttl: 1 + random.below(255) }, payload) : ipv6({ from: v6(), to: v6(), next: protocol, flow: random.below(0x100000) }, payload));
  const data = zeros(random.below(40));
  switch (random.below(depth > 2 ? 4 : 7)) {
    case 0:
      return wrap(17, udp(port(), port(), data));
    case 1: {
      const options = [[], [2, 4, 5, 180], [1, 1, 8, 10, ...u32(random.below(2 ** 32)), ...u32(7)], [1, 1, 5, 10, ...u32(5), ...u32(9)], [2, 4, 2, 0, 4, 2, 1, 3, 3, 7, 1, 1]][random.below(5)]!;
      return wrap(6, tcp({ from: port(), to: port(), seq: random.below(2 ** 31), ack: random.below(2 ** 32), flags: random.below(256) & ~0x20, window: random.below(65536), options }, data));
    }
    case 2:
      return fourth ? wrap(1, icmp(random.below(2) * 8, 0, random.below(2 ** 32), data)) : wrap(58, icmp(128 + random.below(2), 0, random.below(2 ** 32), data));
    case 3:
      return fourth
        ? ipv4({ from: v4(), to: v4(), protocol: 17, id: 7, flags: 0x2000 * random.below(2) + 1 + random.below(100) }, data)
        : ipv6({ from: v6(), to: v6(), next: 44 }, [17, 0, ...u16((1 + random.below(100)) * 8 + random.below(2)), ...u32(random.below(2 ** 32)), ...data]);
    case 4:
      return wrap(4, ipv4({ from: v4(), to: v4(), protocol: 17 }, udp(port(), port(), data)));
    case 5:
      return wrap(41, ipv6({ from: v6(), to: v6(), next: 17 }, udp(port(), port(), data)));
    default: {
      const inner = randomIp(random, depth + 1);
      const key = random.below(2) * 0x20;
      const sequence = random.below(2) * 0x10;
      return wrap(47, [key | sequence, 0, ...(inner[0]! >> 4 === 4 ? [0x08, 0] : [0x86, 0xdd]), ...(key ? u32(random.below(2 ** 32)) : []), ...(sequence ? u32(random.below(2 ** 32)) : []), ...inner]);
    }
  }
}

const ethertypeName: Readonly<Record<number, string>> = { 0x0800: "IPv4", 0x86dd: "IPv6", 0x0806: "ARP", 0x8100: "802.1Q" };

/** Our layers in tcpdump's words (-nn -S -e). */
function asTcpdump(layers: readonly Layer[], whole: number): string {
  const [layer, next, ...rest] = layers;
  if (layer === undefined) return "";
  if (layer.kind === "vlan") return `vlan ${layer.id}, p ${layer.priority}, ethertype ${ethertypeName[layer.type]}, ${asTcpdump(layers.slice(1), whole - 4)}`;
  if (layer.kind === "arp") return layer.operation === 1 ? `Request who-has ${layer.target!.address} (${layer.target!.mac}) tell ${layer.sender!.address}, length ${whole}` : `Reply ${layer.sender!.address} is-at ${layer.sender!.mac}, length ${whole}`;
  if (layer.kind !== "ipv4" && layer.kind !== "ipv6") throw new Error(layer.kind);
  const within = layer.kind === "ipv4" ? layer.length - layer.headerLength : layer.length;
  const between = (a = "", b = "") => `${layer.source}${a} > ${layer.destination}${b}: `;
  if (layer.fragment !== null && layer.fragment.offset > 0) return between() + (layer.kind === "ipv4" ? `ip-proto-${layer.protocol}` : `frag (${layer.fragment.offset}|${within - 8})`);
  switch (next!.kind) {
    case "udp":
      return `${between(`.${next.sourcePort}`, `.${next.destinationPort}`)}UDP, length ${next.payload}`;
    case "tcp": {
      const { flags, sequence, acknowledgement, window, options, payload } = next;
      const ended = payload! > 0 || /[SFR]/.test(flags) ? `, seq ${payload! > 0 ? `${sequence}:${(sequence + payload!) % 2 ** 32}` : sequence}` : "";
      const shown = options.length === 0 ? "" : `, options [${withPadding(options).join(",")}]`;
      return `${between(`.${next.sourcePort}`, `.${next.destinationPort}`)}Flags [${flags}]${ended}${flags.includes(".") ? `, ack ${acknowledgement}` : ""}, win ${window}${shown}, length ${payload}`;
    }
    case "icmp":
    case "icmp6":
      return `${between()}${next.kind === "icmp" ? "ICMP" : "ICMP6,"} ${next.text}, id ${next.echo!.id}, seq ${next.echo!.sequence}, length ${within}`;
    case "gre":
      return `${between()}GREv0${next.key === null ? "" : `, key=0x${next.key.toString(16)}`}${next.sequence === null ? "" : `, seq ${next.sequence}`}, proto ${ethertypeName[next.protocol]} (0x${next.protocol.toString(16).padStart(4, "0")}), length ${within}: ${asTcpdump(rest, 0)}`;
    case "ipv4":
    case "ipv6":
      return between() + asTcpdump([next, ...rest], 0);
    case "ethernet":
    case "vlan":
    case "arp":
    case "sctp":
    case "gtp-u":
    case "vxlan":
    case "payload":
    case "cut off":
    case "malformed":
      throw new Error(next.kind);
  }
}

/** tcpdump shows padding as well: where `randomIp` puts it. */
function withPadding(options: readonly string[]): readonly string[] {
  const [first, second, third] = options;
  if (first!.startsWith("mss")) return second === undefined ? options : [first!, second, "nop", third!, "nop", "nop"];
  return ["nop", "nop", ...options.map((option) => option.replace(/^sack (\d+:\d+)$/, "sack 1 {$1}"))];
}

test(`tcpdump says the same of ${rounds} packets`, () => {
  const random = randomForTest("packets of tcpdump");
  const packets = Array.from({ length: rounds }, () => {
    const ip = randomIp(random, 0);
    const type = ip[0]! >> 4 === 4 ? 0x0800 : 0x86dd;
    switch (random.below(4)) {
      case 0:
        return { from: "ethernet" as const, protocol: 0, bytes: bytesOf(ethernet(type, ip)) };
      case 1:
        return { from: "network" as const, protocol: 0x8100, bytes: bytesOf(vlan(random.below(4096), type, ip, random.below(8))) };
      case 2: {
        const bytes = arp(1 + random.below(2), ["02:00:00:00:00:01", "10.0.0.1"], ["02:00:00:00:00:09", "10.0.0.2"]);
        return { from: "network" as const, protocol: 0x0806, bytes: bytesOf(bytes) };
      }
      default:
        return { from: "network" as const, protocol: type, bytes: bytesOf(ip) };
    }
  });
  const start = 1_700_000_000_123_456_789n;
  const file = new PcapngWriter();
  const parts = [file.header("Linux"), ...packets.map((packet, index) => file.packet({ ...packet, device: `eth${index % 3}`, ifindex: 1000 + (index % 3), packetType: index % 2 === 0 ? 4 : 0, time: start + BigInt(index), length: packet.bytes.length, comments: ["gtp:gtp_dev_xmit"] })), file.statistics({ start, end: start, seen: BigInt(rounds), lost: 3n })];
  const folder = mkdtempSync(join(tmpdir(), "oopscope-pcapng-"));
  try {
    writeFileSync(join(folder, "file.pcapng"), Buffer.concat(parts));
    const lines = execFileSync("tcpdump", ["-nn", "-tt", "-S", "-e", "--nano", "-r", join(folder, "file.pcapng")], { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"], timeout: 60_000 }).trimEnd().split("\n");
    const expected = packets.map(({ from, protocol, bytes }, index) => {
      const layers = readPacket(bytes, from === "ethernet" ? { from } : { from, protocol }, bytes.length);
      const [frame] = layers;
      const type = frame!.kind === "ethernet" ? frame.type : protocol;
      const source = frame!.kind === "ethernet" ? `${frame.source} ` : "";
      const whole = bytes.length - (frame!.kind === "ethernet" ? 14 : 0);
      const time = (start + BigInt(index)).toString().replace(/.{9}$/, ".$&");
      const rest = layers.filter(({ kind }) => kind !== "payload" && kind !== "ethernet");
      return `${time} ?     ${index % 2 === 0 ? "Out" : "In "} ifindex ${1000 + (index % 3)} ${source}ethertype ${ethertypeName[type]} (0x${type.toString(16).padStart(4, "0")}), length ${20 + whole}: ${asTcpdump(rest, whole)}`;
    });
    expect(lines).toEqual(expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

