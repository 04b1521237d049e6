export type { CallEvent, LostEvent, NamedValue, PacketValue, TraceEvent, TraceFrame, TraceValue } from "./event.ts";
export { ExpressionError } from "./expression/index.ts";
export { eventJson, valueJson } from "./json.ts";
export { callText, durationText, eventText, frameText, lostText, timeText, valueText } from "./text.ts";
export { trace, Trace, type AttachedProbe, type TraceOptions, type TraceStatistics } from "./trace.ts";
export type { RefusedProbe } from "./probe.ts";
export type { When } from "./plan.ts";
