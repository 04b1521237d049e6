export { DwarfFile, type Place, type PlaceInFunction } from "./file.ts";
export type { FunctionContents, InlineContents, UnitContents } from "./contents.ts";
export { Claims, ascending } from "./claims.ts";
