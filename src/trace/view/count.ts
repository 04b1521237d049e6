import { cut, padded, visible, widthOf } from "../../render/index.ts";
import { barText, plural, shareText } from "./amount.ts";

/** Counts by a key of several columns: function, task, result. */
export class Counts {
  readonly #columns: readonly string[];
  readonly #rows = new Map<string, { readonly key: readonly string[]; count: number }>();
  #total = 0;
  /** Counts whose key came after there were too many. */
  #others = 0;
  readonly #most: number;

  /** `columns`: their headings. Keys beyond `most` are counted together. */
  constructor(columns: readonly string[], most = 10_000) {
    this.#columns = columns;
    this.#most = most;
  }

  add(key: readonly string[], times = 1): void {
    this.#total += times;
    const name = key.join("\0");
    const row = this.#rows.get(name);
    if (row !== undefined) row.count += times;
    else if (this.#rows.size < this.#most) this.#rows.set(name, { key, count: times });
    else this.#others += times;
  }

  get total(): number {
    return this.#total;
  }

  /** A table, the greatest count first, of equal ones by key; at most `rows` of them, the rest in one line. Keys are escaped and cut to the width. */
  text(columns = 80, rows = Infinity): string {
    const sorted = [...this.#rows.values()].sort((a, b) => b.count - a.count || (a.key.join("\0") < b.key.join("\0") ? -1 : 1));
    const shown = sorted.slice(0, rows).map(({ key, count }) => ({ cells: key.map(visible), count }));
    if (shown.length === 0) return "nothing was counted\n";
    const counts = Math.max("count".length, String(shown[0]!.count).length);
    const room = Math.max(20, columns - counts - 10 - 2 * this.#columns.length);
    const widths = fitted(this.#columns.map((heading, index) => Math.max(widthOf(heading), ...shown.map(({ cells }) => widthOf(cells[index] ?? "")))), room);
    const bar = Math.min(30, columns - counts - 10 - widths.reduce((sum, width) => sum + width + 2, 0));
    const line = (cells: readonly string[]): string => widths.map((width, index) => `  ${padded(cut(cells[index] ?? "", width), width)}`).join("");
    const lines = [`${"count".padStart(counts)} ${"share".padStart(6)}${line(this.#columns)}`.trimEnd()];
    for (const { cells, count } of shown) lines.push(`${String(count).padStart(counts)} ${shareText(count, this.#total)}${line(cells)}${bar < 5 ? "" : `  ${barText(count, shown[0]!.count, bar)}`}`.trimEnd());
    const hidden = sorted.slice(shown.length).reduce((sum, { count }) => sum + count, 0) + this.#others;
    if (hidden > 0) lines.push(`${String(hidden).padStart(counts)} ${shareText(hidden, this.#total)}  (${sorted.length > shown.length ? plural(sorted.length - shown.length, "more row") : "further rows"}${this.#others > 0 && sorted.length > shown.length ? ", and rows beyond the limit" : ""})`);
    return `${lines.join("\n")}\n`;
  }
}

/** Takes from the widest until all fit; none becomes narrower than eight. */
function fitted(widths: readonly number[], room: number): number[] {
  const all = [...widths];
  for (;;) {
    const sum = all.reduce((total, width) => total + width, 0);
    const widest = all.indexOf(Math.max(...all));
    if (sum <= room || all[widest]! <= 8) return all;
    const second = Math.max(8, ...all.filter((_, index) => index !== widest));
    all[widest] = Math.max(8, Math.min(second < all[widest]! ? Math.max(second, all[widest]! - (sum - room)) : all[widest]! - 1));
  }
}
