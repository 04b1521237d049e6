import { expect, test } from "vitest";
import { ipv4Text, ipv6Text, macText, withPort } from "../../../src/trace/packet/address.ts";
import { readPacket, type PacketStart } from "../../../src/trace/packet/headers.ts";
import { describePacket, packetText } from "../../../src/trace/packet/text.ts";
import { mutated } from "../../support/mutations.ts";
import { randomForTest } from "../../support/seed.ts";
import { arp, bytesOf, ethernet, gtpu, icmp, ipv4, ipv6, mac, tcp, u16, u32, udp, v4, v6, vlan, zeros, type Bytes } from "./packets.ts";

const network = { from: "network" } as const;
const ether: PacketStart = { from: "ethernet" };
const text = (bytes: Bytes, start: PacketStart = network) => describePacket(bytesOf(bytes), start, bytes.length);

test("addresses, as RFC 5952 has them", () => {
  const six = (address: string) => ipv6Text(bytesOf(v6(address)));
  expect(ipv4Text(bytesOf(v4("255.0.2.10")))).toBe("255.0.2.10");
  expect(macText(bytesOf(mac("02:00:5E:10:00:ff")))).toBe("02:00:5e:10:00:ff");
  // The examples of sections 4.1 to 4.3 and 5.
  expect([
    "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8:0:1:1:1:1:1", "2001:0:0:1:0:0:0:1", "2001:db8:0:0:1:0:0:1", "2001:DB8:0:0:0:0:2:1", "0:0:0:0:0:0:0:0", "0:0:0:0:0:0:0:1",
    "1:0:0:0:0:0:0:0", "0:0:0:0:0:ffff:c000:201", "fe80:0:0:0:0:0:0:1", "1:2:3:4:5:6:7:8", "0:1:0:1:0:1:0:1",
  ].map(six)).toEqual([
    "2001:db8::1", "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "2001:db8::1:0:0:1", "2001:db8::2:1", "::", "::1", "1::", "::ffff:192.0.2.1", "fe80::1", "1:2:3:4:5:6:7:8", "0:1:0:1:0:1:0:1",
  ]);
  expect(withPort("2001:db8::1", 53)).toBe("[2001:db8::1]:53");
});

const inner = ipv4({ from: "10.0.0.1", to: "10.0.0.2", protocol: 1 }, icmp(8, 0, 0x0001_0002, zeros(56)));
const outer = (payload: Bytes) => ipv4({ protocol: 17 }, udp(5000, 2152, payload));

