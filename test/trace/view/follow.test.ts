import { expect, test } from "vitest";
import type { PacketValue, TraceEvent, TraceValue } from "../../../src/trace/event.ts";
import { SkbFollower } from "../../../src/trace/view/follow.ts";
import { bytesOf, gtpu, icmp, ipv4, udp, zeros, type Bytes } from "../packet/packets.ts";
import { args, entry, exit, frames, integer, lost, tracepoint } from "./events.ts";

const inner = ipv4({ from: "10.0.0.1", to: "10.0.0.2", protocol: 1 }, icmp(8, 0, 0x0001_0002, zeros(56)));
const outer = ipv4({ protocol: 17 }, udp(5000, 2152, gtpu(0x1234, inner)));
const packet = (bytes: Bytes, device: string | null = "eth0", address = 0xffff_8880_0000_1000n, length = bytes.length): PacketValue => ({ kind: "packet", address, length, protocol: 0x0800, device, ifindex: 2, from: "network", bytes: bytesOf(bytes) });
const skb = (...values: Parameters<typeof packet>) => ({ args: args({ skb: packet(...values) }) });
const pointer = (address = 0xffff_8880_0000_1000n): TraceValue => ({ kind: "pointer", address, type: "struct sk_buff *", text: null });
const freed = (reason: TraceValue) => ({ args: args({ skbaddr: { kind: "pointer", address: 0xffff_8880_0000_1000n, type: "void *", text: null }, location: { kind: "pointer", address: 5n, type: "void *", text: "ip_forward+0x1c" }, reason }) });

function followed(events: readonly TraceEvent[], follower = new SkbFollower()): string[] {
  return (events.map((event) => follower.add(event)).join("") + follower.summary()).trimEnd().split("\n");
}

test("a packet through functions of several modules, to its drop", () => {
  const reason: TraceValue = { kind: "enum", value: 4n, name: "SKB_DROP_REASON_NO_SOCKET", type: "enum skb_drop_reason" };
  expect(
    followed([
      entry(0, "ip_rcv", skb(outer)),
      entry(1.2, "gtp:gtp_encap_recv", skb(outer)),
      exit(1.5, "gtp:gtp_encap_recv", { ...skb(outer), ret: integer(1n) }),
      entry(2, "netif_rx", skb(inner, "gtp\x1b0")),
      entry(2.5, "unrelated"),
      tracepoint(3, "t:skb:kfree_skb", freed(reason)),
      entry(3.2, "__kfree_skb", { args: args({ skb: pointer() }) }),
      entry(3.3, "skb_release_data", { args: args({ skb: pointer() }) }),
      entry(3.5, "kfree_skbmem", { args: args({ skb: pointer() }) }),
      exit(4, "ip_rcv", { ...skb(outer), ret: integer(0n), duration: 4000n }),
    ]),
  ).toEqual([
    "#1    0xffff888000001000 192.0.2.1:5000 > 192.0.2.2:2152 UDP 92 GTP-U teid 0x1234 G-PDU: 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2, 120 bytes, eth0, first seen at 100.000000",
    "#1         0 ns [1] curl-7             ip_rcv",
    "#1      1.20 µs [1] curl-7             gtp:gtp_encap_recv",
    "#1      1.50 µs [1] curl-7             gtp:gtp_encap_recv returned 1",
    "#1      2.00 µs [1] curl-7             netif_rx  (120 to 84 bytes; eth0 to gtp\\x1b0; now 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2)",
    "#1      3.00 µs [1] curl-7             t:skb:kfree_skb: dropped, NO_SOCKET at ip_forward+0x1c",
    "#1      3.20 µs [1] curl-7             __kfree_skb takes it apart",
    "#1      3.30 µs [1] curl-7             skb_release_data, while it is freed",
    "#1      3.50 µs [1] curl-7             its memory is free",
    "#1      4.00 µs [1] curl-7             ip_rcv returned 0",
    "1 packet: 1 dropped, 0 consumed, 0 still on the way",
    "drops by reason:",
    "       1  NO_SOCKET",
  ]);
});

