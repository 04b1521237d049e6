import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { set, trace } from "../steps.ts";
import { someone } from "../words.ts";

/** The page allocator got back, or was about to give out, a page that is still in use (mm/page_alloc.c bad_page). */
export const badPage: Rule = {
  name: "bad-page",
  kinds: ["memory-corruption"],
  needs: [{ form: /BUG: Bad page (?:state|map|cache)[^\n]*|BUG: Bad rss-counter[^\n]*|BUG: non-zero pgtables_bytes[^\n]*/, why: "what is wrong with the page" }],
  helps: [{ form: /page dumped because: [^\n]*/, why: "the check that failed" }],
  blame: byTrail,
  confidence: "low",
  summary: (who, subject) => subject.has(/Bad page state/) ? `a page was given back while it was still used (or its struct page was overwritten); ${someone(who, "the one who gave it back")} met it` : `the page tables of a process are damaged; ${someone(who, "its end")} met it`,
  next: (_subject, guilty) => [...set("page_owner=on debug_pagealloc=on", "boot with these, so that the report shows who allocated and who freed the page"), ...trace(guilty, "see the pages that it takes and gives")],
};
