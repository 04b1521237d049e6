import { constants } from "node:os";
import { expect, test } from "vitest";
import { Counts } from "../../../src/trace/view/count.ts";
import { errnoName } from "../../../src/trace/view/errno.ts";
import { Histogram } from "../../../src/trace/view/hist.ts";
import { randomForTest } from "../../support/seed.ts";
import { widthOf } from "../../../src/render/index.ts";

const lines = (...text: readonly string[]): string => `${text.join("\n")}\n`;

test("powers of two, of durations", () => {
  const all = new Histogram({ kind: "powers" });
  for (let value = 500n; value < 3000n; value++) all.add(value);
  all.add(1n);
  all.add(9_000_000n, 40);
  expect(all.text("duration of gtp:gtp_dev_xmit", "nanoseconds")).toBe(
    lines(
      "duration of gtp:gtp_dev_xmit: 2541 values",
      "  1 ns                      1  <0.1%  ▏",
      "                            .  (7 empty buckets)",
      "  [256 ns, 512 ns)         12   0.5%  ▌",
      "  [512 ns, 1.024 µs)      512  20.1%  ████████████████████▌",
      "  [1.024 µs, 2.048 µs)   1024  40.3%  █████████████████████████████████████████",
      "  [2.048 µs, 4.096 µs)    952  37.5%  ██████████████████████████████████████▏",
      "                            .  (11 empty buckets)",
      "  [8.389 ms, 16.777 ms)    40   1.6%  █▋",
      "  least 1 ns, mean 143.4 µs, p50 1.77 µs, p90 2.79 µs, p99 9.00 ms, p99.9 9.00 ms, most 9.00 ms",
    ),
  );
});

test("powers of two, of numbers with a sign", () => {
  const all = new Histogram({ kind: "powers" });
  for (const value of [-5n, -4n, -3n, -1n, 0n, 0n, 1n, 2n, 3n, 1024n, 1n << 62n]) all.add(value);
  expect(all.text("n", "none", 40)).toBe(
    lines(
      "n: 11 values",
      "  (-8, -4]  2  18.2%  █████████████████",
      "  (-4, -2]  1   9.1%  ████████▌",
      "  -1        1   9.1%  ████████▌",
      "  0         2  18.2%  █████████████████",
      "  1         1   9.1%  ████████▌",
      "  [2, 4)    2  18.2%  █████████████████",
      "            .  (8 empty buckets)",
      "  [1K, 2K)  1   9.1%  ████████▌",
      "            .  (51 empty buckets)",
      "  [4E, 8E)  1   9.1%  ████████▌",
      "  least -5, mean 419244183493398992, p50 0, p90 1024, p99 4611686018427387904, p99.9 4611686018427387904, most 4611686018427387904",
    ),
  );
});

test("steps", () => {
  const all = new Histogram({ kind: "steps", from: 0n, to: 1500n, step: 512n });
  for (const value of [-1n, 0n, 511n, 512n, 1499n, 1500n, 9000n]) all.add(value);
  expect(all.text("len", "bytes", 60)).toBe(
    lines(
      "len: 7 values",
      "  below 0 B            1  14.3%  █████████████",
      "  [0 B, 512 B)         2  28.6%  ██████████████████████████",
      "  [512 B, 1 KiB)       1  14.3%  █████████████",
      "  [1 KiB, 1.465 KiB)   1  14.3%  █████████████",
      "  1.465 KiB and above  2  28.6%  ██████████████████████████",
      "  least -1 B, mean 1.8 KiB, p50 512 B, p90 8.8 KiB, p99 8.8 KiB, p99.9 8.8 KiB, most 8.8 KiB",
    ),
  );
  expect(() => new Histogram({ kind: "steps", from: 5n, to: 5n, step: 1n })).toThrow("a histogram from 5 to 5 in steps of 1 has no buckets");
  expect(() => new Histogram({ kind: "steps", from: 0n, to: 5000n, step: 1n })).toThrow("a histogram from 0 to 5000 in steps of 1 has 5000 buckets; the most are 1000");
});

test("nothing, and a hostile title", () => {
  expect(new Histogram({ kind: "powers" }).text("\x1b[2Jx")).toBe("\\x1b[2Jx: 0 values\n");
});