test("an address that is given out again is another packet", () => {
  expect(
    followed([
      exit(0, "__alloc_skb", { ret: pointer() }),
      entry(1, "ip_output", skb(inner)),
      tracepoint(2, "t:skb:consume_skb", { args: args({ skbaddr: pointer() }) }),
      exit(3, "__alloc_skb", { ret: pointer() }),
      entry(4, "ip_output", skb(inner)),
      exit(5, "__alloc_skb", { ret: pointer() }),
      exit(6, "__alloc_skb", { ret: pointer(0n) }),
    ]),
  ).toEqual([
    "#1         0 ns [1] curl-7             allocated by __alloc_skb",
    "#1      1.00 µs [1] curl-7             ip_output",
    "#1      2.00 µs [1] curl-7             t:skb:consume_skb: consumed",
    "#2         0 ns [1] curl-7             allocated by __alloc_skb",
    "#2      1.00 µs [1] curl-7             ip_output",
    "#2    its end was not seen: its address is given out again",
    "#3         0 ns [1] curl-7             allocated by __alloc_skb",
    "3 packets: 0 dropped, 1 consumed, 1 still on the way",
  ]);
});

test("a second free, and an address that is met after the end", () => {
  const release = (at: number) => entry(at, "kfree_skbmem", { args: args({ skb: pointer() }), stack: frames("kfree_skbmem", "gtp_dev_xmit") });
  const events = [entry(0, "gtp:gtp_dev_xmit", skb(inner)), release(1), release(2), entry(3, "ip_rcv", skb(inner)), exit(4, "gtp:gtp_dev_xmit", { ...skb(inner), duration: 4000n }), exit(4, "kfree_skbmem", { args: args({ skb: pointer() }), duration: 1500n })];
  expect(followed([exit(-2, "__alloc_skb", { ret: pointer(5n) }), ...events])).toEqual([
    "#1         0 ns [1] curl-7             allocated by __alloc_skb",
    "#2    0xffff888000001000 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2, 84 bytes, eth0, first seen at 100.000000",
    "#2         0 ns [1] curl-7             gtp:gtp_dev_xmit",
    "#2      1.00 µs [1] curl-7             kfree_skbmem: freed at gtp_dev_xmit+0x1",
    "#2    freed again by kfree_skbmem, 1.00 µs after its end; no allocation of its address was seen",
    "#3    0xffff888000001000, first seen at 100.000002",
    "#3         0 ns [1] curl-7             kfree_skbmem: freed at gtp_dev_xmit+0x1",
    "#3    its address is met again in ip_rcv, 1.00 µs after its end; no allocation of it was seen",
    "#4    0xffff888000001000 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2, 84 bytes, eth0, first seen at 100.000003",
    "#4         0 ns [1] curl-7             ip_rcv",
    "#?              [1] curl-7             gtp:gtp_dev_xmit returned",
    "#3              [1] curl-7             kfree_skbmem returned",
    "4 packets: 0 dropped, 0 consumed, 2 freed without a reason, 2 still on the way",
  ]);
  // Where allocations are not traced, an address that comes back is nothing to speak of.
  expect(followed(events.slice(0, 3))).toEqual([
    "#1    0xffff888000001000 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2, 84 bytes, eth0, first seen at 100.000000",
    "#1         0 ns [1] curl-7             gtp:gtp_dev_xmit",
    "#1      1.00 µs [1] curl-7             kfree_skbmem: freed at gtp_dev_xmit+0x1",
    "#2    0xffff888000001000, first seen at 100.000002, at an address that was freed 1.00 µs before",
    "#2         0 ns [1] curl-7             kfree_skbmem: freed at gtp_dev_xmit+0x1",
    "2 packets: 0 dropped, 0 consumed, 2 freed without a reason, 0 still on the way",
  ]);
});

