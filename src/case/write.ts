import type { Case } from "./types.ts";

/**
 * A case as JSON, two blanks an indent. Control characters beyond ASCII and those that turn the direction of writing stand as `\uNNNN`, which is the same
 * JSON, so that the text of a hostile log can be looked at on a terminal.
 */
export function writeCase(found: Case): string {
  return `${JSON.stringify(found, null, 2).replaceAll(/[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}
