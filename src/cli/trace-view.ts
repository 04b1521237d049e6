import type { Trace, TraceEvent } from "../trace/index.ts";

/** What becomes of the events of a trace. Both give text for standard output. */
export type TraceView = {
  /** `events` is empty when nothing came for a while. */
  readonly add: (events: readonly TraceEvent[]) => string;
  readonly end: (running: Trace) => string;
};
