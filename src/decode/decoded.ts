import type { CaseFunction } from "../case/index.ts";

/** What an earlier decoder wrote into the log (`net/core/skbuff.c:602 in skb_free_head, net/core/skbuff.c:622`), as functions; empty if it reads otherwise. */
export function functionsOfText(decoded: string, symbol: string): CaseFunction[] {
  const parts = decoded.includes(", ") ? decoded.split(", ") : decoded.split(/ (?!in |\()/);
  const functions: CaseFunction[] = [];
  for (const [index, part] of parts.entries()) {
    const match = /^(\S+):(\d{1,9})(?: \(discriminator (\d{1,9})\))?(?: in (\S+))?$/.exec(part);
    if (!match) return [];
    const inlined = index !== parts.length - 1;
    functions.push({
      function: match[4] ?? (inlined ? "??" : symbol),
      file: match[1]!,
      line: Number(match[2]),
      column: null,
      discriminator: match[3] === undefined ? null : Number(match[3]),
      inlined,
    });
  }
  return functions;
}
