import { OopscopeError } from "../../base/index.ts";
import { padded, visible, widthOf } from "../../render/index.ts";
import { amountText, barText, exactText, plural, powerText, shareText, type Unit } from "./amount.ts";

/** Buckets: powers of two, or steps of one size between two ends (`from` within, `to` beyond), with what is outside in one bucket on each side. */
export type HistogramScale = { readonly kind: "powers" } | { readonly kind: "steps"; readonly from: bigint; readonly to: bigint; readonly step: bigint };

const mostSteps = 1000;
/** Empty buckets in a row that are shown one by one. */
const mostEmpty = 3;
/** So many different values are kept as they are, for exact percentiles. */
const exactValues = 4096;
/** With more of them powers of two are cut into so many parts: percentiles are within 1 % of the value. */
const partBits = 6n;
const parts = 1n << partBits;

/**
 * How values are spread. Counts are exact; memory does not grow with the number of values. Percentiles are exact for up to 4096 different values, else within 1 % of the value.
 *
 *     const durations = new Histogram({ kind: "powers" });
 *     durations.add(event.duration);
 *     write(durations.text("duration of gtp:gtp_dev_xmit", "nanoseconds"));
 */
export class Histogram {
  readonly #scale: HistogramScale;
  readonly #counts = new Map<bigint, number>();
  /** For percentiles: by value, or with too many of them by finer buckets. */
  #fine = new Map<bigint, number>();
  #exact = true;
  readonly #mostExact: number;
  #total = 0;
  #sum = 0n;
  #least: bigint | null = null;
  #most: bigint | null = null;

  /** `mostExact`: different values that are kept one by one. Throws `bad-argument` for steps that lead nowhere, or are more than 1000. */
  constructor(scale: HistogramScale, mostExact = exactValues) {
    this.#mostExact = mostExact;
    if (scale.kind === "steps") {
      const { from, to, step } = scale;
      if (step <= 0n || to <= from) throw new OopscopeError("bad-argument", `a histogram from ${from} to ${to} in steps of ${step} has no buckets`, { from, to, step });
      const count = (to - from + step - 1n) / step;
      if (count > mostSteps) throw new OopscopeError("bad-argument", `a histogram from ${from} to ${to} in steps of ${step} has ${count} buckets; the most are ${mostSteps}`, { from, to, step });
    }
    this.#scale = scale;
  }

