export { bootLab, listLab, runLab, type LabResult } from "./lab.ts";
export type { LabOptions } from "./plan.ts";
export type { GuestEnd } from "./guest.ts";
export { checkerOf, findKernel, listKernels, type BootKernel } from "./kernels.ts";
export { parseScenarios, readMarks, readScenarios, type Scenario, type ScenarioFrame } from "./scenario.ts";
export { isExact, readTruth, sourceName, trimConsole, type Truth, type TruthFrame, type TruthPlace } from "./truth.ts";
export { buildModule } from "./build.ts";
export { writeCpio, type CpioEntry } from "./cpio.ts";
