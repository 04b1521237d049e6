import { unicodeOf, type ByteText } from "../base/index.ts";

/**
 * Control characters as `\xNN`, and those that turn the direction of writing, or are half of one, as `\uNNNN`, so that text from a log or a file can neither command a terminal
 * nor pose as other text. Tabs stay.
 */
export function visible(text: string): string {
  return text
    .replaceAll(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replaceAll(/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\p{Surrogate}]/gu, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

/** A line of a log (one character a byte) as it may stand on a terminal: bytes that are no valid UTF-8 become `\xNN` too. */
export function visibleLine(line: string): string {
  return asBytes(visible(unicodeOf((line.endsWith("\r") ? line.slice(0, -1) : line) as ByteText)));
}

/** Unicode text in the log's own form, one character a byte. */
export function asBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