test.each<[string, string, Bytes, PacketStart?]>([
  ["UDP", "192.0.2.1:5000 > 192.0.2.2:53 UDP 3", ipv4({ protocol: 17 }, udp(5000, 53, [1, 2, 3]))],
  ["UDP on IPv6", "[2001:db8::1]:5000 > [2001:db8::2]:53 UDP 3", ipv6({ next: 17 }, udp(5000, 53, [1, 2, 3]))],
  ["a SYN", "192.0.2.1:40000 > 192.0.2.2:80 TCP 0 [S] seq 1 win 64240 <mss 1460, sackOK, TS val 5 ecr 0, wscale 7>", ipv4({ protocol: 6 }, tcp({ options: [2, 4, 5, 180, 4, 2, 8, 10, ...u32(5), ...u32(0), 1, 3, 3, 7] }))],
  ["data", "192.0.2.1:40000 > 192.0.2.2:80 TCP 5 [P.] seq 4294967295 ack 9 win 1", ipv4({ protocol: 6 }, tcp({ seq: 0xffff_ffff, ack: 9, flags: 0x18, window: 1 }, zeros(5)))],
  ["all flags", "192.0.2.1:40000 > 192.0.2.2:80 TCP 0 [FSRP.UEW] seq 1 ack 0 win 64240", ipv4({ protocol: 6 }, tcp({ flags: 0xff }))],
  ["no flag", "192.0.2.1:40000 > 192.0.2.2:80 TCP 0 [none] seq 1 win 64240", ipv4({ protocol: 6 }, tcp({ flags: 0 }))],
  ["sack", "192.0.2.1:40000 > 192.0.2.2:80 TCP 0 [.] seq 1 ack 0 win 64240 <sack 5:9>", ipv4({ protocol: 6 }, tcp({ flags: 0x10, options: [1, 1, 5, 10, ...u32(5), ...u32(9)] }))],
  ["options that lie", "192.0.2.1:40000 > 192.0.2.2:80 TCP 0 [S] seq 1 win 64240 <mss 1460, malformed>", ipv4({ protocol: 6 }, tcp({ options: [2, 4, 5, 180, 3, 9, 1, 1] }))],
  ["echo", "10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2", inner],
  ["unreachable", "192.0.2.1 > 192.0.2.2 ICMP port unreachable (192.0.2.2:9 > 192.0.2.1:7 UDP 4)", ipv4({ protocol: 1 }, icmp(3, 3, 0, ipv4({ from: "192.0.2.2", to: "192.0.2.1", protocol: 17 }, udp(9, 7, zeros(4)))))],
  ["too large", "192.0.2.1 > 192.0.2.2 ICMP fragmentation needed (mtu 1400) (192.0.2.1 > 192.0.2.2 OSPF 4)", ipv4({ protocol: 1 }, icmp(3, 4, 1400, ipv4({ protocol: 89 }, zeros(4))))],
  ["a quote within a quote", "192.0.2.1 > 192.0.2.2 ICMP time exceeded in transit (192.0.2.1 > 192.0.2.2 ICMP host unreachable)", ipv4({ protocol: 1 }, icmp(11, 0, 0, ipv4({ protocol: 1 }, icmp(3, 1, 0, inner))))],
  ["neighbor", "fe80::1 > ff02::1:ff00:2 ICMPv6 neighbor solicitation 2001:db8::2", ipv6({ from: "fe80::1", to: "ff02::1:ff00:2", next: 58 }, icmp(135, 0, 0, v6("2001:db8::2")))],
  ["too big", "2001:db8::1 > 2001:db8::2 ICMPv6 packet too big (mtu 1280) ([2001:db8::1]:1 > [2001:db8::2]:2 UDP 0)", ipv6({ next: 58 }, icmp(2, 0, 1280, ipv6({ next: 17 }, udp(1, 2, []))))],
  ["the first fragment", "192.0.2.1:5000 > 192.0.2.2:53 fragment id 0x1234 at 0, more follow UDP 1472", ipv4({ protocol: 17, flags: 0x2000 }, udp(5000, 53, zeros(100), 1480))],
  ["a later fragment", "192.0.2.1 > 192.0.2.2 fragment id 0x1234 at 1480, the last (protocol 17)", ipv4({ protocol: 17, flags: 185 }, zeros(40))],
  ["a fragment of IPv6", "2001:db8::1 > 2001:db8::2 fragment id 0xabcd at 1448, the last (protocol 17)", ipv6({ next: 44 }, [17, 0, ...u16(1448), ...u32(0xabcd), ...zeros(8)])],
  ["extension headers", "[2001:db8::1]:1 > [2001:db8::2]:2 {hop-by-hop, destination options} UDP 0", ipv6({ next: 0 }, [60, 0, 5, 2, 0, 0, 1, 0, 17, 1, ...zeros(14), ...udp(1, 2, [])])],
  ["AH", "2001:db8::1 > 2001:db8::2 {AH} ESP 8", ipv6({ next: 51 }, [50, 4, ...zeros(22), ...zeros(8)])],
  ["no next header", "2001:db8::1 > 2001:db8::2", ipv6({ next: 59 }, [])],
  ["options of IPv4", "192.0.2.1 > 224.0.0.22 {router alert} IGMP 8", ipv4({ to: "224.0.0.22", protocol: 2, options: [148, 4, 0, 0] }, zeros(8))],
  ["SCTP", "192.0.2.1:36412 > 192.0.2.2:38412 SCTP [SACK, DATA]", ipv4({ protocol: 132 }, [...u16(36412), ...u16(38412), ...u32(7), ...u32(0), 3, 0, ...u16(16), ...zeros(12), 0, 3, ...u16(17), ...zeros(16)])],
  ["GTP-U", "192.0.2.1:5000 > 192.0.2.2:2152 UDP 92 GTP-U teid 0x1234 G-PDU: 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2", outer(gtpu(0x1234, inner))],
  ["GTP-U of 5G", "192.0.2.1:5000 > 192.0.2.2:2152 UDP 100 GTP-U teid 0x1 seq 5 G-PDU [PDU session UL qfi 9]: 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2", outer(gtpu(1, inner, { flags: 0x36, more: [0, 5, 0, 0x85, 1, 0x10, 9, 0] }))],
  ["GTP-U with two extensions", "192.0.2.1:5000 > 192.0.2.2:2152 UDP 24 GTP-U teid 0x1 G-PDU [UDP port, PDU session DL qfi 63]", outer(gtpu(1, [], { flags: 0x34, more: [0, 0, 0, 0x40, 1, 8, 104, 0x85, 2, 0, 63, ...zeros(4), 0] }))],
  ["GTP-U, an end marker", "192.0.2.1:5000 > 192.0.2.2:2152 UDP 8 GTP-U teid 0xffffffff end marker", outer(gtpu(0xffff_ffff, [], { message: 254 }))],
  ["GTP-U, an echo", "192.0.2.1:5000 > 192.0.2.2:2152 UDP 14 GTP-U teid 0x0 seq 7 echo response", outer(gtpu(0, [14, 0], { flags: 0x32, message: 2, more: [0, 7, 0, 0] }))],
  ["GTP'", "192.0.2.1:5000 > 192.0.2.2:2152 UDP 8 (malformed: GTP-U version 1, GTP')", outer(gtpu(0, [], { flags: 0x20 }))],
  ["GTP-U, an extension without size", "192.0.2.1:5000 > 192.0.2.2:2152 UDP 16 GTP-U teid 0x1 G-PDU: (malformed: GTP-U PDU session header of 0 bytes)", outer(gtpu(1, [], { flags: 0x34, more: [0, 0, 0, 0x85, 0, 0, 0, 0] }))],
  ["VXLAN", "192.0.2.1:5000 > 192.0.2.2:4789 UDP 106 VXLAN vni 42: 02:00:00:00:00:01 > 02:00:00:00:00:02 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2", ipv4({ protocol: 17 }, udp(5000, 4789, [8, 0, 0, 0, 0, 0, 42, 0, ...ethernet(0x0800, inner)]))],
  ["GRE", "192.0.2.1 > 192.0.2.2 GRE key 0x2a seq 3: 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2", ipv4({ protocol: 47 }, [0x30, 0, 8, 0, ...u32(42), ...u32(3), ...inner])],
  ["GRE of Ethernet", "192.0.2.1 > 192.0.2.2 GRE: 02:00:00:00:00:01 > 02:00:00:00:00:02 ARP who has 10.0.0.2, tell 10.0.0.1", ipv4({ protocol: 47 }, [0, 0, 0x65, 0x58, ...ethernet(0x0806, arp(1, ["02:00:00:00:00:01", "10.0.0.1"], ["00:00:00:00:00:00", "10.0.0.2"]))])],
  ["PPTP", "192.0.2.1 > 192.0.2.2 GRE v1 key 0x40001 seq 9: PPP 4", ipv4({ protocol: 47 }, [0x30, 1, 0x88, 0x0b, ...u32(0x0004_0001), ...u32(9), ...zeros(4)])],
  ["IP in IP", "192.0.2.1 > 192.0.2.2 IPv4: 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2", ipv4({ protocol: 4 }, inner)],
  ["6in4", "192.0.2.1 > 192.0.2.2 IPv6: [2001:db8::1]:1 > [2001:db8::2]:2 UDP 0", ipv4({ protocol: 41 }, ipv6({ next: 17 }, udp(1, 2, [])))],
  ["Ethernet with two tags", "02:00:00:00:00:01 > 02:00:00:00:00:02 vlan 7 p 5 vlan 100 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2", ethernet(0x88a8, vlan(7, 0x8100, vlan(100, 0x0800, inner), 5)), ether],
  ["padding of Ethernet", "02:00:00:00:00:01 > 02:00:00:00:00:02 192.0.2.1:1 > 192.0.2.2:2 TCP 0 [S] seq 1 win 64240", ethernet(0x0800, [...ipv4({ protocol: 6 }, tcp({ from: 1, to: 2 })), ...zeros(6)]), ether],
  ["ARP", "02:00:00:00:00:02 > 02:00:00:00:00:01 ARP 10.0.0.2 is at 02:00:00:00:00:02", ethernet(0x0806, arp(2, ["02:00:00:00:00:02", "10.0.0.2"], ["02:00:00:00:00:01", "10.0.0.1"]), { from: "02:00:00:00:00:02", to: "02:00:00:00:00:01" }), ether],
  ["ARP without Ethernet header", "ARP who has 10.0.0.2, tell 10.0.0.1", arp(1, ["02:00:00:00:00:01", "10.0.0.1"], ["00:00:00:00:00:00", "10.0.0.2"]), { from: "network", protocol: 0x0806 }],
  ["another ethertype", "02:00:00:00:00:01 > 02:00:00:00:00:02 ethertype 0xcafe 3", ethernet(0xcafe, [1, 2, 3]), ether],
  ["LLDP, 802.3", "02:00:00:00:00:01 > 02:00:00:00:00:02 802.3 length 3 3", ethernet(3, [1, 2, 3]), ether],
  ["nothing", "(malformed: IP header: 0 bytes of 1)", []],
  ["no IP", "(malformed: IP version 1)", [0x12]],
  ["a short header", "(malformed: IPv4 header of 16 bytes)", [0x44, ...zeros(19)]],
  ["a length that lies", "(malformed: IPv4 length 19, header 20)", ipv4({ protocol: 17, length: 19 }, udp(1, 2, []))],
  ["a TCP header that ends early", "192.0.2.1 > 192.0.2.2 (malformed: TCP header: 8 bytes of 20)", ipv4({ protocol: 6 }, zeros(8))],
  ["a UDP length that lies", "192.0.2.1 > 192.0.2.2 (malformed: UDP length 7)", ipv4({ protocol: 17 }, udp(1, 2, [], 7))],
])("%s", (_, expected, bytes, start) => {
  expect(text(bytes, start)).toBe(expected);
});

