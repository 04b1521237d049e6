export { renderScript } from "./script.ts";
export { renderText, type TextLine } from "./text.ts";
export { placesOf } from "./frame.ts";
export { visible } from "./escape.ts";
