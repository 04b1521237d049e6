export { cacheFolder, debuginfodFolder, symbolsFolder } from "./cachefolder.ts";
export { capabilities, lockdown, sysctl, type Capability } from "./privilege.ts";
export { findProgram, runProgram, type ProgramResult } from "./program.ts";
export { runningKernel, runningModuleBuildId } from "./running.ts";
