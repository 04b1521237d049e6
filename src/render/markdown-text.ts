import { visible } from "./escape.ts";

/**
 * Text that comes from a log or a file as Markdown (CommonMark, and what GitHub and GitLab make of it): none of it can end a fence or a code span, become
 * HTML, a link, a picture, or a mention of a person or an issue.
 */
export function escaped(text: string): string {
  return visible(text)
    .replaceAll("\t", " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_[\]~|!]/g, "\\$&")
    // What would begin a list or underline a heading.
    .replaceAll(/^(\s*\d*)([-+=#.)])/g, "$1\\$2")
    // A comment parts what would be read as one word: `@name`, `#12`, `GH-12`, `//`, `www.`.
    .replaceAll(/[@#$](?=[\w])|GH(?=-\d)|\/(?=\/)|www(?=\.)/gi, "$&<!-- -->");
}

/** In a code span, whose fence is longer than any within. */
export function codeSpan(text: string): string {
  const shown = visible(text).replaceAll("\t", " ");
  const fence = "`".repeat(longestRun(shown) + 1);
  if (shown.trim() === "") return shown === "" ? "" : `${fence} ${shown} ${fence}`;
  const padding = /^[` ]|[` ]$/.test(shown) ? " " : "";
  return `${fence}${padding}${shown}${padding}${fence}`;
}

/** A sentence with back-ticked names. */
export function prose(text: string): string {
  const parts = text.split("`");
  // A single back-tick is one of the text's own.
  if (parts.length % 2 === 0) return escaped(text);
  return parts.map((part, index) => (index % 2 === 1 ? codeSpan(part) : escaped(part))).join("");
}

/** Lines in a fence that is longer than any within. */
export function fenced(lines: readonly string[], language: string): string[] {
  const shown = lines.map((line) => visible(line));
  const fence = "`".repeat(Math.max(3, ...shown.map((line) => longestRun(line) + 1)));
  return [`${fence}${language}`, ...shown, fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
