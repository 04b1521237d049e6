import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { parseFilter } from "../../../src/trace/packet/filter/parse.ts";
import type { FilterLink } from "../../../src/trace/packet/filter/compile.ts";
import { OopscopeError } from "../../../src/base/index.ts";
import { randomForTest, type Random } from "../../support/seed.ts";
import { classicOf, runClassic } from "./classic.ts";
import { programOf, runProgram } from "./filters.ts";
import { arp, bytesOf, ethernet, icmp, ipv4, ipv6, tcp, u16, u32, udp, vlan, zeros, type Bytes } from "./packets.ts";

// libpcap compiles the same expression; both programs run over the same packets, packet by packet.

const expressions = 250;
const packetsEach = 60;
const types: Readonly<Record<FilterLink, string>> = { ethernet: "EN10MB", raw: "RAW", cooked: "LINUX_SLL" };

function one<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

// Few values, so that packets and expressions meet.
const v4s = ["10.0.0.1", "10.0.0.2", "10.1.2.3", "192.168.1.1", "224.0.0.5"];
const v6s = ["2001:db8::1", "2001:db8::2", "fe80::1", "ff02::1"];
const macs = ["02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:05"];
const ports = [22, 53, 80, 443, 2152];
const nets = ["10.0.0.0/8", "10", "10.0", "192.168.1", "10.0.0.0 mask 255.255.0.0", "10.0.0.0/30", "0.0.0.0/0"];
const nets6 = ["2001:db8::/32", "fe80::/10", "2001:db8::/127", "::/0"];

