/** Characters that take two columns of a terminal (East Asian Wide and Fullwidth of UAX #11, in blocks, and emoji that are shown as pictures). */
const wide = /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
/** Characters that take none: combining marks, format characters, the selectors of variants. */
const none = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;

const tabStop = 8;

/** Columns that a text takes on a terminal from column `start` on; tabs reach the next multiple of eight. */
export function widthOf(text: string, start = 0): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let at = start;
  for (const character of text) at += character === "\t" ? tabStop - (at % tabStop) : characterWidth(character);
  return at - start;
}

function characterWidth(character: string): number {
  return character < "\x7f" ? 1 : none.test(character) ? 0 : wide.test(character) ? 2 : 1;
}

/** Tabs as blanks, for a text that begins at column 0. */
export function untabbed(text: string): string {
  if (!text.includes("\t")) return text;
  let out = "";
  let at = 0;
  for (const character of text) {
    const size = character === "\t" ? tabStop - (at % tabStop) : characterWidth(character);
    out += character === "\t" ? " ".repeat(size) : character;
    at += size;
  }
  return out;
}

/** The text in at most so many columns; what is cut off stands as `...`, for which there must be room. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 4) return "";
  let out = "";
  let at = 0;
  for (const character of text) {
    at += characterWidth(character);
    if (at > columns - 3) break;
    out += character;
  }
  return `${out}...`;
}

/** Filled up with blanks to so many columns. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** Prose in lines of at most so many columns, broken at blanks only: paths and commands stay whole. At least one line. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/[ \t]+/)) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = word;
    } else line += (line === "" ? "" : " ") + word;
  }
  return [...lines, line];
}