test("the bytes that were captured end anywhere: the text grows with them", () => {
  const bytes = bytesOf(outer(gtpu(0x1234, inner)));
  const texts = Array.from({ length: bytes.length + 1 }, (_, size) => describePacket(bytes.subarray(0, size), network, bytes.length));
  expect([...new Set(texts)]).toEqual([
    "(cut off: IP header: 0 bytes of 1)",
    ...Array.from({ length: 19 }, (_, size) => `(cut off: IPv4 header: ${size + 1} bytes of 20)`),
    ...Array.from({ length: 8 }, (_, size) => `192.0.2.1 > 192.0.2.2 (cut off: UDP header: ${size} bytes of 8)`),
    ...Array.from({ length: 8 }, (_, size) => `192.0.2.1:5000 > 192.0.2.2:2152 UDP 92 (cut off: GTP-U header: ${size} bytes of 8)`),
    "192.0.2.1:5000 > 192.0.2.2:2152 UDP 92 GTP-U teid 0x1234 G-PDU: (cut off: IP header: 0 bytes of 1)",
    ...Array.from({ length: 19 }, (_, size) => `192.0.2.1:5000 > 192.0.2.2:2152 UDP 92 GTP-U teid 0x1234 G-PDU: (cut off: IPv4 header: ${size + 1} bytes of 20)`),
    ...Array.from({ length: 8 }, (_, size) => `192.0.2.1:5000 > 192.0.2.2:2152 UDP 92 GTP-U teid 0x1234 G-PDU: 10.0.0.1 > 10.0.0.2 (cut off: ICMP header: ${size} bytes of 8)`),
    "192.0.2.1:5000 > 192.0.2.2:2152 UDP 92 GTP-U teid 0x1234 G-PDU: 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2",
  ]);
});

