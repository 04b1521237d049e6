import { expect, test } from "vitest";
import { OopscopeError } from "../../../src/base/index.ts";
import { Assembler } from "../../../src/bpf/index.ts";
import { ExpressionError } from "../../../src/trace/expression/error.ts";
import { compileFilter, needsEthernet, type FilterLink } from "../../../src/trace/packet/filter/compile.ts";
import { parseFilter } from "../../../src/trace/packet/filter/parse.ts";
import { randomForTest } from "../../support/seed.ts";
import { programOf, runProgram, type Met } from "./filters.ts";
import { bytesOf, ethernet, ipv4, ipv6, tcp, udp, vlan, type Bytes } from "./packets.ts";

/** The expression, carets under the place, and what is said. */
function refusal(text: string): string {
  try {
    return JSON.stringify(parseFilter(text));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    expect(error.message.startsWith(`\`${text}\`: `)).toBe(true);
    return [...error.lines, error.message.slice(text.length + 4)].join("\n");
  }
}

test.each([
  ["", "^", "the packet filter is empty"],
  ["1.2.3.4", "^^^^^^^", "`host`, `net`, `port` or the like is missing in front of this"],
  ["host gtp-gw", "     ^^^^^^", "an address is missing here: names of hosts are not looked up"],
  ["net corp", "    ^^^^", "an address is missing here: names of networks are not looked up"],
  ["gtp", "^^^", "`gtp` is no word of packet filters; names of hosts and services are not looked up"],
  ["TCP port 5", "^^^", "packet filters are written in small letters: `tcp`"],
  ["port domain", "     ^^^^^^", "a port's number is missing here: names of services are not looked up"],
  ["port 65536", "     ^^^^^", "ports have numbers of up to 65535, this is 65536"],
  ["portrange 5-70000", "          ^^^^^^^", "ports have numbers of up to 65535, this is 70000"],
  ["port 5-6", "     ^^^", "a port's number is missing here: names of services are not looked up"],
  ["icmp port 5", "          ^", "`icmp` has no ports; tcp, udp and sctp do"],
  ["tcp 5", "    ^", "`and` or `or` is missing here"],
  ["tcp udp", "    ^^^", "`and` or `or` is missing here"],
  ["tcp and", "       ^", "the packet filter ends too early"],
  ["(tcp", "    ^", "a closing parenthesis is missing here"],
  ["tcp)", "   ^", "this parenthesis was not opened"],
  ["()", " ^", "there is nothing in front of this parenthesis"],
  ["host 1.2.3.256", "     ^^^^^^^^^", "a part of an address is greater than 255"],
  ["host 1:2", "      ^", "`and` or `or` is missing here"],
  ["host fe80:::1", "     ^^^^^^^^", "this is no IPv6 address"],
  ["host 10.0.0.0/8", "     ^^^^^^^^^^", "a mask stands behind the address of a `net`"],
  ["net 10.0.0.1/8", "    ^^^^^^^^^^", "the address has bits outside of its mask"],
  ["net 10.0.0.0/33", "             ^^", "IPv4 addresses have 32 bits, this mask has 33"],
  ["net 10.0.0.0 mask 8", "                  ^", "a mask like `255.255.0.0` is missing here"],
  ["net fe80::/129", "           ^^^", "IPv6 addresses have 128 bits, this mask has 129"],
  ["ip host ::1", "        ^^^", "`ip` has no IPv6 addresses"],
  ["ip6 host 10.0.0.1", "         ^^^^^^^^", "`ip6` has no IPv4 addresses"],
  ["tcp src 10.0.0.1", "        ^^^^^^^^", "`tcp` has no IPv4 addresses"],
  ["host 02:00:00:00:00:01", "     ^^^^^^^^^^^^^^^^^", "an Ethernet address stands behind `ether host`, `ether src` or `ether dst`"],
  ["ether", "^^^^^", "`ether` is not enough: `host`, `proto`, `src` or `dst` is missing behind it"],
  ["ip proto tcp", "         ^^^", "a protocol's number is missing here, or its name behind a backslash: `\\tcp`"],
  ["ip proto \\nonesuch", "         ^^^^^^^^^", "no protocol `nonesuch` is known here; write its number"],
  ["ether proto 5", "            ^", "kinds of 802.3 frames are not compiled: ethertypes are above 1500"],
  ["tcp proto 5", "          ^", "`tcp` carries no protocols that have numbers"],
  ["ip broadcast", "^^^^^^^^^^^^", "`ip broadcast` needs the mask of an interface's network; name the address with `ip dst host`"],
  ["gateway 10.0.0.1", "^^^^^^^", "`gateway` needs names to be looked up"],
  ["ip6 protochain 6", "    ^^^^^^^^^^", "`protochain` needs a loop over headers; `ip6 proto` looks behind a fragment header alone"],
  ["mpls 5", "^^^^", "`mpls` is an encapsulation that is not compiled: its bytes can be named by their places"],
  ["inbound", "^^^^^^^", "`inbound` is of a capture, not of a packet: use a --filter on the socket buffer instead"],
  ["wlan host 02:00:00:00:00:01", "^^^^", "`wlan` is of a link layer other than Ethernet"],
  ["vlan 4096", "     ^^^^", "VLANs have numbers of up to 4095, this is 4096"],
  ["tcp[13:3] = 0", "       ^", "1, 2 or 4 bytes can be read, not 3"],
  ["tcp[13] & 2", "           ^", "a comparison is missing here: `=`, `!=`, `<`, `<=`, `>` or `>=`"],
  ["tcp[13 = 2", "       ^", "`]` is missing here"],
  ["tcp[13] = len / 0", "              ^", "division by zero"],
  ["len << 32 = 0", "    ^^", "a shift by 32 bits, of 32"],
  ["ip[4294967296] = 1", "   ^^^^^^^^^^", "the number has more than 32 bits"],
  ["ip[0] % 7 * 2 = 1", "      ^", "pcap reads `%` beside other operators in its own way: use parentheses"],
  ["ip[0] = 5 or 6", "             ^", "`host`, `net`, `port` or the like is missing in front of this"],
  ["not (port 80) and 81", "                  ^^", "`host`, `net`, `port` or the like is missing in front of this"],
  ["less len", "     ^^^", "a number of bytes is missing here"],
  ["port 09", "     ^^", "this is no octal number"],
  ["tcp; reboot", "   ^", "packet filters have no such letter"],
  ["tcp \\", "    ^", "a backslash stands in front of a protocol's name"],
  ["stp", "^^^", "`stp` is a protocol that is not compiled"],
])("refused: %s", (text, carets, what) => {
  expect(refusal(text)).toBe(`${text}\n${carets}\n${what}`);
});

