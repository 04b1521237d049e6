/** KASAN, KFENCE, KCSAN, KMSAN, UBSAN and kCFI (mm/kasan/report.c, mm/kfence/report.c, kernel/kcsan/report.c, mm/kmsan/report.c, lib/ubsan.c, kernel/cfi.c). */
import type { CrashFormat } from "../format.ts";
import { plainName } from "../passed-over.ts";
import type { CrashKind } from "../types.ts";

function memoryKind(what: string): CrashKind {
  if (what.startsWith("double-free or invalid-free") || what.startsWith("double-free")) return "double-free";
  if (what.includes("invalid-free") || what === "invalid free") return "invalid-free";
  if (what.includes("use-after")) return "use-after-free";
  if (what.includes("out-of-bounds")) return "out-of-bounds";
  if (what.startsWith("null-ptr-deref")) return "null-dereference";
  if (what.startsWith("user-memory-access")) return "user-access";
  if (what.includes("corruption")) return "memory-corruption";
  return "bad-access";
}

const undefinedKind = (what: string): CrashKind =>
  what.includes("out-of-bounds") && !what.includes("shift") ? "out-of-bounds" : what === "null-ptr-deref" ? "null-dereference" : "undefined-behaviour";

const symbol = String.raw`[A-Za-z_.$][\w.$]{0,511}`;

export const sanitizerFormats: readonly CrashFormat[] = [
  {
    // `oopscope guard`'s own, in the manner of KASAN (src/guard/text.ts, programs/guard.bpf.c).
    starts: ["BUG: oopscope-guard: "],
    header: /BUG: oopscope-guard: (double-free|use-after-free|invalid-free) of (an skb|an object) at 0x[0-9a-f]{1,16}/y,
    stage: "announcement", weight: 8, names: "trace", trace: "needed", closedBy: "banner",
    kind: (match) => memoryKind(match[1]!),
    title: (match) => `oopscope-guard: ${match[1]!} of ${match[2]!} in {f}`,
  },
  {
    starts: ["BUG: oopscope-guard: leak"],
    header: /BUG: oopscope-guard: leak of \d{1,12} (skb|object)s?, \d{1,20} bytes/y,
    stage: "announcement", weight: 8, names: "trace", trace: "needed", closedBy: "banner",
    kind: "leak",
    title: (match) => `oopscope-guard: leak of ${match[1]!}s in {f}`,
  },
  {
    starts: ["BUG: KASAN: "],
    header: /BUG: KASAN: ([a-z][a-z-]+(?: or [a-z-]+)?)(?: on address [0-9a-f]{8,16})? (?:in|at addr)/y,
    stage: "announcement", weight: 8, names: "header", trace: "needed", closedBy: "banner",
    kind: (match) => memoryKind(match[1]!),
    title: (match) => `KASAN: ${match[1]!}{access} in {f}`,
  },
  {
    starts: ["BUG: KFENCE: "],
    header: /BUG: KFENCE: ([a-z][a-z -]{2,40}?) in /y,
    stage: "announcement", weight: 8, names: "header", trace: "needed", closedBy: "banner",
    kind: (match) => memoryKind(match[1]!),
    title: (match) => `KFENCE: ${match[1]!} in {f}`,
  },
  {
    starts: ["BUG: KCSAN: "],
    header: new RegExp(String.raw`BUG: KCSAN: ([a-z][a-z: -]{2,40}?) in (${symbol})(?: \[[\w-]+\])?(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: \[[\w-]+\])?(?: / (${symbol}))?`, "y"),
    stage: "announcement", weight: 8, names: "header", trace: "needed", closedBy: "banner",
    kind: "data-race",
    title: (match) => `KCSAN: ${match[1]!} in ${plainName(match[2]!)}${match[3] === undefined ? "" : ` / ${plainName(match[3])}`}`,
  },
  {
    starts: ["BUG: KMSAN: "],
    header: /BUG: KMSAN: ([a-z][a-z-]{2,40}) in /y,
    stage: "announcement", weight: 8, names: "header", trace: "needed", closedBy: "banner",
    kind: (match) => (match[1]!.includes("use-after-free") ? "use-after-free" : "uninitialized"),
    title: (match) => `KMSAN: ${match[1]!} in {f}`,
  },
  {
    starts: ["UBSAN: "],
    header: /UBSAN: ([A-Za-z][A-Za-z _-]{2,60}?)(?: in (\S{1,300}))?\s*$/y,
    stage: "cause", weight: 8, names: "trace", trace: "needed", closedBy: "banner",
    kind: (match) => undefinedKind(match[1]!.toLowerCase()),
    title: (match) => `UBSAN: ${match[1]!} in {f}`,
    alt: (match) => `UBSAN: ${match[1]!}${match[2] === undefined ? "" : ` in ${match[2]}`}`,
  },
  {
    starts: ["CFI failure at "],
    header: /CFI failure at /y,
    stage: "cause", weight: 8, names: "header", trace: "needed", kind: "cfi", title: "CFI failure in {f}",
  },
  {
    starts: ["traps: Missing ENDBR", "Missing ENDBR"],
    header: /(?:traps: )?Missing ENDBR: /y,
    stage: "cause", weight: 8, names: "header", trace: "needed", kind: "cfi", title: "Missing ENDBR in {f}",
  },
];
