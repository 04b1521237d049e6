export { explain } from "./explain.ts";
export { blameFreers } from "./freers.ts";
export { ruleNames } from "./rules/index.ts";
export type { Deepen, DeepStep, ExplainOptions, Place } from "./types.ts";
