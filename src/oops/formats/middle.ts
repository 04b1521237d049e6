/** mm/oom_kill.c dump_header, mm/page_alloc.c warn_alloc, and every architecture's die(). */
import type { CrashFormat } from "../format.ts";

/** Headers that begin with a task's name or with free words: they are looked for only where `word`, which begins with a rare character, stands in the line. */
export const middles: readonly { readonly word: string; readonly format: CrashFormat }[] = [
  {
    word: "(GFP_",
    format: {
      starts: [], header: /[^\n]{1,64}? invoked oom-killer: /y,
      stage: "announcement", weight: 6, kind: "out-of-memory", title: "out of memory: oom-killer invoked", names: "trace", trace: "none",
    },
  },
  {
    word: "(GFP_",
    format: {
      starts: [], header: /[^\n]{1,64}?: page allocation failure: /y,
      stage: "announcement", weight: 6, kind: "out-of-memory", title: "page allocation failure in {f}", names: "trace", trace: "needed",
    },
  },
  {
    // die() of any architecture: whatever it was, with its error code and the number of the oops.
    word: "[#",
    format: {
      starts: [], header: /[A-Za-z][\w ,!-]{2,80}?(?:: (?:0x)?[0-9a-f]{1,16} |: [0-9a-f]{4} ilc:\d )?\[#\d{1,6}\]/y,
      stage: "death", weight: 1, kind: "other", title: "kernel oops in {f}", names: "pc", trace: "needed",
    },
  },
];
