import type { CaseFrame, CaseFunction } from "../case/index.ts";
import { visible } from "./escape.ts";

/** `net/core/skbuff.c:602 in skb_free_head, net/core/skbuff.c:622`: innermost first, the function's own line last. */
export function placesOf(functions: readonly CaseFunction[]): string {
  const last = functions.length - 1;
  return functions.map((fn, index) => `${placeOf(fn)}${index === last ? "" : ` in ${visible(fn.function)}`}`).join(", ");
}

function placeOf({ file, line }: CaseFunction): string {
  return file === null ? "??" : line === null ? visible(file) : `${visible(file)}:${line}`;
}

/** A frame as text in the place of what the log has, or null where that stays as it is. */
export function frameText(frame: CaseFrame): string | null {
  const { functions, candidates, unresolved, note, symbol, text } = frame;
  if (note === "resolved in the log already") return null;
  const tail = /^\S+((?: \[[^\]]*\])?)/.exec(text)?.[1] ?? "";
  if (unresolved?.reason === "ambiguous") {
    const places = candidates.map((candidate) => placesOf(candidate.functions)).join(" or ") + (note === null ? "" : `; ${visible(note)}`);
    return `${text.slice(0, text.length - tail.length)} (${places})${tail}`;
  }
  if (unresolved || functions.length === 0) return null;
  const own = functions[functions.length - 1]!;
  const where = note === null ? placesOf(functions) : `${placesOf(functions)}; ${visible(note)}`;
  if (symbol === null) return `${text} ${visible(own.function)} (${where})`;
  return `${visible(own.function)} (${where})${tail}`;
}
