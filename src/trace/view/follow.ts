import { visible } from "../../render/index.ts";
import type { CallEvent, PacketValue, TraceEvent, TraceValue } from "../event.ts";
import { durationText, frameText, lostText, packetLine, timeText, valueText } from "../text.ts";
import { plural } from "./amount.ts";

/** How far a socket buffer's end has come: a tracepoint said why (`drop`, `consume`), its parts are taken apart (`free`), its memory is given back (`release`). */
export type Ending = "drop" | "consume" | "free" | "release";
/** One end is seen up to three times, in this order. */
const ranks: Readonly<Record<Ending, number>> = { drop: 1, consume: 1, free: 2, release: 3 };

/**
 * What ends an skb, by name (net/core/skbuff.c). kfree_skb and its like are not here: with more than one reference they end nothing. What a kernel does not have is never met.
 */
const endings: ReadonlyMap<string, Ending> = new Map([
  ["t:skb:kfree_skb", "drop"], ["t:skb:consume_skb", "consume"],
  ["kfree_skb_partial", "free"], ["__kfree_skb", "free"], ["__kfree_skb_defer", "free"], ["__napi_kfree_skb", "free"], ["napi_skb_free_stolen_head", "free"], ["kfree_skbmem", "release"], ["napi_skb_cache_put", "release"],
]);

/** What is called with an skb that is being freed, between the reason and the release. */
const whileFreed = /^(?:__)?(?:skb_release|skb_free|kfree_skb|consume_skb|napi_consume_skb|sock_[erw]?free|sock_wfree|skb_drop|skb_orphan|skb_dst_drop|sk_skb_reason_drop|skb_unref|skb_ext_put)/;

/** Functions whose result is a socket buffer that nobody had before. */
const allocating: ReadonlySet<string> = new Set(["__alloc_skb", "alloc_skb_with_frags", "build_skb", "__build_skb", "napi_build_skb", "slab_build_skb", "skb_clone", "skb_copy", "__pskb_copy_fclone", "__napi_alloc_skb", "napi_alloc_skb", "__netdev_alloc_skb"]);

export type FollowOptions = {
  /** Names of drop reasons by number (enum skb_drop_reason of the kernel's BTF), where the tracepoint gives a number; with or without `SKB_DROP_REASON_`. */
  readonly reasons?: ReadonlyMap<bigint, string>;
  /** Packets that are followed at a time; beyond it the oldest are given up. */
  readonly most?: number;
  /** What is said of packets that nothing but their ends was seen of: each end, drops alone, or nothing. */
  readonly unseen?: "ends" | "drops" | "nothing";
};

type Way = {
  readonly number: number;
  /** The packet that had this address before. */
  readonly before: { readonly number: number; readonly began: bigint } | null;
  readonly began: bigint;
  last: { readonly value: PacketValue; readonly line: string } | null;
  ended: { readonly how: Ending; readonly time: bigint } | null;
  doubtful: boolean;
};

/**
 * Follows socket buffers through the functions that get them, until they are freed; each line stands for itself: the packet's number, time since it was first seen, task, function, and what
 * changed in the packet.
 *
 * A packet is its address. After an address was freed it may be given to another packet, which gets another number; that it was freed twice is only said where the functions that allocate
 * are traced too (`__alloc_skb`, `skb_clone`, …, with their results). Where an end was not seen (events lost, a free in a way that no probe sees) that is said as soon as it shows.
 */
export class SkbFollower {
  readonly #reasons: ReadonlyMap<bigint, string>;
  readonly #most: number;
  readonly #unseen: "ends" | "drops" | "nothing";
  /** In the order in which they were last begun. */
  readonly #ways = new Map<bigint, Way>();
  #number = 0;
  #seesAllocations = false;
  readonly #counts = { dropped: 0, consumed: 0, released: 0, givenUp: 0 };
  readonly #dropReasons = new Map<string, number>();

  constructor({ reasons = new Map(), most = 4096, unseen = "ends" }: FollowOptions = {}) {
    this.#reasons = reasons;
    this.#most = most;
    this.#unseen = unseen;
  }

