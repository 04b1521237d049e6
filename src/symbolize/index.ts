export { Image, openImage } from "./image.ts";
export { sourceName } from "./names.ts";
export type { ImageSymbol, ResolvedFunction, ResolvedPlace } from "./types.ts";
