export { decode, type Decoded } from "./decode.ts";
export type { DecodeOptions } from "./options.ts";
export type { LackingFile } from "./lacking.ts";
export type { Remark } from "./advice.ts";
