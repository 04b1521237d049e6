import { expect, test } from "vitest";
import type { TraceEvent } from "../../../src/trace/event.ts";
import { CallGraph } from "../../../src/trace/view/graph.ts";
import { randomForTest } from "../../support/seed.ts";
import { args, entry, exit, frames, integer, lost, tracepoint } from "./events.ts";

function graphOf(events: readonly TraceEvent[], slack = 0n): string[] {
  const graph = new CallGraph({ slack });
  let text = "";
  for (const event of events) text += graph.add(event);
  return (text + graph.end()).trimEnd().split("\n");
}

test("calls within calls, by task", () => {
  expect(
    graphOf([
      entry(0, "gtp:gtp_dev_xmit", { args: args({ len: integer(98n) }) }),
      entry(1, "ip_route_output_flow"),
      entry(1.5, "ip_rcv", { tid: 9, comm: "ping\x1b[2J", cpu: 0 }),
      exit(3.25, "ip_route_output_flow", { ret: integer(0n), duration: 2250n }),
      tracepoint(3.5, "t:net:net_dev_queue"),
      entry(4, "udp_tunnel_xmit_skb"),
      entry(5, "iptunnel_xmit"),
      exit(6, "iptunnel_xmit", { cpu: 2 }),
      exit(7, "udp_tunnel_xmit_skb"),
      exit(9, "ip_rcv", { tid: 9, comm: "ping\x1b[2J", cpu: 0, ret: { kind: "error", value: -12n, name: "ENOMEM" } }),
      exit(12.3, "gtp:gtp_dev_xmit", { ret: integer(0n), duration: 12_300n }),
    ]),
  ).toEqual([
    "  100.000001 [0] ping\\x1b[2J-9",
    "  7.50 µs  ip_rcv() = -12 (ENOMEM)",
    "  100.000000 [1] curl-7",
    "  12.3 µs  gtp:gtp_dev_xmit(len=98) = 0",
    "  2.25 µs    ip_route_output_flow() = 0",
    "             t:net:net_dev_queue()",
    "  3.00 µs    udp_tunnel_xmit_skb()",
    "  1.00 µs      iptunnel_xmit() [cpu 1 to 2]",
  ]);
});

test("each tree comes as soon as it is whole", () => {
  const graph = new CallGraph({ slack: 0n });
  expect(graph.add(entry(0, "a"))).toBe("");
  expect(graph.add(exit(1, "a"))).toBe("  100.000000 [1] curl-7\n  1.00 µs  a()\n");
  expect(graph.end()).toBe("");
});

test("late events are put in order", () => {
  // An interrupt came before the entry of `inner` was written down.
  const events = [entry(0, "outer"), entry(3, "irq"), exit(4, "irq"), entry(2, "inner"), exit(5, "inner"), exit(6, "outer")];
  const expected = ["  100.000000 [1] curl-7", "  6.00 µs  outer()", "  3.00 µs    inner()", "  1.00 µs      irq()"];
  expect(graphOf(events, 2_000n)).toEqual(expected);
  const graph = new CallGraph({ slack: 2_000n });
  expect(events.map((event) => graph.add(event)).join("")).toBe("");
  expect(graph.settle(events.at(-1)!.time + 1_999n)).toBe("");
  expect(graph.settle(events.at(-1)!.time + 2_000n)).toBe(`${expected.join("\n")}\n`);
});

test("ends and beginnings that were not seen", () => {
  expect(graphOf([exit(0, "before"), entry(1, "a"), entry(2, "b"), entry(3, "c"), exit(4, "a"), entry(5, "d"), entry(6, "e"), exit(7, "f")])).toEqual([
    "  100.000000 [1] curl-7",
    "        ?  before()  -- its beginning was not seen",
    "  100.000001 [1] curl-7",
    "  3.00 µs  a()",
    "        ?    b()  -- its end was not seen",
    "        ?      c()  -- its end was not seen",
    "  100.000005 [1] curl-7",
    "        ?  d()  -- under way when the trace ended",
    "        ?    e()  -- under way when the trace ended",
    "        ?      f()  -- its beginning was not seen",
  ]);
});

test("of a function within itself the exit's duration tells which call ends", () => {
  expect(graphOf([entry(0, "f"), entry(1, "f"), entry(2, "g"), exit(3, "f", { duration: 3000n })])).toEqual(["  100.000000 [1] curl-7", "  3.00 µs  f()", "        ?    f()  -- its end was not seen", "        ?      g()  -- its end was not seen"]);
});