test("percentiles are within 1 %, of any values", () => {
  const random = randomForTest("percentiles");
  for (let round = 0; round < 20; round++) {
    const values = Array.from({ length: 500 }, () => BigInt(random.below(2 ** (1 + random.below(31)))) * BigInt(1 + random.below(2 ** random.below(30))) * (round % 3 === 0 && random.below(2) === 0 ? -1n : 1n));
    const all = new Histogram({ kind: "powers" });
    for (const value of values) all.add(value);
    // Every other time so many other values that they are not kept one by one.
    if (round % 2 === 0) for (let value = 0n; value < 5000n; value++) {
      values.push(value);
      all.add(value);
    }
    const sorted = values.toSorted((a, b) => (a < b ? -1 : 1));
    for (const share of [0, 0.01, 0.5, 0.9, 0.99, 1]) {
      const exact = sorted[Math.max(0, Math.ceil(share * values.length) - 1)]!;
      const found = all.percentile(share)!;
      const off = found > exact ? found - exact : exact - found;
      expect(100n * off <= (exact < 0n ? -exact : exact), `${found} for ${exact}`).toBe(true);
    }
    expect(all.mean).toBe(values.reduce((sum, value) => sum + value, 0n) / BigInt(values.length));
  }
});

test("counts", () => {
  const counts = new Counts(["function", "task", "result"]);
  counts.add(["gtp:gtp_dev_xmit", "curl", "0"], 1200);
  counts.add(["gtp:gtp_dev_xmit", "curl", "-12 (ENOMEM)"], 3);
  counts.add(["gtp:gtp_encap_recv", "ksoftirqd/0", "0"]);
  counts.add(["gtp:gtp_encap_recv", "\x1b[31mred\n", "0"]);
  expect(counts.text(90)).toBe(
    lines(
      "count  share  function            task             result",
      " 1200  99.6%  gtp:gtp_dev_xmit    curl             0             ████████████████████████",
      "    3   0.2%  gtp:gtp_dev_xmit    curl             -12 (ENOMEM)  ▏",
      "    1   0.1%  gtp:gtp_encap_recv  \\x1b[31mred\\x0a  0             ▏",
      "    1   0.1%  gtp:gtp_encap_recv  ksoftirqd/0      0             ▏",
    ),
  );
  expect(counts.text(40, 2)).toBe(
    lines("count  share  function  task  result", " 1200  99.6%  gtp:g...  curl  0", "    3   0.2%  gtp:g...  curl  -12 (...", "    2   0.2%  (2 more rows)"),
  );
  expect(new Counts(["x"]).text()).toBe("nothing was counted\n");
});

test("keys beyond the limit are counted together", () => {
  const counts = new Counts(["key"], 2);
  for (const key of ["a", "b", "c", "d", "a"]) counts.add([key]);
  expect(counts.text(30)).toBe(lines("count  share  key", "    2  40.0%  a    ██████████", "    1  20.0%  b    █████", "    2  40.0%  (further rows)"));
  expect(counts.text(30, 1)).toBe(lines("count  share  key", "    2  40.0%  a    ██████████", "    3  60.0%  (1 more row, and rows beyond the limit)"));
});

test("no table is wider than asked, down to 60 columns", () => {
  const random = randomForTest("tables");
  for (let round = 0; round < 200; round++) {
    const counts = new Counts(["function", "task"]);
    for (let row = 0; row < 5; row++) counts.add([String.fromCodePoint(0x4e00 + random.below(50)).repeat(random.below(40)), "x".repeat(random.below(80))], 1 + random.below(100_000));
    const columns = 60 + random.below(60);
    for (const line of counts.text(columns).split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  }
});

test("errno names are those of this machine's libc, and the kernel's own above 511", () => {
  // Names that share a number: the kernel's headers define these by the other one.
  const others = ["EWOULDBLOCK", "EOPNOTSUPP"];
  for (const [name, number] of Object.entries(constants.errno)) if (!others.includes(name) && process.platform === "linux" && name !== "ENOTSUP") expect(errnoName(number)).toBe(name);
  expect([95, 11, 512, 516, 517, 524, 529, 531].map(errnoName)).toEqual(["EOPNOTSUPP", "EAGAIN", "ERESTARTSYS", "ERESTART_RESTARTBLOCK", "EPROBE_DEFER", "ENOTSUPP", "EIOCBQUEUED", "ENOGRACE"]);
  expect([0, 41, 58, 134, 511, 520, 532, -1, 1.5].map(errnoName)).toEqual([null, null, null, null, null, null, null, null, null]);
});