test("of a packet whose length nobody knows the headers' lengths are told, and no others", () => {
  const unknown = (bytes: Bytes) => describePacket(bytesOf(bytes), network, null);
  expect(unknown(ipv4({ protocol: 6, length: 1500 }, tcp({ flags: 0x10 })))).toBe("192.0.2.1:40000 > 192.0.2.2:80 TCP 1460 [.] seq 1 ack 0 win 64240");
  // Segmentation that is left to the device: no length yet.
  expect(unknown(ipv4({ protocol: 6, length: 0 }, tcp({ flags: 0x10 })))).toBe("192.0.2.1:40000 > 192.0.2.2:80 TCP [.] seq 1 ack 0 win 64240");
  expect(unknown(ipv4({ protocol: 6, length: 0 }, tcp({ flags: 0x10 }).slice(0, 12)))).toBe("192.0.2.1 > 192.0.2.2 (cut off: TCP header: 12 bytes of 20)");
  expect(unknown(ipv6({ next: 50, length: 0 }, zeros(8)))).toBe("2001:db8::1 > 2001:db8::2 ESP");
});

test("tunnels without end", () => {
  let bytes = inner;
  for (let depth = 0; depth < 40; depth++) bytes = ipv4({ protocol: 4 }, bytes);
  expect(readPacket(bytesOf(bytes), network, null).length).toBe(17);
  expect(text(bytes).endsWith("IPv4: 192.0.2.1 > 192.0.2.2 (malformed: more than 16 headers)")).toBe(true);
  expect(text(ipv6({ next: 60 }, Array.from({ length: 30 }, () => [60, 0, 1, 4, 0, 0, 0, 0]).flat()))).toBe(`2001:db8::1 > 2001:db8::2 {${new Array(16).fill("destination options").join(", ")}} (malformed: more than 16 IPv6 extension headers)`);
});

