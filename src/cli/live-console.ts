import { byteText, unicodeOf, type ByteText } from "../base/index.ts";
import { visible } from "../render/index.ts";

/** The last bytes of a chunk that the next one may go on with: a carriage return before its line feed, a character of UTF-8 in its midst. */
const unfinished = /(?:\r|[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})$/;

/**
 * A guest's console as it may stand on a terminal: the function takes the bytes as they come and gives the text to show. Lines and tabs stay as they are,
 * every other control character becomes `\xNN`, and so do bytes that are no UTF-8; a carriage return before a line feed goes. What cannot be judged
 * before the next bytes are there is kept until then; with no bytes at all it is given as it is.
 */
export function liveConsole(): (bytes: Uint8Array) => string {
  let kept = "";
  return (bytes) => {
    let text = kept + byteText(bytes);
    kept = bytes.length === 0 ? "" : (unfinished.exec(text)?.[0] ?? "");
    text = text.slice(0, text.length - kept.length);
    const lines = text.split("\n");
    return lines.map((line, at) => visible(unicodeOf((at < lines.length - 1 ? line.replace(/\r$/, "") : line) as ByteText))).join("\n");
  };
}
