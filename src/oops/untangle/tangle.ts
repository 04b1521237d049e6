/**
 * Who says which line, where several processors print reports at once and no caller id tells.
 *
 * It begins where a report begins before another has come to its end. Then the lines are held until it is known what happened: either the first report
 * was cut off and all further lines are the second's, or both go on, line by line. All ways to give the lines to speakers are searched for those that
 * offend the grammar of reports (speaker.ts) least; a line that they all give to the same speaker is that speaker's, of any other it cannot be told.
 *
 * That reports are interleaved at all must show: by lines that the second report alone cannot have. Else its lines are its own.
 */
import { OopscopeError } from "../../base/index.ts";
import { archOf } from "../context.ts";
import type { Header } from "../format.ts";
import { isDetail } from "../details.ts";
import { sortOf, type Sort } from "./sort.ts";
import { began, continues, expectsMore, keyOf, step, unfinished, type Speaker } from "./speaker.ts";

/** A message that has no caller id. */
export type Message = { readonly line: number; readonly text: string; readonly start: number; readonly header: Header | null };

/** Messages with their speakers: 0 is the one whose report was under way. `others`: who may have said it as well; empty where it is certain, or does not matter. `idle`: the line is nobody's, and nobody lacks it. */
export type Told = { readonly message: Message; readonly is: Sort["is"]; readonly speaker: number; readonly others: readonly number[]; readonly idle: boolean };

const mostMessages = 512;
const mostSilence = 40;
const mostSpeakers = 4;
const mostWays = 48;
/** A line of a report costs nothing in its place, a lost line 1; what is there and cannot be costs more. */
const proof = 2;
/** Lines that offend more, whoever said them, are no reports that are interleaved but something else. */
const mostOffence = 8;

/** Lines whose words belong to one report alone. All others may go to the likeliest speaker. */
const factual: ReadonlySet<Sort["is"]> = new Set(["header", "cpu", "pc", "lr", "code", "row", "frame", "modules", "section"]);

/** One way to tell the lines apart so far, joined with all that cost as much and leave everyone at the same place. */
type Way = { readonly speakers: readonly Speaker[]; readonly cost: number; readonly node: Node | null };
/** A line's speaker in a way, and the ways before. */
type Node = { readonly at: number; readonly from: { readonly speaker: number; readonly node: Node | null }[]; /** It is within a trace, or behind the end marker. */ readonly late: boolean };

export class Tangle {
  readonly #messages: { readonly message: Message; readonly sort: Sort }[] = [];
  readonly #shown = new Set<string>();
  readonly #before: readonly Message[];
  readonly #first: Speaker;
  /** As if the first report was cut: who speaks now, and what is wrong with that. */
  #alone: Speaker;
  #offence = 0;
  #silence = 0;

