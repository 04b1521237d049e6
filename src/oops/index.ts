export * from "./types.ts";
export { LineSplitter, parseLog } from "./parse.ts";
export { LogReader, type LogListener } from "./reader.ts";
export { readLine } from "./prefix.ts";
export { isPassedOver, plainName } from "./passed-over.ts";