test("what is deep or long is refused, not run into", () => {
  expect(() => parseFilter("(".repeat(101) + "tcp" + ")".repeat(101))).toThrow("more than 100 parentheses within one another");
  expect(() => parseFilter("not ".repeat(200) + "tcp")).toThrow("more than 100 parentheses within one another");
  expect(() => parseFilter(`${"-".repeat(500)}1 = 1`)).toThrow("more than 100 parentheses within one another");
  expect(() => parseFilter(" ".repeat(5000))).toThrow("it has 5000 letters; the longest packet filter has 4096");
  const nested = (depth: number): string => (depth === 0 ? "len" : `(len * ${nested(depth - 1)})`);
  expect(programOf(parseFilter(`${nested(7)} = 1`), "raw").length).toBeGreaterThan(0);
  expect(() => programOf(parseFilter(`${nested(8)} = 1`), "raw")).toThrow("the packet filter's arithmetic holds more than 8 numbers at once");
  expect(() => programOf(parseFilter(Array.from({ length: 400 }, () => "port 5").join(" or ")), "ethernet")).toThrow("the packet filter needs more than 20000 instructions");
});

test("trees", () => {
  expect(parseFilter("tcp port 80 or 443 and not src net 10")).toEqual({
    kind: "and",
    left: { kind: "or", left: { kind: "port", protocol: 6, direction: "either", first: 80, last: 80 }, right: { kind: "port", protocol: 6, direction: "either", first: 443, last: 443 } },
    right: { kind: "not", operand: { kind: "host", family: "any", direction: "source", address: [0x0a00_0000], masks: [0xff00_0000] } },
  });
  expect(parseFilter("1 + 2 * 3 << 1 & 0xf = len")).toEqual({ kind: "compare", op: "=", left: { kind: "number", value: 14 }, right: { kind: "length" } });
  expect(parseFilter("ip6 dst net 2001:db8::/33")).toEqual({ kind: "host", family: "ip6", direction: "destination", address: [0x2001_0db8, 0, 0, 0], masks: [0xffff_ffff, 0x8000_0000, 0, 0] });
});

const matches = (text: string, link: FilterLink, bytes: Bytes, more: Partial<Met> = {}): boolean => runProgram(programOf(parseFilter(text), link, true), { bytes: bytesOf(bytes), length: bytes.length, protocol: 0x0800, ...more });
const web = ipv4({ protocol: 6 }, tcp({ to: 443 }));
const dns = ipv6({ next: 17 }, udp(5000, 53, [1, 2, 3]));

test("the three links", () => {
  expect(matches("tcp dst port 443 and src host 192.0.2.1", "raw", web)).toBe(true);
  expect(matches("tcp dst port 443 and src host 192.0.2.1", "ethernet", ethernet(0x0800, web))).toBe(true);
  expect(matches("tcp dst port 443 and src host 192.0.2.1", "cooked", web)).toBe(true);
  expect(matches("port 53", "cooked", dns, { protocol: 0x86dd })).toBe(true);
  // The protocol beside the bytes counts, not their first half byte.
  expect(matches("port 53", "cooked", dns, { protocol: 0x0800 })).toBe(false);
  expect(matches("arp or ether proto 0x88cc", "raw", web)).toBe(false);
});