  /** `before`: the messages of the report that is under way, from its header on. */
  constructor(before: readonly Message[]) {
    this.#before = before;
    let speaker: Speaker | null = null;
    for (const message of before) {
      const sort = sortOf(message.text, message.start, message.header, this.#shown);
      if (sort.is === "header" && (speaker === null || !continues(speaker, sort.header))) speaker = began(-1, sort);
      else if (speaker !== null) speaker = step(speaker, sort).next;
    }
    if (speaker === null) throw new OopscopeError("bad-argument", "a report without a header cannot be told from another");
    this.#first = speaker;
    this.#alone = this.#first;
  }

  /** Whether the report under way has lines to come. */
  get expectsMore(): boolean {
    return expectsMore(this.#first);
  }

  /** Takes a line. False if what is held must be told first, and the line comes behind it. */
  push(message: Message): boolean {
    const sort = sortOf(message.text, message.start, message.header, this.#shown);
    const begins = sort.is === "header" && (this.#messages.length === 0 || !continues(this.#alone, sort.header));
    // `Oops: …` is never the first word.
    const goesOn = begins && sort.header.format.weight < 4 && continues(this.#first, sort.header);
    if (goesOn) this.#offence += proof;
    // The next report, and nothing wrong so far: the first one was cut.
    if (begins && !goesOn && this.#messages.length > 0 && this.#offence < proof && (this.#alone.phase === "trace" || this.#alone.phase === "ended") && unfinished(this.#alone) === 0) return false;
    if (begins) this.#alone = began(this.#messages.length, sort);
    else {
      const { cost, next } = step(this.#alone, sort);
      if (cost >= proof) this.#offence += cost;
      this.#alone = next;
    }
    this.#silence = sort.is === "other" ? this.#silence + 1 : 0;
    this.#messages.push({ message, sort });
    return true;
  }

  /** Nothing more is to be waited for. */
  get complete(): boolean {
    return this.#messages.length >= mostMessages || this.#silence >= mostSilence;
  }

  /** All lines that are held, in their order. */
  get held(): Message[] {
    return this.#messages.map(({ message }) => message);
  }

  /** All lines, in their order; null if they are one report after the other. */
  tell(): Told[] | null {
    if (this.#offence < proof || !this.#ordered()) return null;
    const ways = this.#search();
    if (ways.length === 0) return null;
    const total = (way: Way) => way.cost + way.speakers.reduce((sum, speaker) => sum + unfinished(speaker), 0);
    const least = Math.min(...ways.map(total));
    if (this.#offence + unfinished(this.#first) + unfinished(this.#alone) <= least) return null;
    return this.#assigned(ways.filter((way) => total(way) === least));
  }

  /** Only of these processors the order of the lines is known. */
  #ordered(): boolean {
    return [...this.#before, ...this.held].every(({ text }) => {
      const arch = archOf(text);
      return arch === null || arch === "x86_64" || arch === "arm64";
    });
  }

  /** The least offending ways; none if all offend too much. */
  #search(): Way[] {
    let ways: Way[] = [{ speakers: [this.#first], cost: 0, node: null }];
    for (const [at, { sort }] of this.#messages.entries()) {
      if (sort.is === "other" || sort.is === "cut") continue;
      const next = new Map<string, { speakers: readonly Speaker[]; cost: number; node: Node }>();
      const add = (way: Way, speakers: readonly Speaker[], cost: number, speaker: number, late = false): void => {
        const key = speakers.map(keyOf).join("|");
        const known = next.get(key);
        if (known === undefined || cost < known.cost) next.set(key, { speakers, cost, node: { at, from: [{ speaker, node: way.node }], late } });
        else if (cost === known.cost) known.node.from.push({ speaker, node: way.node });
      };
      for (const way of ways) {
        const goOn = sort.is === "header" ? way.speakers.filter((speaker) => continues(speaker, sort.header)) : way.speakers;
        for (const speaker of goOn) {
          const { cost, next: after } = step(speaker, sort);
          add(way, way.speakers.map((one) => (one === speaker ? after : one)), way.cost + cost, speaker.id, after.phase === "trace" || after.phase === "ended");
        }
        // A header begins a report, unless it is the next word of one; `Oops: …` always is, unless the word before is lost.
        if (sort.is === "header" && way.speakers.length < mostSpeakers) add(way, [...way.speakers, began(at, sort)], way.cost + (goOn.length === 0 ? 0 : sort.header.format.weight < 4 ? proof : 1), at);
        else if (goOn.length === 0) add(way, way.speakers, way.cost + proof, way.speakers.at(-1)!.id);
      }
      ways = [...next.values()].sort((one, other) => one.cost - other.cost).slice(0, mostWays);
      if (ways[0]!.cost > mostOffence) return [];
    }
    return ways;
  }

  /** Who speaks each line in the best ways. */
  #assigned(best: readonly Way[]): Told[] {
    const said: Set<number>[] = this.#messages.map(() => new Set());
    const chosen: (number | undefined)[] = [];
    for (let node = best[0]!.node; node !== null; ) {
      const { speaker, node: before } = node.from[0]!;
      chosen[node.at] = speaker;
      node = before;
    }
    const seen = new Set<Node>();
    const early = new Set<number>();
    const open = best.map(({ node }) => node);
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node === null || seen.has(node)) continue;
      seen.add(node);
      if (!node.late) early.add(node.at);
      for (const { speaker, node: before } of node.from) {
        said[node.at]!.add(speaker);
        open.push(before);
      }
    }
    const ids = [-1, ...new Set(chosen.filter((id) => id !== undefined && id >= 0))] as number[];
    const speakers = best[0]!.speakers;
    const number = (id: number): number => Math.max(0, ids.indexOf(id));
    let last = -1;
    return this.#messages.map(({ message, sort }, at) => {
      let speaker = chosen[at];
      if (sort.is === "cut") speaker = chosen.find((id, later) => later > at && id === later) ?? last;
      // Words without a place in the grammar go to whose report they are of.
      else speaker ??= speakers.find(({ id, kind }) => id === last && isDetail(message.text, message.start, kind))?.id ?? speakers.find(({ id, kind }) => id < at && isDetail(message.text, message.start, kind))?.id ?? last;
      last = speaker;
      // Registers of user mode, and what is printed once more: the report has them already, or does not want them.
      const idle = sort.is === "row" && !early.has(at) && said[at]!.size > 1;
      const others = !factual.has(sort.is) || idle ? [] : [...said[at]!].filter((id) => id !== speaker).map(number);
      return { message, is: sort.is, speaker: number(speaker), others, idle };
    });
  }
}
