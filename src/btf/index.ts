export { Btf, type BtfOrigin } from "./file.ts";
export { looksLikeBtf, type BtfHeader, type BtfKind } from "./format.ts";
export { btfFromBytes, btfOfElf, openBtf, type BtfFile } from "./open.ts";
export { memberAt, resolve, sizeOf } from "./resolve.ts";
export { nameText, prototypeText, typeText } from "./text.ts";
export { readBtfExt, type BtfExt, type BtfFunction, type BtfLine, type BtfRelocation } from "./ext.ts";
export type * from "./types.ts";
