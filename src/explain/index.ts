export { explain } from "./explain.ts";
export { blameFreers } from "./freers.ts";
export { DeepLook, type DeepenOptions, type ImageFiles, type OpenFiles } from "./fault/index.ts";
export { withSources } from "./sources.ts";
export { ruleNames } from "./rules/index.ts";
export type { Deepen, DeepStep, ExplainOptions, Place } from "./types.ts";
