/** What SLUB's own checks print (mm/slub.c slab_bug, object_err, slab_err). */
import { literal, type CrashFormat } from "../format.ts";
import type { CrashKind } from "../types.ts";

function slubKind(what: string): CrashKind {
  if (/already free/i.test(what)) return "double-free";
  if (/^Poison/i.test(what)) return "use-after-free";
  if (/Redzone|Padding/i.test(what)) return "out-of-bounds";
  if (/Objects? remaining/i.test(what)) return "leak";
  if (/Invalid object pointer|outside of slab|Page slab pointer|wrong slab/i.test(what)) return "invalid-free";
  return "memory-corruption";
}

export const slubFormats: readonly CrashFormat[] = [
  {
    starts: ["BUG "],
    header: /BUG ([^\s:(][^:(]{0,80}?) \((Not tainted|Tainted: [A-Z +]{1,40}?)\s*\): ([^\n]{1,160})/y,
    stage: "announcement", weight: 8, names: "trace", trace: "needed",
    kind: (match) => slubKind(match[3]!),
    title: (match) => `BUG: ${literal(match[3]!.trim().replace(/ 0x[0-9a-f]+.*$/, ""))} in {f}`,
    alt: (match) => `BUG ${match[1]!}: ${match[3]!.trim()}`,
  },
];
