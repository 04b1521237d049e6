export { btfFolder, findBtfBase, releaseOfFile, releaseOfModule, runningRelease, type FoundBase } from "./btfbase.ts";
export { cacheFolder, debuginfodFolder, symbolsFolder } from "./cachefolder.ts";
export { findPahole, removeSections, runPahole, type Pahole } from "./pahole.ts";
export { capabilities, lockdown, securityModules, sysctl, type Capability } from "./privilege.ts";
export { findProgram, runProgram, type ProgramResult } from "./program.ts";
export { runningKernel, runningModuleBuildId } from "./running.ts";