function randomExpression(random: Random, link: FilterLink, depth: number): string {
  const direction = () => one(random, ["", "", "src ", "dst ", "src or dst ", "src and dst "]);
  const choice = random.below(depth > 3 ? 16 : 23);
  switch (choice) {
    case 0:
      return `${one(random, ["", "ip ", "arp ", "rarp "])}${direction()}host ${one(random, v4s)}`;
    case 1:
      return `${one(random, ["", "ip6 "])}${direction()}host ${one(random, v6s)}`;
    case 2:
      return `${direction()}net ${one(random, nets)}`;
    case 3:
      return `${direction()}net ${one(random, nets6)}`;
    case 4:
    case 5:
      return `${one(random, ["", "tcp ", "udp ", "sctp "])}${direction()}port ${one(random, ports)}`;
    case 6:
      return `${one(random, ["", "tcp ", "udp "])}${direction()}portrange ${one(random, ["50-100", "443-80", "0-65535", "2152-2152"])}`;
    case 7:
      return one(random, ["tcp", "udp", "icmp", "icmp6", "sctp", "ip", "ip6", "igmp", "ah", "esp", "pim", "vrrp", "carp", "igrp", "arp", "rarp"]);
    case 8:
      return one(random, ["ip proto 17", "ip6 proto 6", "proto 47", "ip proto \\tcp", "proto \\udp", "ip proto 6 or 17", "ip6 proto 44", "proto 300"]);
    case 9:
      if (link === "raw") return "ip or ip6";
      return one(random, ["ether proto 0x0800", "ether proto \\arp", "ether proto 0x86dd", "ether proto 0x88cc"]);
    case 10:
      if (link !== "ethernet") return one(random, ["ip multicast", "ip6 multicast"]);
      return one(random, ["ether multicast", "broadcast", "multicast", "ether broadcast", "ip multicast", "ip6 multicast"]);
    case 11:
      return link === "ethernet" ? `ether ${one(random, ["host", "src", "dst", "src or dst", "src and dst", "src host"])} ${one(random, macs)}` : "udp";
    case 12:
      return link === "cooked" ? "tcp" : one(random, ["less 60", "greater 64", "len > 70", "len & 1 = 0", "len - 14 >= 40", "60 < len", "len != 60", "length / 2 <= 30"]);
    case 13:
      return one(random, ["tcp[13] & 2 != 0", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[tcpflags] = tcp-syn", "udp[4:2] > 20", "icmp[icmptype] = icmp-echo", "icmp[icmptype] != icmp-echoreply", "tcp[0:2] = 80", "udp[2:2] = 2152 && udp[8:4] & 0xff = 0", "icmp6[icmp6type] = icmp6-echo", "sctp[0:2] >= 100"]);
    case 14:
      return one(random, ["ip[0] & 0xf != 5", "ip[6:2] & 0x1fff = 0", "ip6[6] = 17", "ip[8] < 64", "ip[2:2] - (ip[0] & 0xf) * 4 > 20", "tcp[(tcp[12] & 0xf0) >> 2] = 0x16", "ip[ip[0] & 15] = 0", "ip[12:4] = 0x0a000001", "ip[16:4] != 0xffffffff", "ip[9] * 2 = 34", "ip[len / 2] = 0", "ip6[40] = 58", "ip[1] / ip[8] = 0", "(ip[3] << (ip[8] & 31)) > 1000", "ip[0:1] = 0x45", "ip[1 << 2:2] > 0", "arp[6:2] = 1", "ip[-2:2] = 0", "ip[4000] = 1", "ip[0] - 70 > 5", "(ip[8] % 3) = 1", "(ip[8] ^ ip[9]) & 1 = 0", "ip[2:2] = udp[4:2] + 20", "ip[8] >> 1 | 1 > 10"]);
    case 15:
      return link === "ethernet" ? one(random, ["ether[0] & 1 = 0", "ether[12:2] = 0x800", "ether[20:4] > 5", "link[6] = 2", "ether[14] >> 4 = 4"]) : "not tcp";
    case 16:
      return `not ${randomExpression(random, link, depth + 1)}`;
    case 17:
    case 18:
      return `${randomExpression(random, link, depth + 1)} ${one(random, ["and", "&&"])} ${randomExpression(random, link, depth + 1)}`;
    case 19:
    case 20:
      return `${randomExpression(random, link, depth + 1)} ${one(random, ["or", "||"])} ${randomExpression(random, link, depth + 1)}`;
    case 21:
      return `(${randomExpression(random, link, depth + 1)})`;
    default:
      return one(random, ["tcp port 80 or 443", "host 10.0.0.1 or 10.0.0.2 and not 192.168.1.1", "port (53 or 2152)", "src net 10 or 192.168.1", "tcp dst port (80 or (22 or 443))", "host 10.0.0.1 and not (10.0.0.2 or 10.1.2.3)", "port not 80", ...(link === "ethernet" ? ["vlan 5 and ip", "vlan and vlan and udp", "vlan", "ip or vlan 5 or vlan 6", "vlan and host 10.0.0.1", "vlan 5 or ip", "not vlan"] : [])]);
  }
}

function randomPacket(random: Random): { protocol: number; network: Bytes } {
  const data = random.bytes(random.below(40));
  const inner = (six: boolean): { next: number; payload: Bytes } => {
    switch (random.below(7)) {
      case 0:
      case 1:
        return { next: 17, payload: udp(one(random, ports), one(random, ports), [...data]) };
      case 2:
      case 3:
        return { next: 6, payload: tcp({ from: one(random, ports), to: one(random, ports), flags: random.below(64), options: random.below(2) === 0 ? [] : [2, 4, 5, 180] }, [...data]) };
      case 4:
        return { next: 132, payload: [...u16(one(random, ports)), ...u16(one(random, ports)), ...u32(7), ...u32(0)] };
      case 5:
        return six ? { next: 58, payload: icmp(128 + random.below(2), 0, random.below(2 ** 32), [...data]) } : { next: 1, payload: icmp(8 * random.below(2), 0, random.below(2 ** 32), [...data]) };
      default:
        return { next: one(random, [2, 9, 47, 50, 51, 103, 112]), payload: [...data] };
    }
  };
  switch (random.below(7)) {
    case 0:
    case 1:
    case 2: {
      const { next, payload } = inner(false);
      const flags = one(random, [0x4000, 0x4000, 0, 0x2000, 0x2001, 100]);
      return { protocol: 0x0800, network: ipv4({ from: one(random, v4s), to: one(random, v4s), protocol: next, flags, ttl: random.below(256), tos: random.below(256), options: random.below(4) === 0 ? [1, 1, 1, 0] : [] }, payload) };
    }
    case 3:
    case 4: {
      const { next, payload } = inner(true);
      const fragmented = random.below(4) === 0;
      return { protocol: 0x86dd, network: ipv6({ from: one(random, v6s), to: one(random, v6s), next: fragmented ? 44 : next }, fragmented ? [next, 0, ...u16(8 * random.below(2)), ...u32(1), ...payload] : payload) };
    }
    case 5: {
      const packet = arp(1 + random.below(2), [one(random, macs), one(random, v4s)], [one(random, macs), one(random, v4s)]);
      return { protocol: one(random, [0x0806, 0x0806, 0x8035]), network: packet };
    }
    default:
      return { protocol: one(random, [0x88cc, 0x0800, 0x86dd, 0x8847]), network: [...random.bytes(random.below(50))] };
  }
}

/** With its link header, as libpcap meets it; `skip` bytes of it are not there for us. */
function framed(random: Random, link: FilterLink): { bytes: Uint8Array; skip: number; protocol: number } {
  const { protocol, network } = randomPacket(random);
  switch (link) {
    case "raw":
      return { bytes: bytesOf(network), skip: 0, protocol };
    case "cooked":
      return { bytes: bytesOf([...zeros(14), ...u16(protocol), ...network]), skip: 16, protocol };
    case "ethernet": {
      let [type, payload] = [protocol, network];
      for (let tags = one(random, [0, 0, 0, 1, 1, 2]); tags > 0; tags--) {
        payload = vlan(one(random, [5, 6]), type, payload);
        type = one(random, [0x8100, 0x88a8, 0x9100]);
      }
      return { bytes: bytesOf(ethernet(type, payload, { from: one(random, macs), to: one(random, macs) })), skip: 0, protocol };
    }
  }
}

const libpcap = (expression: string, link: FilterLink, optimize: boolean) => spawnSync("tcpdump", ["-ddd", ...(optimize ? [] : ["-O"]), "-y", types[link], "--", expression], { encoding: "latin1", timeout: 10_000 });

test.each<FilterLink>(["ethernet", "raw", "cooked"])(`${expressions} expressions on ${packetsEach} packets each: %s`, (link) => {
  const random = randomForTest(`filters on ${link}`);
  const wrong: string[] = [];
  let taken = 0;
  let compared = 0;
  let unsettled = 0;
  for (let round = 0; round < expressions; round++) {
    const expression = randomExpression(random, link, 0);
    const plain = libpcap(expression, link, false);
    const optimized = libpcap(expression, link, true);
    let program: Uint8Array;
    try {
      program = programOf(parseFilter(expression), link);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      if (plain.status === 0) wrong.push(`${expression}: we refuse it: ${error.message}`);
      continue;
    }
    // The optimizer refuses what takes no packet at all, and divisions by a zero that it computes.
    const all = /rejects all packets/.test(optimized.stderr);
    if (plain.status !== 0 || (optimized.status !== 0 && !all)) {
      if (!/modulus by zero|division by zero/.test(optimized.stderr)) wrong.push(`${expression}: libpcap refuses it: ${plain.stderr}${optimized.stderr}`);
      continue;
    }
    const programs = [classicOf(plain.stdout), ...(all ? [] : [classicOf(optimized.stdout)])];
    for (let count = 0; count < packetsEach; count++) {
      const { bytes, skip, protocol } = framed(random, link);
      const cut = random.below(3) === 0 ? skip + random.below(bytes.length - skip + 1) : bytes.length;
      const captured = bytes.subarray(0, cut);
      const ours = runProgram(program, { bytes: captured.subarray(skip), length: bytes.length, protocol });
      const theirs = programs.map((each) => runClassic(each, captured, bytes.length));
      // On a packet that ends early the two of libpcap may differ, since the optimizer takes out loads whose value does not matter; one of them must be ours.
      const agreed = theirs.length === 0 || theirs.includes(ours);
      if (new Set(theirs).size > 1) unsettled++;
      if (all && ours) wrong.push(`${expression}: no packet can match, this one does`);
      if (!agreed) wrong.push(`${expression}: ${ours}, libpcap ${theirs.join(" ")} on ${captured.length} of ${bytes.length} bytes ${Buffer.from(captured).toString("hex")}`);
      if (ours) taken++;
      compared++;
    }
  }
  expect(wrong.slice(0, 10)).toEqual([]);
  console.log(`${link}: ${compared} packets compared, ${taken} taken, ${unsettled} of which libpcap with and without its optimizer thinks differently`);
  expect(unsettled).toBeLessThan(compared / 100);
  expect(compared).toBeGreaterThan(expressions * packetsEach * 0.9);
  expect(taken).toBeGreaterThan(compared / 10);
}, 300_000);

test("libpcap takes what we take", () => {
  const random = randomForTest("filter texts of libpcap");
  const words = ["tcp", "udp", "ip", "ip6", "host", "net", "port", "portrange", "proto", "src", "dst", "and", "or", "not", "(", ")", "[0]", "[2:2]", "10.0.0.1", "10", "10.1", "::1", "5-6", "len", "&", "=", "<", "-", "/", "!", "vlan", "ether", "02:00:00:00:00:01", "\\tcp", "multicast", "less", "80", "arp", "tcpflags"];
  const taken: string[] = [];
  while (taken.length < 300) {
    const text = Array.from({ length: 1 + random.below(7) }, () => one(random, words)).join(" ");
    try {
      programOf(parseFilter(text), "ethernet");
      taken.push(text);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
    }
  }
  expect(taken.filter((text) => libpcap(text, "ethernet", false).status !== 0)).toEqual([]);
});
