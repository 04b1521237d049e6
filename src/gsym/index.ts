export { GsymFile, gsymFromBytes, openGsym, type GsymEntry, type GsymPlaceInFunction } from "./file.ts";
export type { GsymHeader } from "./format.ts";
export type { InlinedCall } from "./inlines.ts";
export type { Rows } from "./lines.ts";
export { GsymWriter, type GsymFunction } from "./writer.ts";
