export { decode, type Decoded } from "./decode.ts";
export { StreamDecoder, casesOf, decodeWhole, type Piece, type StreamWay } from "./stream.ts";
export type { DecodeOptions } from "./options.ts";
export type { LackingFile } from "./lacking.ts";
export type { Remark } from "./advice.ts";
export { visitNeeded, vmlinuxSourceRoot, vmlinuxTexts, type Needed } from "./needed.ts";
