export { btfFolder, findBtfBase, releaseOfFile, releaseOfModule, runningRelease, type FoundBase } from "./btfbase.ts";
export { cacheFolder, codeFolder, debuginfodFolder, symbolsFolder } from "./cachefolder.ts";
export { distribution, installCommand, type Distribution, type DistributionKind, type Needed } from "./distribution.ts";
export { kernelConfig, type KernelConfig } from "./kernelconfig.ts";
export { findPahole, removeSections, runPahole, type Pahole } from "./pahole.ts";
export { capabilities, lockdown, securityModules, sysctl, type Capability } from "./privilege.ts";
export { findProgram, runProgram, type ProgramResult } from "./program.ts";
export { machineArch, runningKernel, runningModuleBuildId } from "./running.ts";
export { loadedModules, readLive, tracefsFolder, type Refused } from "./tracefs.ts";
