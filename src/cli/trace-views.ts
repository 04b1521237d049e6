import { closeSync, openSync, writeSync } from "node:fs";
import { release, type as systemName } from "node:os";
import { messageOf, OopscopeError } from "../base/index.ts";
import { CallGraph, capturedPacket, Counts, Histogram, SkbFollower, PcapngWriter, type CallEvent, type TraceValue } from "../trace/index.ts";
import { terminalColumns } from "./output.ts";
import { plainView, type TraceView, type ViewFlags } from "./trace-view.ts";

/** The view that the flags ask for; `stop` ends the trace; `packets`: whether all are looked for, or some of them. Throws `unwritable` for a file that cannot be made. */
export async function viewOf(flags: ViewFlags, stop: () => void, packets: "all" | "some"): Promise<TraceView> {
  if (flags.live === true) return (await import("./live-table.ts")).liveView(stop);
  if (flags.count === true) return countView(flags);
  if (flags.hist !== undefined) return histView(flags.hist);
  if (flags.write !== undefined) return packetView(flags.write);
  if (flags.skb === true && flags.format === "text") return packetsView(packets === "all" ? "drops" : "nothing");
  if (flags.graph === true && flags.format === "text") return graphView();
  return plainView(flags.format);
}

function packetsView(unseen: "drops" | "nothing"): TraceView {
  const follower = new SkbFollower({ unseen });
  return { add: (events) => events.map((event) => follower.add(event)).join(""), end: () => follower.summary() };
}

function countView({ format }: ViewFlags): TraceView {
  return {
    add: () => "",
    end: (running) => {
      const counts = running.counts();
      if (format === "json") return counts.map(({ probe, count }) => `${JSON.stringify({ probe, count: Number(count) })}\n`).join("");
      const table = new Counts(["probe"]);
      for (const { probe, count } of counts) if (count > 0n) table.add([probe], Number(count));
      return table.text(terminalColumns());
    },
  };
}

function graphView(): TraceView {
  const graph = new CallGraph();
  return { add: (events) => (events.length === 0 ? graph.settle(process.hrtime.bigint()) : events.map((event) => graph.add(event)).join("")), end: () => graph.end() };
}

function histView(expression: string): TraceView {
  const histogram = new Histogram({ kind: "powers" });
  let absent = 0;
  return {
    add: (events) => {
      for (const event of events) {
        if (event.kind === "lost") continue;
        const value = histValue(event, expression);
        if (value === null) absent++;
        else histogram.add(value);
      }
      return "";
    },
    end: () => `${histogram.text(expression, expression === "duration" ? "nanoseconds" : "none", terminalColumns())}${absent === 0 ? "" : `${absent} more could not be read\n`}`,
  };
}

function histValue(event: CallEvent, expression: string): bigint | null {
  if (expression === "duration") return event.duration;
  return numberOf(expression === "ret" ? event.ret : (event.args[0]?.value ?? null));
}

/** The number that a value is; null for what is none. */
function numberOf(value: TraceValue | null): bigint | null {
  switch (value?.kind) {
    case "integer":
    case "character":
    case "enum":
    case "error":
      return value.value;
    case "bool":
      return value.value ? 1n : 0n;
    case "pointer":
    case "packet":
      return value.address;
    case "text":
    case "bytes":
    case "absent":
    case undefined:
      return null;
  }
}

/** Packets among the arguments go into a file that tcpdump and Wireshark read. */
function packetView(path: string): TraceView {
  const file = new PcapngWriter();
  let descriptor: number;
  try {
    descriptor = openSync(path, "w");
  } catch (cause) {
    throw new OopscopeError("unwritable", `\`${path}\` cannot be written: ${messageOf(cause)}`, { file: path }, cause);
  }
  // Node has no clock of its own that counts nanoseconds since 1970: milliseconds are what this is right to.
  const clock = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  const start = BigInt(Date.now()) * 1_000_000n;
  let seen = 0n;
  let lost = 0n;
  const put = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
  };
  put(file.header(`${systemName()} ${release()}`));
  return {
    add: (events) => {
      for (const event of events) {
        if (event.kind === "lost") {
          lost += event.count;
          continue;
        }
        for (const { value } of event.args) {
          if (value.kind !== "packet") continue;
          seen++;
          put(file.packet(capturedPacket(event, value, clock)));
        }
      }
      return "";
    },
    end: () => {
      put(file.statistics({ start, end: BigInt(Date.now()) * 1_000_000n, seen, lost }));
      closeSync(descriptor);
      return "";
    },
  };
}
