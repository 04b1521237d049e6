import { HeaderReader, type Header } from "./format.ts";
import { formats } from "./formats/index.ts";
import { middles } from "./formats/middle.ts";

const headers = new HeaderReader(formats);

/** The header of a report that begins at `start`, or null. */
export function readHeader(text: string, start: number): Header | null {
  const header = headers.read(text, start);
  if (header !== null) return header;
  for (const { word, format } of middles) {
    if (!text.includes(word)) continue;
    format.header.lastIndex = start;
    const match = format.header.exec(text);
    if (match !== null) return { format, match };
  }
  return null;
}
