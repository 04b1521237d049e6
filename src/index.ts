/** oopscope: from a Linux kernel panic to its cause. */
export { decode, type Decoded, type DecodeOptions, type Remark } from "./decode/index.ts";
export { blameFreers, explain, type Deepen, type DeepStep, type ExplainOptions, type Place } from "./explain/index.ts";
export { OopscopeError, type ErrorCode, type ErrorFacts } from "./base/index.ts";
export { renderScript, renderText, type TextLine } from "./render/index.ts";
export type * from "./case/index.ts";
