import type { Case } from "../case/index.ts";
import type { TerminalOptions } from "./terminal.ts";

export { renderScript } from "./script.ts";
export { renderText, type TextLine } from "./text.ts";
export { placesOf } from "./frame.ts";
export { visible } from "./escape.ts";
export { cut, padded, widthOf } from "./width.ts";
export type { TerminalOptions } from "./terminal.ts";

/** The forms in which a case is shown to people; all are drawn from the case alone. */
export const renderFormats = ["terminal", "markdown", "lkml", "html"] as const;
export type RenderFormat = (typeof renderFormats)[number];

/** A case as text of one form, in whole, with a line feed at its end. `options` are the terminal's; the other forms have none. */
export type Renderer = (found: Case, options?: TerminalOptions) => string;

/** The same in pieces, which come as they are read: the page of a log with a thousand reports is long. */
export type PieceRenderer = (found: Case, options?: TerminalOptions) => Iterable<string>;

/** What draws a form: loaded when it is asked for. */
export async function rendererOf(format: RenderFormat): Promise<Renderer> {
  const draw = await piecesOf(format);
  return (found, options) => [...draw(found, options)].join("");
}

/** What draws a form in pieces. */
export async function piecesOf(format: RenderFormat): Promise<PieceRenderer> {
  switch (format) {
    case "terminal":
      return (await import("./terminal.ts")).terminalPieces;
    case "markdown":
      return (await import("./markdown.ts")).markdownPieces;
    case "lkml":
      return (await import("./lkml.ts")).lkmlPieces;
    case "html":
      return (await import("./html/page.ts")).htmlPieces;
  }
}
