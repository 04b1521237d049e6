/** Takes the terminal's second screen (xterm's 1049), without a cursor and without wrapping. */
export const enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J";
/** Gives it back. To be written however the process ends. */
export const leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/** Draws lines, which must be safe for a terminal and no wider than it, over those that are there: only the ones that changed, so that nothing flickers. */
export class Screen {
  #shown: readonly string[] = [];

  /** What to write. `heading`: the line that is shown in reverse. */
  draw(lines: readonly string[], heading = 1): string {
    let out = "";
    for (const [index, line] of lines.entries()) {
      if (this.#shown[index] === line) continue;
      const look = index === heading ? `\x1b[7m${line}\x1b[0m` : line;
      out += `\x1b[${index + 1};1H${look}\x1b[K`;
    }
    if (lines.length < this.#shown.length) out += `\x1b[${lines.length + 1};1H\x1b[J`;
    this.#shown = lines;
    return out;
  }

  /** After the terminal changed its size: everything is drawn again. */
  forget(): string {
    this.#shown = [];
    return "\x1b[2J";
  }
}

/** Keys in what a terminal sends at once, in raw mode: letters, and escape sequences of xterm in one piece. What stays of a paste into a filter is one piece as well. */
export function keysOf(bytes: string): string[] {
  return bytes.match(/\x1b(?:\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|O[\x40-\x7e])?|[^\x00-\x1f\x7f]|[\x00-\x1f\x7f]/gu) ?? [];
}
