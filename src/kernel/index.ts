export { moduleKey, type KernelClues, type ModuleClues } from "./clues.ts";
export { closeFound, findModules, findVmlinux, hasDebugInformation, type FoundFile, type SearchPlaces } from "./find.ts";
export { enoughBytes, matchModule, matchVmlinux, type Evidence, type MatchResult } from "./match.ts";
export { debugPackage, type DebugPackage } from "./packages.ts";
export { patchSymbols } from "./patchtables.ts";
export { compareCode, noteRewritten, rewrittenBytes, rewrittenSection } from "./rewritten.ts";
