export { DeepLook, type DeepenOptions } from "./deepen.ts";
export type { ImageFiles } from "./image.ts";
export type { OpenFiles } from "./stack.ts";
