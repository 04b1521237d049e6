import { cut, padded, visible, widthOf } from "../../render/index.ts";
import type { CallEvent, TraceEvent } from "../event.ts";
import { durationText } from "../text.ts";
import { Histogram } from "./hist.ts";

type Row = {
  readonly probe: string;
  entries: number;
  exits: number;
  errors: number;
  readonly durations: Histogram;
  /** Calls at the last tick, and a second's calls between the last two. */
  counted: number;
  rate: number;
};

const columns = ["function", "calls/s", "calls", "errors", "mean", "p99"] as const;
type Column = (typeof columns)[number];

/** What a key did: `quit` is the caller's to do. */
export type KeyResult = "quit" | "changed" | "ignored";

/** Rows are dropped from the picture, never from the counts; probes beyond it are counted together. */
const mostRows = 10_000;

/**
 * A table of functions for a terminal: calls a second, calls, errors, mean and 99th percentile of the durations. Events go in, lines come out; `screen.ts` writes them.
 *
 * Keys: `s` and `S` sort by the next or the last column, `r` turns the order, `p` or a blank pauses the picture (counting goes on), `/` filters by a part of the name (Enter keeps it,
 * Escape drops it), arrows, PgUp and PgDn scroll, `q` or Ctrl-C quits.
 */
export class LiveTable {
  readonly #rows = new Map<string, Row>();
  readonly #lost = new Map<string, bigint>();
  #ticked: bigint | null = null;
  #sort: Column = "calls/s";
  #turned = false;
  #filter = "";
  #typing = false;
  #top = 0;
  #page = 10;
  /** The picture that a pause keeps. */
  #held: readonly Picture[] | null = null;

  add(event: TraceEvent): void {
    if (event.kind === "lost") {
      this.#lost.set(event.why, (this.#lost.get(event.why) ?? 0n) + event.count);
      return;
    }
    const row = this.#rowOf(event);
    if (event.kind === "exit") {
      row.exits++;
      if (event.duration !== null) row.durations.add(event.duration);
      if (event.ret?.kind === "error" && event.ret.value < 0n) row.errors++;
    } else row.entries++;
  }