  /** `times`: how many values of this size. */
  add(value: bigint, times = 1): void {
    const bucket = this.#bucketOf(value);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + times);
    const fine = this.#exact ? value : fineOf(value);
    this.#fine.set(fine, (this.#fine.get(fine) ?? 0) + times);
    if (this.#exact && this.#fine.size > this.#mostExact) this.#coarsen();
    this.#total += times;
    this.#sum += value * BigInt(times);
    if (this.#least === null || value < this.#least) this.#least = value;
    if (this.#most === null || value > this.#most) this.#most = value;
  }

  #coarsen(): void {
    const exact = this.#fine;
    this.#exact = false;
    this.#fine = new Map();
    for (const [value, times] of exact) this.#fine.set(fineOf(value), (this.#fine.get(fineOf(value)) ?? 0) + times);
  }

  get total(): number {
    return this.#total;
  }

  /** The mean, cut to a whole number; null where there are no values. */
  get mean(): bigint | null {
    return this.#total === 0 ? null : this.#sum / BigInt(this.#total);
  }

  /** The least value that `share` (0 to 1) of all values do not exceed (exact, or within 1 %); null where there are none. */
  percentile(share: number): bigint | null {
    if (this.#least === null || this.#most === null) return null;
    const wanted = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (const bucket of [...this.#fine.keys()].sort((a, b) => (a < b ? -1 : 1))) {
      seen += this.#fine.get(bucket)!;
      if (seen < wanted) continue;
      const middle = this.#exact ? bucket : middleOfFine(bucket);
      return middle < this.#least ? this.#least : middle > this.#most ? this.#most : middle;
    }
    return this.#most;
  }

  /** Lines with bars, no wider than `columns` where that leaves room for a bar. The title is escaped. */
  text(title: string, unit: Unit = "none", columns = 80): string {
    const head = `${visible(title)}: ${plural(this.#total, "value")}`;
    if (this.#least === null || this.#most === null) return `${head}\n`;
    const keys = [...this.#counts.keys()].sort((a, b) => (a < b ? -1 : 1));
    const rows: ({ readonly label: string; readonly count: number } | { readonly empty: bigint })[] = [];
    for (const [index, key] of keys.entries()) {
      const before = keys[index - 1];
      const gap = before === undefined ? 0n : key - before - 1n;
      if (gap > mostEmpty) rows.push({ empty: gap });
      else for (let empty = key - gap; empty < key; empty++) rows.push({ label: this.#label(empty, unit), count: 0 });
      rows.push({ label: this.#label(key, unit), count: this.#counts.get(key)! });
    }
    const labels = Math.max(...rows.map((row) => ("label" in row ? widthOf(row.label) : 0)));
    const counts = Math.max(...rows.map((row) => ("label" in row ? String(row.count).length : 0)));
    const room = Math.max(10, Math.min(60, columns - labels - counts - 14));
    const most = Math.max(...this.#counts.values());
    const lines = rows.map((row) => {
      if ("empty" in row) return `  ${" ".repeat(labels)}  ${".".padStart(counts)}  (${plural(row.empty, "empty bucket")})`;
      return `  ${padded(row.label, labels)}  ${String(row.count).padStart(counts)} ${shareText(row.count, this.#total)}  ${barText(row.count, most, room)}`.trimEnd();
    });
    const show = (value: bigint): string => amountText(value, unit);
    const percentiles = [["p50", 0.5], ["p90", 0.9], ["p99", 0.99], ["p99.9", 0.999]] as const;
    const measures = [`least ${show(this.#least)}`, `mean ${show(this.mean!)}`, ...percentiles.map(([name, share]) => `${name} ${show(this.percentile(share)!)}`), `most ${show(this.#most)}`];
    return `${head}\n${lines.join("\n")}\n  ${measures.join(", ")}\n`;
  }

  #bucketOf(value: bigint): bigint {
    if (this.#scale.kind === "powers") return value < 0n ? -bitLength(-value) : bitLength(value);
    const { from, to, step } = this.#scale;
    if (value < from) return -1n;
    return value >= to ? (to - from + step - 1n) / step : (value - from) / step;
  }

  #label(bucket: bigint, unit: Unit): string {
    const edge = (value: bigint): string => (this.#scale.kind === "powers" && unit === "none" ? powerText(value) : exactText(value, unit));
    const range = (from: bigint, to: bigint): string => `[${edge(from)}, ${edge(to)})`;
    if (this.#scale.kind === "powers") {
      // The bucket of one value alone is named by it: 0, 1, and -1.
      if (bucket >= -1n && bucket <= 1n) return exactText(bucket, unit);
      if (bucket > 0n) return range(1n << (bucket - 1n), 1n << bucket);
      // Of negative numbers the end that is nearer to 0 is within.
      return `(${edge(-(1n << -bucket))}, ${edge(-(1n << (-bucket - 1n)))}]`;
    }
    const { from, to, step } = this.#scale;
    if (bucket < 0n) return `below ${edge(from)}`;
    const start = from + bucket * step;
    if (start >= to) return `${edge(to)} and above`;
    return range(start, start + step < to ? start + step : to);
  }
}

/** Of a number that is not negative. */
function bitLength(value: bigint): bigint {
  if (value < 0x8000_0000n) return BigInt(32 - Math.clz32(Number(value)));
  return BigInt(value.toString(2).length);
}

/** Numbers below 128 are buckets of their own, larger ones share the top seven bits. */
function fineOf(value: bigint): bigint {
  if (value < 0n) return -1n - fineOf(-value);
  const shift = bitLength(value) - partBits - 1n;
  return shift <= 0n ? value : shift * parts + (value >> shift);
}

function middleOfFine(bucket: bigint): bigint {
  if (bucket < 0n) return -middleOfFine(-1n - bucket);
  if (bucket < 2n * parts) return bucket;
  const shift = bucket / parts - 1n;
  return ((bucket - shift * parts) << shift) + (1n << shift) / 2n;
}