test("a byte that is not there ends the filter with no match, below `not` too", () => {
  expect(matches("not tcp[100] = 1", "raw", web)).toBe(false);
  expect(matches("not udp[100] = 1", "raw", web)).toBe(true);
  expect(matches("tcp or ip[100] = 1", "raw", web)).toBe(true);
  expect(matches("ip[0x7fffffff] = 1 or tcp", "raw", web)).toBe(false);
  expect(matches("ip[len - 1] = 0", "raw", web)).toBe(true);
  expect(matches("ip[len] = 0", "raw", web)).toBe(false);
  expect(matches("ip[len / (len - 40)] = 0", "raw", web)).toBe(false);
});

test("VLAN tags, in the bytes and beside them", () => {
  const tagged = ethernet(0x8100, vlan(5, 0x0800, web));
  expect(matches("vlan 5 and tcp", "ethernet", tagged)).toBe(true);
  expect(matches("vlan 6", "ethernet", tagged)).toBe(false);
  expect(matches("tcp", "ethernet", tagged)).toBe(false);
  // The network card took the tag out of the frame.
  const plain = ethernet(0x0800, web);
  expect(matches("vlan 5 and tcp", "ethernet", plain, { beside: 5 })).toBe(true);
  expect(matches("vlan 6 and tcp", "ethernet", plain, { beside: 5 })).toBe(false);
  expect(matches("vlan and tcp", "ethernet", plain, { beside: 5 })).toBe(true);
  expect(matches("not vlan", "ethernet", plain, { beside: 5 })).toBe(false);
  expect(matches("not vlan", "ethernet", plain)).toBe(true);
  expect(matches("vlan 7 and vlan 5 and tcp", "ethernet", tagged, { beside: 7 })).toBe(true);
  expect(matches("vlan 5 and vlan 7", "ethernet", tagged, { beside: 7 })).toBe(false);
  expect(matches("vlan 5 and tcp", "cooked", web, { beside: 5 })).toBe(true);
  expect(matches("vlan 5 and tcp", "cooked", vlan(5, 0x0800, web), { protocol: 0x8100 })).toBe(true);
  expect(() => programOf(parseFilter("vlan 5"), "raw")).toThrow("`vlan` needs the Ethernet header or the tag beside the packet, and these packets have neither");
  expect(() => programOf(parseFilter("vlan 5"), "cooked")).toThrow("`vlan` needs the Ethernet header or the tag beside the packet, and these packets have neither");
  expect(() => programOf(parseFilter("ether host 02:00:00:00:00:01"), "raw")).toThrow("an Ethernet address needs the Ethernet header, and these packets begin at the network header");
});

test("what needs the Ethernet header", () => {
  const needing = ["ether host 02:00:00:00:00:01", "not broadcast", "tcp and (udp or multicast)", "ip[ether[0]] = 1", "len = ether[0] + 1"];
  const free = ["tcp port 80", "ether proto 0x88cc", "vlan 5", "ip multicast", "arp[6:2] = 1", "len > 5"];
  expect(needing.map((text) => needsEthernet(parseFilter(text)))).toEqual(needing.map(() => true));
  expect(free.map((text) => needsEthernet(parseFilter(text)))).toEqual(free.map(() => false));
});

test("loads are done once on each way", () => {
  const loads = (text: string): number => {
    let count = 0;
    compileFilter(parseFilter(text), { code: new Assembler(), link: "ethernet", stackTop: -24, prefix: "", match: "m", noMatch: "n", access: { load: () => count++, length: () => {} } });
    return count;
  };
  // Ethertype, next header and two ports of IPv6; protocol, fragment, header length and two ports of IPv4. The ethertype alone is known on every way out.
  expect(loads("port 80")).toBe(9);
  expect(loads("port 80 or 443")).toBe(9 + 8);
  expect(loads("tcp port 80 and tcp[13] & 2 != 0")).toBe(9 + 4);
});

test("10,000 random texts are read, or refused with a place in the text", () => {
  const random = randomForTest("filter texts");
  const words = ["tcp", "udp", "ip", "ip6", "host", "net", "port", "portrange", "proto", "src", "dst", "and", "or", "not", "(", ")", "[", "]", ":", "10.0.0.1", "10", "::1", "0", "5-6", "len", "&", "=", "<", "-", "/", "%", "!", "vlan", "ether", "02:00:00:00:00:01", "\\tcp", "multicast", "mask", "é", "less"];
  let read = 0;
  for (let round = 0; round < 10_000; round++) {
    const text = Array.from({ length: 1 + random.below(8) }, () => words[random.below(words.length)]!).join(random.below(8) === 0 ? "" : " ");
    try {
      programOf(parseFilter(text), "ethernet");
      read++;
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      if (error instanceof ExpressionError) {
        expect(error.span.from).toBeLessThanOrEqual(text.length);
        expect(error.span.to).toBeLessThanOrEqual(text.length);
      }
    }
  }
  expect(read).toBeGreaterThan(150);
});