  #rowOf({ probe }: CallEvent): Row {
    const name = this.#rows.size >= mostRows && !this.#rows.has(probe) ? "(others)" : probe;
    let row = this.#rows.get(name);
    if (row === undefined) this.#rows.set(name, (row = { probe: name, entries: 0, exits: 0, errors: 0, durations: new Histogram({ kind: "powers" }, 0), counted: 0, rate: 0 }));
    return row;
  }

  /** Takes the rates since the last tick. `now`: nanoseconds of any clock that does not go back. */
  tick(now: bigint): void {
    const seconds = this.#ticked === null ? 0 : Number(now - this.#ticked) / 1e9;
    for (const row of this.#rows.values()) {
      const calls = callsOf(row);
      row.rate = seconds > 0 ? (calls - row.counted) / seconds : 0;
      row.counted = calls;
    }
    this.#ticked = now;
  }

  /** A key, as the terminal sends it (raw mode): a letter, or an escape sequence. */
  key(sequence: string): KeyResult {
    if (sequence === "\x03") return "quit";
    if (this.#typing) return this.#type(sequence);
    switch (sequence) {
      case "q":
        return "quit";
      case "s":
      case "S":
        this.#sort = columns[(columns.indexOf(this.#sort) + (sequence === "s" ? 1 : columns.length - 1)) % columns.length]!;
        this.#turned = false;
        return "changed";
      case "r":
        this.#turned = !this.#turned;
        return "changed";
      case "p":
      case " ":
        this.#held = this.#held === null ? this.#pictures().map(fixed) : null;
        return "changed";
      case "/":
        this.#typing = true;
        return "changed";
      case "\x1b":
        if (this.#filter === "") return "ignored";
        this.#filter = "";
        return "changed";
      case "\x1b[A":
        return this.#scroll(-1);
      case "\x1b[B":
        return this.#scroll(1);
      case "\x1b[5~":
        return this.#scroll(-this.#page);
      case "\x1b[6~":
        return this.#scroll(this.#page);
      default:
        return "ignored";
    }
  }

  #type(sequence: string): KeyResult {
    if (sequence === "\r" || sequence === "\n") this.#typing = false;
    else if (sequence === "\x1b") {
      this.#typing = false;
      this.#filter = "";
    } else if (sequence === "\x7f" || sequence === "\b") this.#filter = [...this.#filter].slice(0, -1).join("");
    // A paste comes at once; what has control characters is no part of a name.
    else if (/^[^\x00-\x1f\x7f-\x9f]{1,100}$/.test(sequence)) this.#filter = (this.#filter + sequence).slice(0, 100);
    else return "ignored";
    this.#top = 0;
    return "changed";
  }

  #scroll(by: number): KeyResult {
    this.#top = Math.max(0, this.#top + by);
    return "changed";
  }

  #pictures(): Picture[] {
    return [...this.#rows.values()].map((row) => ({ name: visible(row.probe), rate: row.rate, calls: callsOf(row), errors: row.exits === 0 ? null : row.errors, mean: row.durations.mean, p99: () => row.durations.percentile(0.99) }));
  }

  /** The picture: exactly `height` lines, none wider than `width`, safe for a terminal. */
  lines(width: number, height: number): string[] {
    const all = this.#held ?? this.#pictures();
    const matching = this.#filter === "" ? all : all.filter(({ name }) => name.toLowerCase().includes(this.#filter.toLowerCase()));
    const sorted = (this.#sort === "p99" ? matching.map(fixed) : [...matching]).sort((a, b) => (this.#turned ? -1 : 1) * compare(a, b, this.#sort) || (a.name < b.name ? -1 : 1));
    this.#page = Math.max(1, height - 3);
    this.#top = Math.max(0, Math.min(this.#top, sorted.length - this.#page));
    const shown = sorted.slice(this.#top, this.#top + this.#page);
    const heads = columns.map((column) => (column === this.#sort ? `${column}${this.#turned !== (column === "function") ? "^" : "v"}` : column));
    const timeText = (duration: bigint | null): string => (duration === null ? "" : durationText(duration));
    const cells = shown.map(({ name, rate, calls, errors, mean, p99 }) => [name, rateText(rate), String(calls), errors === null ? "" : String(errors), timeText(mean), timeText(p99())]);
    const widths = heads.map((head, index) => Math.max(index === 0 ? 0 : [0, 9, 8, 7, 8, 8][index]!, widthOf(head), ...cells.map((row) => widthOf(row[index]!))));
    const numbers = widths.slice(1).reduce((sum, each) => sum + each + 2, 0);
    const name = Math.max(8, Math.min(widths[0]!, width - numbers));
    const line = (row: readonly string[]): string => cut(padded(cut(row[0]!, name), name) + row.slice(1).map((cell, index) => `  ${" ".repeat(Math.max(0, widths[index + 1]! - widthOf(cell)))}${cell}`).join(""), width).trimEnd();
    const place = sorted.length > shown.length ? `, ${this.#top + 1} to ${this.#top + shown.length} of ${sorted.length}` : "";
    const filter = this.#typing ? `  filter: ${visible(this.#filter)}_` : this.#filter === "" ? "" : `  filter: ${visible(this.#filter)}`;
    const calls = all.reduce((sum, row) => sum + row.calls, 0);
    const rate = all.reduce((sum, row) => sum + row.rate, 0);
    const state = `${calls} calls, ${rateText(rate)}/s, ${all.length} functions${place}${this.#lostText()}${this.#held === null ? "" : "  PAUSED"}${filter}`;
    const body = [cut(state, width), line(heads), ...cells.map(line)];
    while (body.length < height - 1) body.push("");
    return [...body, cut("s sort  r turn  p pause  / filter  q quit", width)].slice(0, height);
  }

  #lostText(): string {
    const lost = [...this.#lost].filter(([, count]) => count > 0n).map(([why, count]) => `${count} ${why}`);
    return lost.length === 0 ? ", none lost" : `, LOST ${lost.join(", ")}`;
  }
}

/** `p99` costs some work, and is asked only of rows that are shown or compared by it. */
type Picture = { readonly name: string; readonly rate: number; readonly calls: number; readonly errors: number | null; readonly mean: bigint | null; readonly p99: () => bigint | null };

/** As it is now, for good. */
function fixed(picture: Picture): Picture {
  const value = picture.p99();
  return { ...picture, p99: () => value };
}

/** Calls are entries where there are any: the exit of one may still be to come. */
const callsOf = ({ entries, exits }: Row): number => Math.max(entries, exits);

/** The greatest first, names from A; what has no number comes last. */
function compare(a: Picture, b: Picture, column: Column): number {
  const value = ({ rate, calls, errors, mean, p99 }: Picture): number => Number({ function: 0, "calls/s": rate, calls, errors: errors ?? -1, mean: mean ?? -1n, p99: column === "p99" ? (p99() ?? -1n) : 0 }[column]);
  return column === "function" ? (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) : value(b) - value(a);
}

function rateText(rate: number): string {
  return rate === 0 || rate >= 100 ? rate.toFixed(0) : rate.toFixed(1);
}
