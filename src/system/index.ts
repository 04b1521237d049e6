export { cacheFolder, debuginfodFolder, symbolsFolder } from "./cachefolder.ts";
export { findProgram, runProgram, type ProgramResult } from "./program.ts";
export { runningKernel, runningModuleBuildId } from "./running.ts";
