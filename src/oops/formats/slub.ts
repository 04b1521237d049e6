/** What SLUB's own checks print (mm/slub.c slab_bug, object_err, slab_err). */
import { literal, type CrashFormat } from "../format.ts";
import type { CrashKind } from "../types.ts";

function slubKind(what: string): CrashKind {
  // A slab with fewer objects in use than are being freed: some of them were free before (free_to_partial_list).
  if (/already free|allocated objects but \d+ are to be freed/i.test(what)) return "double-free";
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
    // Newer kernels (6.12.117, 7.2: seen) let object_err and slab_err warn at the end of the report instead of dumping the stack themselves.
    tracedBy: (match) => match[0].startsWith("WARNING: ") && /(?:^|\/)mm\/slub\.c$/.test(match[1] ?? match[3] ?? ""),
    kind: (match) => slubKind(match[3]!),
    title: (match) => `BUG: ${literal(match[3]!.trim().replace(/ 0x[0-9a-f]+.*$/, ""))} in {f}`,
    alt: (match) => `BUG ${match[1]!}: ${match[3]!.trim()}`,
  },
];
