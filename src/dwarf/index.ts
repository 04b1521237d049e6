export { DwarfFile, type Place, type PlaceInFunction } from "./file.ts";