test("layers keep the fields", () => {
  expect(readPacket(bytesOf(outer(gtpu(1, inner, { flags: 0x36, more: [0, 5, 0, 0x85, 1, 0x10, 9, 0] }))), network, null)).toEqual([
    { kind: "ipv4", source: "192.0.2.1", destination: "192.0.2.2", protocol: 17, ttl: 64, trafficClass: 0, id: 0x1234, dontFragment: true, fragment: null, headerLength: 20, length: 128, options: [] },
    { kind: "udp", sourcePort: 5000, destinationPort: 2152, payload: 100 },
    { kind: "gtp-u", message: 255, name: "G-PDU", teid: 1, sequence: 5, extensions: ["PDU session UL qfi 9"] },
    { kind: "ipv4", source: "10.0.0.1", destination: "10.0.0.2", protocol: 1, ttl: 64, trafficClass: 0, id: 0x1234, dontFragment: true, fragment: null, headerLength: 20, length: 84, options: [] },
    { kind: "icmp", type: 8, code: 0, text: "echo request", echo: { id: 1, sequence: 2 }, quoted: [] },
  ]);
});

test("20,000 damaged packets: each has a text on one line, and the last layer alone may be a problem", () => {
  const random = randomForTest("packets");
  const good = [outer(gtpu(1, inner, { flags: 0x36, more: [0, 5, 0, 0x85, 1, 0x10, 9, 0] })), ipv6({ next: 0 }, [60, 0, 5, 2, 0, 0, 1, 0, 6, 1, ...zeros(14), ...tcp({ options: [2, 4, 5, 180, 4, 2, 1, 1] })]), ipv4({ protocol: 132 }, [...zeros(12), 3, 0, 0, 16, ...zeros(12)]), ipv4({ protocol: 1 }, icmp(3, 3, 0, inner))].map((each) => bytesOf(ethernet(0x0800, each)));
  good[1]![12] = 0x86;
  good[1]![13] = 0xdd;
  for (let round = 0; round < 20_000; round++) {
    const from = good[round % good.length]!;
    const bytes = mutated(from, random, [{ from: 12, to: from.length }], good[(round + 1) % good.length]!);
    const layers = readPacket(bytes, ether, random.below(2) === 0 ? null : bytes.length + random.below(2) * 1000);
    expect(packetText(layers)).toMatch(/^[\x20-\x7e…]+$/);
    expect(layers.slice(0, -1).some(({ kind }) => kind === "cut off" || kind === "malformed")).toBe(false);
  }
});
