export * from "./types.ts";
export { parseLog } from "./parse.ts";
export { LineSplitter } from "./lines.ts";
export { LogReader, type LogListener } from "./reader.ts";
export { quietLines, type Quiet } from "./quiet.ts";
export { readLine } from "./prefix.ts";
export { isPassedOver, plainName } from "./passed-over.ts";
export { readCpuLine, type CpuLine } from "./context.ts";
