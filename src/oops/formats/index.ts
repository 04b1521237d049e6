import type { CrashFormat } from "../format.ts";
import { bugFormats } from "./bug.ts";
import { faultFormats } from "./fault.ts";
import { lockFormats } from "./lock.ts";
import { memoryFormats } from "./memory.ts";
import { panicFormats } from "./panic.ts";
import { sanitizerFormats } from "./sanitizer.ts";
import { slubFormats } from "./slub.ts";
import { stallFormats } from "./stall.ts";

/** Every way a report can begin; where two fit a line, the first one wins. */
export const formats: readonly CrashFormat[] = [
  ...sanitizerFormats, ...stallFormats, ...lockFormats, ...memoryFormats, ...slubFormats, ...faultFormats, ...bugFormats, ...panicFormats,
];
