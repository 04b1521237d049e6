import { readHead } from "../prefix.ts";

const colour = /\x1b\[[0-9;]{0,32}m/g;
const atEnd = /(?:\x1b\[[0-9;]{0,32}m){1,8}\r?$/;

/**
 * A line as dmesg --color writes it, which colours the stamp and parts of the message, without its colours. Colours before or behind the message alone are
 * in nobody's way and stay; so does what a task's name holds in a line without other colours.
 */
export function uncoloured(text: string): string {
  if (!text.includes("\x1b[")) return text;
  const { start } = readHead(text, 0);
  const first = text.indexOf("\x1b[");
  if (first >= start) return text;
  const end = atEnd.exec(text.slice(-300));
  const message = text.slice(start, end === null ? text.length : text.length - end[0].length);
  return message.search(colour) >= 0 ? text.replace(colour, "") : text;
}
