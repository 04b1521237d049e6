export { moduleKey, type KernelClues, type ModuleClues } from "./clues.ts";
export { closeFound, findModules, findVmlinux, hasDebugInformation, type FoundFile, type SearchPlaces } from "./find.ts";
export { imageOfNames, looksLikeNames, readNames, type NameList, type NameListKind } from "./namelist.ts";
export { enoughBytes, matchModule, matchVmlinux, type Evidence, type MatchResult } from "./match.ts";
export { bootImagePlaces, debuginfodPlace } from "./places.ts";
export { debugPackage, type DebugPackage } from "./packages.ts";
export { patchSymbols } from "./patchtables.ts";
export { compareCode, rewrittenBytes } from "./rewritten.ts";
export { moduleOfFile } from "./walk.ts";