test("a loss breaks off what is under way", () => {
  expect(graphOf([entry(0, "a"), entry(1, "b"), lost(2, 5n), exit(3, "b", { duration: 2000n }), exit(4, "a"), entry(5, "a"), exit(6, "a")])).toEqual([
    "  100.000000 [1] curl-7",
    "        ?  a()  -- under way when events were lost",
    "        ?    b()  -- under way when events were lost",
    "-- 5 events lost: the ring was full --",
    "  100.000003 [1] curl-7",
    "  2.00 µs  b()  -- its beginning was not seen",
    "  100.000004 [1] curl-7",
    "        ?  a()  -- its beginning was not seen",
    "  100.000005 [1] curl-7",
    "  1.00 µs  a()",
  ]);
});

test("interrupts, where there are stacks", () => {
  expect(
    graphOf([
      entry(0, "outer", { stack: frames("outer", "ksys_write", "do_syscall_64") }),
      entry(1, "ip_rcv", { stack: frames("ip_rcv", "__netif_receive_skb", "handle_softirqs", "__irq_exit_rcu", "asm_sysvec_apic_timer_interrupt", "outer", "ksys_write") }),
      entry(2, "ip_forward", { stack: frames("ip_forward", "ip_rcv", "__netif_receive_skb", "handle_softirqs") }),
      exit(3, "ip_forward"),
      exit(4, "ip_rcv"),
      entry(5, "inner", { stack: frames("inner", "outer", "ksys_write") }),
      exit(6, "inner"),
      exit(7, "outer"),
    ]),
  ).toEqual(["  100.000000 [1] curl-7", "  7.00 µs  outer()", "  3.00 µs    (interrupt) ip_rcv()", "  1.00 µs      ip_forward()", "  1.00 µs    inner()"]);
});

test("idle threads are told apart by processor", () => {
  const idle = { tid: 0, pid: 0, comm: "swapper/0" };
  expect(graphOf([entry(0, "a", { ...idle, cpu: 0 }), entry(1, "b", { ...idle, cpu: 1 }), exit(2, "a", { ...idle, cpu: 0 }), exit(3, "b", { ...idle, cpu: 1 })])).toEqual([
    "  100.000000 [0] swapper/0-0",
    "  2.00 µs  a()",
    "  100.000001 [1] swapper/0-0",
    "  2.00 µs  b()",
  ]);
});

test("a tree without end is broken off", () => {
  const graph = new CallGraph({ slack: 0n, mostCalls: 3 });
  expect([entry(0, "a"), entry(1, "b"), exit(2, "b")].map((event) => graph.add(event)).join("")).toBe("");
  expect(graph.add(entry(3, "c"))).toBe(["  100.000000 [1] curl-7", "        ?  a()  -- under way when the tree had 3 calls", "  1.00 µs    b()", "        ?    c()  -- under way when the tree had 3 calls", ""].join("\n"));
  const deep = new CallGraph({ slack: 0n });
  let text = "";
  for (let depth = 0; depth <= 256; depth++) text += deep.add(entry(depth, "f"));
  expect(text.split("\n").at(-2)!.trim()).toBe("?  ".padEnd(3 + 512) + "f()  -- under way when it had more than 256 calls within one another");
});

test("every call is shown once, whatever is lost and late", () => {
  const random = randomForTest("graph");
  for (let round = 0; round < 200; round++) {
    const events: TraceEvent[] = [];
    const stack: string[] = [];
    for (let step = 0; step < 60; step++) {
      if (stack.length > 0 && random.below(2) === 0) events.push(exit(step, stack.pop()!));
      else {
        stack.push(`f${random.below(5)}`);
        events.push(entry(step, stack.at(-1)!));
      }
    }
    const kept = events.filter(() => random.below(10) > 0);
    if (random.below(3) === 0) kept.splice(random.below(kept.length), 0, lost(30, 1n));
    if (random.below(2) === 0) kept.splice(random.below(kept.length), 0, ...kept.splice(random.below(kept.length), 2));
    const lines = graphOf(kept, BigInt(random.below(3000)));
    const entries = kept.filter(({ kind }) => kind === "entry").length;
    const shown = lines.filter((line) => /f\d\(\)/.test(line));
    expect(shown.length - shown.filter((line) => line.endsWith("beginning was not seen")).length).toBe(entries);
  }
});
