/** oopscope: from a Linux kernel panic to its cause. */
export { decode, type Decoded, type DecodeOptions, type Remark } from "./decode/index.ts";
export { blameFreers, explain, type Deepen, type DeepStep, type ExplainOptions, type Place } from "./explain/index.ts";
export { OopscopeError, type ErrorCode, type ErrorFacts } from "./base/index.ts";
export { renderFormats, rendererOf, renderScript, renderText, type Renderer, type RenderFormat, type TerminalOptions, type TextLine } from "./render/index.ts";
export * from "./case/index.ts";
