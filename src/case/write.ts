import type { Case } from "./types.ts";

/**
 * A case as JSON, two blanks an indent. Control characters beyond ASCII and those that turn the direction of writing stand as `\uNNNN`, which is the same
 * JSON, so that the text of a hostile log can be looked at on a terminal.
 */
export function writeCase(found: Case): string {
  return [...casePieces(found)].join("");
}

/** The same text in pieces, so that the JSON of a log with a thousand reports, ten times the log's size, is never in memory as a whole. */
export function* casePieces(found: Case): Generator<string, void, undefined> {
  for (const piece of objectPieces(found, 0)) yield piece.replaceAll(/[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped);
  yield "\n";
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** The text of an object that stands `depth` levels within another; arrays within it, and those of the objects there, come in pieces. */
function* objectPieces(object: object, depth: number): Generator<string, void, undefined> {
  let before = "{";
  for (const [key, value] of Object.entries(object) as [string, unknown][]) {
    if (value === undefined) continue;
    yield `${before}${newLine(depth + 1)}${JSON.stringify(key)}: `;
    before = ",";
    if (Array.isArray(value) && value.length > 0) yield* arrayPieces(value, depth + 1);
    else if (depth === 0 && typeof value === "object" && value !== null && !Array.isArray(value)) yield* objectPieces(value, depth + 1);
    else yield indented(value, depth + 1);
  }
  yield before === "{" ? "{}" : `${newLine(depth)}}`;
}

function* arrayPieces(list: readonly unknown[], depth: number): Generator<string, void, undefined> {
  for (const [index, element] of list.entries()) yield `${index === 0 ? "[" : ","}${newLine(depth + 1)}${indented(element ?? null, depth + 1)}`;
  yield `${newLine(depth)}]`;
}

const newLine = (depth: number): string => `\n${"  ".repeat(depth)}`;

/** JSON as it stands `depth` levels within another: what arrays of one element around it add is cut off. */
function indented(value: unknown, depth: number): string {
  let within = value;
  for (let level = 0; level < depth; level++) within = [within];
  return JSON.stringify(within, null, 2).slice(depth * (depth + 3), -(depth * (depth + 1)) || undefined);
}
