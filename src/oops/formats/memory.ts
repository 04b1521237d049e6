/** Leaks, bad pages and exhausted memory (mm/kmemleak.c, mm/page_alloc.c bad_page, mm/memory.c, mm/oom_kill.c, net/core/dev.c). */
import type { CrashFormat } from "../format.ts";

export const memoryFormats: readonly CrashFormat[] = [
  {
    starts: ["unreferenced object 0x"],
    header: /unreferenced object 0x[0-9a-f]{8,16} \(size (\d{1,12})\)/y,
    stage: "announcement", weight: 6, kind: "leak", title: "memory leak in {f}", names: "trace", trace: "needed",
  },
  {
    starts: ["BUG: Bad page state", "BUG: Bad page map", "BUG: Bad rss-counter", "BUG: non-zero pgtables_bytes", "BUG: Bad page cache"],
    header: /BUG: (Bad page state|Bad page map|Bad rss-counter state|non-zero pgtables_bytes|Bad page cache)/y,
    stage: "announcement", weight: 6, kind: "memory-corruption",
    title: (match) => (match[1]!.startsWith("Bad page") ? `BUG: ${match[1]!} in {f}` : `BUG: ${match[1]!}`), names: "trace", trace: "none",
  },
  {
    starts: ["unregister_netdevice: waiting for "],
    header: /unregister_netdevice: waiting for (\S{1,16}) to become free/y,
    stage: "announcement", weight: 6, kind: "leak", title: "unregister_netdevice: waiting for DEV to become free", names: "trace", trace: "none", repeats: true,
    alt: (match) => `unregister_netdevice: waiting for ${match[1]!} to become free`,
  },
];
