/** How a piece of text is to look. */
export type Style = "title" | "strong" | "primary" | "secondary" | "module" | "faint" | "command" | "rule";

/** SGR parameters (ECMA-48): the sixteen colours, which follow the terminal's own theme. */
const parameters: Readonly<Record<Style, string>> = { title: "1;31", strong: "1", primary: "1;31", secondary: "1;34", module: "36", faint: "2", command: "32", rule: "1;34" };

/** Colours and links, or none of them. */
export class Painter {
  readonly #colour: boolean;
  readonly #linkOf: ((file: string) => string | null) | null;

  constructor(colour: boolean, linkOf: ((file: string) => string | null) | null) {
    this.#colour = colour;
    this.#linkOf = linkOf;
  }

  /** `text` must be safe for a terminal already. */
  paint(style: Style, text: string): string {
    return this.#colour && text !== "" ? `\x1b[${parameters[style]}m${text}\x1b[0m` : text;
  }

  /** The text as an OSC 8 link to where the file lies, where that is known. */
  link(file: string | null, text: string): string {
    const target = file === null ? null : (this.#linkOf?.(file) ?? null);
    // Only printable ASCII may stand in a link.
    return target === null || /[^\x21-\x7e]/.test(target) ? text : `\x1b]8;;${target}\x1b\\${text}\x1b]8;;\x1b\\`;
  }
}
