import { eventJson, eventText, type Trace, type TraceEvent } from "../trace/index.ts";

/** The flags of `trace` that say what becomes of its events. */
export type ViewFlags = { readonly format: "text" | "json"; readonly count?: boolean; readonly graph?: boolean; readonly hist?: string; readonly write?: string; readonly live?: boolean; readonly skb?: boolean };

/** What becomes of the events of a trace. Both give text for standard output. */
export type TraceView = {
  /** `events` is empty when nothing came for a while. */
  readonly add: (events: readonly TraceEvent[]) => string;
  readonly end: (running: Trace) => string;
};

/** A line an event, or one with its stack below. */
export function plainView(format: ViewFlags["format"]): TraceView {
  const write = format === "json" ? eventJson : eventText;
  return { add: (events) => events.map(write).join(""), end: () => "" };
}
