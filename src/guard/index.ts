export { evidenceLevels, interruptStates, type EvidenceLevel, type Freed, type GuardEvent, type Interrupts } from "./event.ts";
export type { Leak } from "./leaks.ts";
export { planHooks, missingRole, type Hook, type HookPlan, type HookRole, type HookWay, type KernelNames } from "./hooks.ts";
export { frameText, moduleRanges, readSymbolTable, type CodeRange, type SymbolTable } from "./symbols.ts";
export { eventText, leakText, taintText, type KernelWords } from "./text.ts";
export { skbArgumentsOf, usesAmong, type SkbUse, type SkbUses } from "./uses.ts";
export { Guard, type GuardedModule, type GuardOptions, type GuardStatistics, type HoldCounts } from "./watch.ts";