test("after a loss nothing is taken for sure", () => {
  expect(followed([entry(0, "ip_rcv", skb(inner)), lost(1, 3n), entry(2, "ip_forward", skb(inner)), entry(3, "ip_output", skb(inner, null))])).toEqual([
    "#1    0xffff888000001000 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2, 84 bytes, eth0, first seen at 100.000000",
    "#1         0 ns [1] curl-7             ip_rcv",
    "-- 3 events lost: the ring was full --",
    "#1    events were lost before this one: it may be another packet at the same address",
    "#1      2.00 µs [1] curl-7             ip_forward",
    "#1      3.00 µs [1] curl-7             ip_output  (eth0 to no device)",
    "1 packet: 0 dropped, 0 consumed, 1 still on the way",
  ]);
});

test("reasons by number, by the kernel's own table", () => {
  const reasons = new Map([[2n, "SKB_DROP_REASON_NOT_SPECIFIED"], [77n, "IP_\x07CSUM"]]);
  const drops = [2n, 77n, 78n].flatMap((value, index) => [exit(10 * index, "__alloc_skb", { ret: pointer() }), tracepoint(10 * index + 1, "t:skb:kfree_skb", freed(integer(value)))]);
  const last = (lines: readonly string[]) => lines.filter((line) => /dropped,.* at |^ +\d/.test(line)).map((line) => line.replace(/.*kfree_skb: /, ""));
  expect(last(followed(drops, new SkbFollower({ reasons })))).toEqual(["dropped, NOT_SPECIFIED at ip_forward+0x1c", "dropped, IP_\\x07CSUM at ip_forward+0x1c", "dropped, reason 78 at ip_forward+0x1c", "       1  IP_\\x07CSUM", "       1  NOT_SPECIFIED", "       1  reason 78"]);
  // Before 5.17 the tracepoint has none.
  expect(followed([tracepoint(0, "t:skb:kfree_skb", { args: args({ skbaddr: pointer() }) })])).toContain("#1         0 ns [1] curl-7             t:skb:kfree_skb: dropped, no reason given");
});

test("too many packets at a time", () => {
  const follower = new SkbFollower({ most: 2 });
  for (const address of [1n, 2n, 3n]) follower.add(entry(0, "ip_rcv", skb(inner, "eth0", address)));
  expect(follower.summary()).toBe("3 packets: 0 dropped, 0 consumed, 2 still on the way, 1 given up, too many at a time\n");
});

test("ends of packets that nothing else was seen of", () => {
  const other = 0xffff_8880_0000_2000n;
  const events = [
    entry(0, "ip_rcv", skb(inner)),
    tracepoint(1, "t:skb:consume_skb", { args: args({ skbaddr: pointer() }) }),
    entry(2, "kfree_skbmem", { args: args({ skb: pointer() }) }),
    // Its address again, and another one, at their ends alone.
    tracepoint(3, "t:skb:consume_skb", { args: args({ skbaddr: pointer() }) }),
    tracepoint(4, "t:skb:kfree_skb", { args: args({ skbaddr: pointer(other) }) }),
    entry(5, "kfree_skbmem", { args: args({ skb: pointer(other) }) }),
    entry(6, "kfree_skbmem", { args: args({ skb: pointer() }) }),
  ];
  const seen = [
    "#1    0xffff888000001000 10.0.0.1 > 10.0.0.2 ICMP echo request id 1 seq 2, 84 bytes, eth0, first seen at 100.000000",
    "#1         0 ns [1] curl-7             ip_rcv",
    "#1      1.00 µs [1] curl-7             t:skb:consume_skb: consumed",
    "#1      2.00 µs [1] curl-7             its memory is free",
  ];
  expect(followed(events, new SkbFollower({ unseen: "nothing" }))).toEqual([...seen, "1 packet: 0 dropped, 1 consumed, 0 still on the way"]);
  expect(followed(events, new SkbFollower({ unseen: "drops" }))).toEqual([
    ...seen,
    "#2    0xffff888000002000, first seen at 100.000004",
    "#2         0 ns [1] curl-7             t:skb:kfree_skb: dropped, no reason given",
    "#2      1.00 µs [1] curl-7             its memory is free",
    "2 packets: 1 dropped, 1 consumed, 0 still on the way",
    "drops by reason:",
    "       1  no reason given",
  ]);
});
