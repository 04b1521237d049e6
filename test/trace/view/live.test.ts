import { expect, test } from "vitest";
import { widthOf } from "../../../src/render/index.ts";
import type { TraceEvent, TraceValue } from "../../../src/trace/event.ts";
import { LiveTable } from "../../../src/trace/view/live.ts";
import { keysOf, Screen } from "../../../src/trace/view/screen.ts";
import { randomForTest } from "../../support/seed.ts";
import { entry, exit, integer, lost, tracepoint } from "./events.ts";

const second = 1_000_000_000n;
const failed: TraceValue = { kind: "error", value: -12n, name: "ENOMEM" };

function filled(): LiveTable {
  const table = new LiveTable();
  table.tick(0n);
  const events: TraceEvent[] = [];
  for (let call = 0; call < 200; call++) events.push(exit(call, "gtp:gtp_dev_xmit", { duration: 1000n + BigInt(call), ret: call % 50 === 0 ? failed : integer(0n) }));
  for (let call = 0; call < 3; call++) events.push(entry(call, "ip_rcv"), exit(call, "ip_rcv", { duration: 5_000_000n }));
  events.push(entry(9, "ip_rcv"), tracepoint(9, "t:skb:\x1b[31mkfree_skb"), lost(9, 7n));
  for (const event of events) table.add(event);
  table.tick(2n * second);
  return table;
}

test("the picture", () => {
  expect(filled().lines(80, 8)).toEqual([
    "205 calls, 103/s, 3 functions, LOST 7 full",
    "function                  calls/sv     calls   errors      mean       p99",
    "gtp:gtp_dev_xmit               100       200        4   1.10 µs   1.19 µs",
    "ip_rcv                         2.0         4        0   5.00 ms   5.00 ms",
    "t:skb:\\x1b[31mkfree_skb        0.5         1",
    "",
    "",
    "s sort  r turn  p pause  / filter  q quit",
  ]);
});

test("keys: sort, turn, pause, filter, scroll, quit", () => {
  const table = filled();
  const names = () => table.lines(80, 8).slice(2, 5).map((line) => line.split(" ")[0]);
  const press = (...keys: readonly string[]) => keys.map((key) => table.key(key));
  expect(press("s", "s", "s")).toEqual(["changed", "changed", "changed"]);
  expect(table.lines(80, 8)[1]).toBe("function                   calls/s     calls   errors     meanv       p99");
  expect(names()).toEqual(["ip_rcv", "gtp:gtp_dev_xmit", "t:skb:\\x1b[31mkfree_skb"]);
  press("r");
  expect(table.lines(80, 8)[1]).toContain("mean^");
  expect(names()).toEqual(["t:skb:\\x1b[31mkfree_skb", "gtp:gtp_dev_xmit", "ip_rcv"]);
  press("s", "s");
  expect(table.lines(80, 8)[1]!.startsWith("functionv ")).toBe(false);
  expect(table.lines(80, 8)[1]!.startsWith("function^ ")).toBe(true);
  expect(names()).toEqual(["gtp:gtp_dev_xmit", "ip_rcv", "t:skb:\\x1b[31mkfree_skb"]);
  press("p");
  table.add(entry(9, "new"));
  expect(table.lines(80, 8)[0]).toBe("205 calls, 103/s, 3 functions, LOST 7 full  PAUSED");
  press(" ");
  expect(table.lines(80, 8)[0]).toBe("206 calls, 103/s, 4 functions, LOST 7 full");
  press("/", "G", "T", "P", "x", "\x7f");
  expect(table.lines(80, 8).slice(0, 4)).toEqual(["206 calls, 103/s, 4 functions, LOST 7 full  filter: GTP_", "function^           calls/s     calls   errors      mean       p99", "gtp:gtp_dev_xmit        100       200        4   1.10 µs   1.19 µs", ""]);
  // While a filter is typed, `q` is a letter.
  expect(press("q", "\x7f", "\x1b[A", "\r", "q", "\x03")).toEqual(["changed", "changed", "ignored", "changed", "quit", "quit"]);
  expect(press("\x1b")).toEqual(["changed"]);
  expect(names()).toEqual(["gtp:gtp_dev_xmit", "ip_rcv", "new"]);
  expect(press("\x1b", "x")).toEqual(["ignored", "ignored"]);
  press("\x1b[B");
  expect(table.lines(80, 5)).toEqual([
    "206 calls, 103/s, 4 functions, 2 to 3 of 4, LOST 7 full",
    "function^    calls/s     calls   errors      mean       p99",
    "ip_rcv           2.0         4        0   5.00 ms   5.00 ms",
    "new                0         1",
    "s sort  r turn  p pause  / filter  q quit",
  ]);
  press("\x1b[6~", "\x1b[6~", "\x1b[6~");
  expect(table.lines(80, 5)[3]).toMatch(/^t:skb/);
  press("\x1b[5~", "\x1b[5~", "\x1b[5~");
  expect(table.lines(80, 5)[2]).toMatch(/^gtp/);
});

test("no picture is larger than the terminal", () => {
  const random = randomForTest("live table");
  const table = new LiveTable();
  for (let row = 0; row < 60; row++) table.add(exit(row, `${"模".repeat(random.below(30))}\x1b]0;x\x07${"n".repeat(random.below(90))}`, { duration: BigInt(random.below(2 ** 31)) * 1000n, ret: failed }));
  table.key("/");
  table.key("n".repeat(3));
  for (let round = 0; round < 300; round++) {
    const [width, height] = [1 + random.below(120), 1 + random.below(40)];
    const lines = table.lines(width, height);
    expect(lines.length).toBe(height);
    for (const line of lines) {
      expect(widthOf(line), line).toBeLessThanOrEqual(width);
      expect(line).not.toMatch(/[\x00-\x1f\x7f]/);
    }
  }
});

test("the screen is drawn where it changed", () => {
  const screen = new Screen();
  expect(screen.draw(["a", "head", "b"])).toBe("\x1b[1;1Ha\x1b[K\x1b[2;1H\x1b[7mhead\x1b[0m\x1b[K\x1b[3;1Hb\x1b[K");
  expect(screen.draw(["a", "head", "c"])).toBe("\x1b[3;1Hc\x1b[K");
  expect(screen.draw(["a"])).toBe("\x1b[2;1H\x1b[J");
  expect(screen.forget() + screen.draw(["a"])).toBe("\x1b[2J\x1b[1;1Ha\x1b[K");
});

test("keys in what a terminal sends", () => {
  expect(keysOf("sq\x1b[A\x1b[6~\x1bOB\x1b\x03é模\r")).toEqual(["s", "q", "\x1b[A", "\x1b[6~", "\x1bOB", "\x1b", "\x03", "é", "模", "\r"]);
  expect(keysOf("")).toEqual([]);
});
