export { openAnyImage, openGsymImage, skeletonOf, type GsymImage } from "./gsymimage.ts";
export { Image, openImage, type Lines } from "./image.ts";
export { sourceName } from "./names.ts";
export { packImage, type Packed, type PackOptions, type Stretch } from "./pack.ts";
export type { ImageSymbol, ResolvedFunction, ResolvedPlace } from "./types.ts";