  /** Lines of text for an event; none for one without a socket buffer. */
  add(event: TraceEvent): string {
    if (event.kind === "lost") {
      for (const way of this.#ways.values()) way.doubtful = true;
      return `${lostText(event)}\n`;
    }
    if (event.kind === "exit" && allocating.has(event.function)) return this.#allocated(event);
    const packet = packetOf(event);
    return packet === null || packet.address === 0n ? "" : this.#met(event, packet);
  }

  /** What became of the packets, at the end. */
  summary(): string {
    const { dropped, consumed, released, givenUp } = this.#counts;
    const open = [...this.#ways.values()].filter(({ ended }) => ended === null).length;
    const parts = [`${dropped} dropped`, `${consumed} consumed`, ...(released > 0 ? [`${released} freed without a reason`] : []), `${open} still on the way`, ...(givenUp > 0 ? [`${givenUp} given up, too many at a time`] : [])];
    const reasons = [...this.#dropReasons].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([reason, count]) => `  ${String(count).padStart(6)}  ${visible(reason)}\n`);
    return `${plural(this.#number, "packet")}: ${parts.join(", ")}\n${reasons.length === 0 ? "" : `drops by reason:\n${reasons.join("")}`}`;
  }

  #allocated(event: CallEvent): string {
    this.#seesAllocations = true;
    const address = addressOf(event.ret);
    if (address === null || address === 0n) return "";
    const before = this.#ways.get(address);
    const note = before !== undefined && before.ended === null ? `${label(before)} its end was not seen: its address is given out again\n` : "";
    const way = this.#begin(address, event.time);
    return `${note}${this.#line(way, event, `allocated by ${visible(event.probe)}`)}`;
  }

  #met(event: CallEvent, packet: { readonly address: bigint; readonly value: PacketValue | null }): string {
    let way = this.#ways.get(packet.address);
    // Arguments of an exit are those of the entry: they say nothing new of the packet, which may be gone by now.
    if (event.kind === "exit") return this.#returned(event, way);
    const how = endings.get(event.probe) ?? endings.get(event.function) ?? null;
    let text = "";
    let freed = "";
    if (way !== undefined && way.ended !== null) {
      if (how !== null && ranks[how] > ranks[way.ended.how]) {
        way.ended = { how, time: event.time };
        return this.#line(way, event, how === "release" ? "its memory is free" : `${visible(event.probe)} takes it apart`);
      }
      if (how === null && way.ended.how !== "release" && whileFreed.test(event.function)) return this.#line(way, event, `${visible(event.probe)}, while it is freed`);
      const after = durationText(event.time - way.ended.time);
      if (!this.#seesAllocations) freed = `, at an address that was freed ${after} before`;
      else if (how !== null) text = `${label(way)} freed again by ${visible(event.probe)}, ${after} after its end; no allocation of its address was seen\n`;
      else text = `${label(way)} its address is met again in ${visible(event.probe)}, ${after} after its end; no allocation of it was seen\n`;
      way = undefined;
    }
    if (way === undefined && how !== null && text === "" && (this.#unseen === "nothing" || (this.#unseen === "drops" && how !== "drop"))) return "";
    if (way === undefined) {
      way = this.#begin(packet.address, event.time);
      text += `${label(way)} 0x${packet.address.toString(16)}${packet.value === null ? "" : ` ${packetText(packet.value)}`}, first seen at ${timeText(event.time).trim()}${freed}\n`;
    } else if (way.doubtful) {
      text += `${label(way)} events were lost before this one: it may be another packet at the same address\n`;
    }
    way.doubtful = false;
    let changes = "";
    if (packet.value !== null) {
      const line = packetLine(packet.value);
      if (way.last !== null) changes = changesOf(way.last.value, packet.value, way.last.line === line ? null : line);
      way.last = { value: packet.value, line };
    }
    return text + (how === null ? this.#line(way, event, `${visible(event.probe)}${changes}`) : this.#ended(way, event, how, changes));
  }

  /** A function that had the packet returns. It may have begun before the address was given to another one. */
  #returned(event: CallEvent, way: Way | undefined): string {
    if (way === undefined) return "";
    const began = event.duration === null ? null : event.time - event.duration;
    const { before } = way;
    const number = began === null || began >= way.began ? way.number : before !== null && began >= before.began ? before.number : null;
    const what = `${visible(event.probe)} returned${event.ret === null ? "" : ` ${valueText(event.ret)}`}`;
    return number === way.number ? this.#line(way, event, what) : `${number === null ? "#?   " : label({ number })} ${"".padStart(9)} ${taskText(event)} ${what}\n`;
  }

  #ended(way: Way, event: CallEvent, how: Ending, changes: string): string {
    const reason = how === "drop" ? this.#reasonOf(event) : null;
    way.ended = { how, time: event.time };
    if (how === "drop") {
      this.#counts.dropped++;
      this.#dropReasons.set(reason ?? "no reason given", (this.#dropReasons.get(reason ?? "no reason given") ?? 0) + 1);
    } else if (how === "consume") this.#counts.consumed++;
    else this.#counts.released++;
    const place = placeOf(event);
    const what = how === "drop" ? `dropped, ${reason === null ? "no reason given" : visible(reason)}` : how === "consume" ? "consumed" : "freed";
    return this.#line(way, event, `${visible(event.probe)}: ${what}${place === null ? "" : ` at ${place}`}${changes}`);
  }

  #begin(address: bigint, began: bigint): Way {
    const old = this.#ways.get(address);
    const before = old === undefined ? null : { number: old.number, began: old.began };
    this.#ways.delete(address);
    while (this.#ways.size >= this.#most) {
      const [oldest, way] = this.#ways.entries().next().value!;
      if (way.ended === null) this.#counts.givenUp++;
      this.#ways.delete(oldest);
    }
    const way: Way = { number: ++this.#number, before, began, last: null, ended: null, doubtful: false };
    this.#ways.set(address, way);
    return way;
  }

  #line(way: Way, event: CallEvent, what: string): string {
    const { time } = event;
    return `${label(way)} ${durationText(time < way.began ? 0n : time - way.began).padStart(9)} ${taskText(event)} ${what}\n`;
  }

  #reasonOf({ args }: CallEvent): string | null {
    const value = args.find(({ name }) => name === "reason")?.value;
    if (value === undefined) return null;
    const name = value.kind === "enum" ? (value.name ?? this.#reasons.get(value.value)) : value.kind === "integer" ? this.#reasons.get(value.value) : undefined;
    if (name !== undefined) return name.replace(/^SKB_(?:DROP_REASON_|NOT_DROPPED_YET$)/, "") || "NOT_DROPPED_YET";
    return value.kind === "enum" || value.kind === "integer" ? `reason ${value.value}` : null;
  }
}

const label = ({ number }: { readonly number: number }): string => `#${number}`.padEnd(5);

const taskText = ({ cpu, comm, tid }: CallEvent): string => `[${cpu}] ${`${visible(comm)}-${tid}`.padEnd(18)}`;

function addressOf(value: TraceValue | null): bigint | null {
  return value !== null && (value.kind === "pointer" || value.kind === "packet") ? value.address : null;
}

/** The socket buffer of an event: the first argument that is one. Tracepoints call it `skbaddr`, a `void *`. */
function packetOf({ args }: CallEvent): { readonly address: bigint; readonly value: PacketValue | null } | null {
  for (const { name, value } of args) {
    if (value.kind === "packet") return { address: value.address, value };
    if (value.kind === "pointer" && (/^(?:const )?struct sk_buff \*$/.test(value.type) || name === "skbaddr")) return { address: value.address, value: null };
    if (value.kind === "integer" && name === "skbaddr") return { address: BigInt.asUintN(64, value.value), value: null };
  }
  return null;
}

/** Where a tracepoint says that it happened: its `location`, or the frame that called. */
function placeOf({ args, stack, kind }: CallEvent): string | null {
  const location = args.find(({ name }) => name === "location")?.value;
  if (location?.kind === "pointer" && location.text !== null) return visible(location.text);
  const caller = stack?.[kind === "tracepoint" ? 0 : 1];
  return caller === undefined ? null : frameText(caller);
}

function packetText(value: PacketValue): string {
  return `${packetLine(value)}, ${plural(value.length, "byte")}${value.device === null ? "" : `, ${visible(value.device)}`}`;
}

/** What is other than before, in a packet that is the same; `line`: its headers, if they are others now. */
function changesOf(before: PacketValue, now: PacketValue, line: string | null): string {
  const changes: string[] = [];
  if (before.length !== now.length) changes.push(`${before.length} to ${plural(now.length, "byte")}`);
  if (before.device !== now.device) changes.push(`${before.device === null ? "no device" : visible(before.device)} to ${now.device === null ? "no device" : visible(now.device)}`);
  if (line !== null && now.bytes.length > 0) changes.push(`now ${line}`);
  return changes.length === 0 ? "" : `  (${changes.join("; ")})`;
}
