export { Image, openImage } from "./image.ts";
export type { SizeFit } from "./match.ts";
export { sourceName } from "./names.ts";
export type { ImageSymbol, ResolvedFunction, ResolvedPlace } from "./types.ts";
