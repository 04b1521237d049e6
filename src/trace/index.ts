export type { CallEvent, LostEvent, NamedValue, PacketValue, TraceEvent, TraceFrame, TraceValue } from "./event.ts";
