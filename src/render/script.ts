import { bytesOf, type ByteText } from "../base/index.ts";
import type { Case, CaseFrame, CaseFunction } from "../case/index.ts";
import { asBytes, visibleLine } from "./escape.ts";
import { byteGroupsOf, listingLines } from "./listing.ts";
import { framesByLine, listingsByLine, type TextLine } from "./text.ts";

/**
 * The exact form of scripts/decode_stacktrace.sh of Linux 6.1, for scripts that read it: words joined by single blanks, the module bare behind the
 * parenthesis, inlined lines one after the other, a blank at the end of frames without a module. What differs is only what that script gets wrong.
 * `base` is cut from the front of paths as they were recorded. `onTerminal` makes control characters visible.
 */
export function renderScript(found: Case, lines: readonly TextLine[], options: { readonly base: string | null; readonly onTerminal: boolean }): Buffer {
  const { base, onTerminal } = options;
  const frames = framesByLine(found);
  const listings = listingsByLine(found, lines);
  const groups = byteGroupsOf(found.kernel.arch);
  const parts: string[] = [];
  for (const { line, text } of lines) {
    const stripped = text.replace(/^[ \t]+|[ \t]+$/g, "");
    const own = frames.get(line);
    const symbolic = /\[<[^\]]+>\]/.test(stripped) || /[^+ ]+\+0x[0-9a-f]+\/0x[0-9a-f]+/.test(stripped);
    const code = listings.get(line);
    if (symbolic) parts.push(frameLine(stripped, own ?? [], base));
    else parts.push(code ? stripped.replaceAll(/[ \t]+/g, " ") : stripped);
    if (code) parts.push(...listingLines(code, "objdump", groups));
  }
  return bytesOf(parts.map((part) => `${onTerminal ? visibleLine(part) : part}\n`).join("") as ByteText);
}

/** The script takes the last word (before the module) for the symbol, and drops `[<addresses>]`. */
function frameLine(line: string, frames: readonly CaseFrame[], base: string | null): string {
  const words = line.split(/[ \t]+/);
  for (let index = 0; index < words.length; index++) {
    // `[   12.345]` is two words; the script pads the second to its column.
    if (words[index] === "[" && words[index + 1]?.endsWith("]")) words.splice(index, 2, `[${words[index + 1]!.padStart(13)}`);
  }
  let kept = words.filter((word) => !/\[<[^\]]+>\]/.test(word));
  // The build id is a word of its own within the brackets.
  if (kept.length > 1 && /^[0-9a-f]+\]/.test(kept[kept.length - 1]!)) kept = [...kept.slice(0, -2), kept.slice(-2).join(" ")];
  const last = kept[kept.length - 1] ?? "";
  const bracket = /\[([^\]]+)\]/.exec(last);
  let module = "";
  if (bracket && kept.length > 1) {
    module = last.replace(/^\[/, "").replace(/\]$/, "").replace(/ .*/, "");
    kept.pop();
  }
  const word = kept.pop() ?? "";
  const frame = frames[frames.length - 1];
  const symbol = frame ? symbolText(word, frame, base) : word;
  return `${[...kept, ""].join(" ")}${symbol} ${module}`;
}

function symbolText(word: string, frame: CaseFrame, base: string | null): string {
  const bare = word.replace(/^\(/, "").replace(/\)$/, "");
  const usable = (functions: readonly CaseFunction[]) => functions.length > 0 && functions[0]!.file !== null;
  if (frame.symbol === null || frame.unresolved || !usable(frame.functions)) return word;
  const segment = /^[^+]*:/.exec(bare)?.[0] ?? "";
  const name = frame.note === null ? frame.symbol : frame.functions[frame.functions.length - 1]!.function;
  return asBytes(`${segment}${name} (${frame.functions.map((fn) => scriptPlace(fn, base)).join(" ")})`);
}

function scriptPlace({ file, line, discriminator }: CaseFunction, base: string | null): string {
  const path = file ?? "??";
  const short = base !== null && path.startsWith(`${base}/`) ? path.slice(base.length + 1) : path;
  return `${short}:${line ?? "?"}${discriminator === null ? "" : ` (discriminator ${discriminator})`}`;
}
