import { byTrail, earlierOf, nobody, suspectOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { guard, slubDebug, trace } from "../steps.ts";
import { someone } from "../words.ts";
import { secondFree } from "../second-free.ts";

/** The functions that give an skb back (net/core/skbuff.c), under whatever name the kernel's version has for them. */
const freesSkb = /^_{0,2}(?:kfree_skb|consume_skb|napi_consume_skb|skb_release_(?:data|all|head_state)|skb_free_head|kfree_skbmem|kfree_skb_reason|kfree_skb_partial|dev_kfree_skb_(?:any|irq)_?\w*|sk_skb_reason_drop|skb_unref|napi_skb_cache_put|kfree_skb_list\w*)/;

/** A network buffer is freed a second time: seen by SLUB, by KASAN at the second free's first read, or by the socket's count before either. */
export const doubleFreeSkb: Rule = {
  name: "double-free-skb",
  kinds: ["double-free", "use-after-free", "refcount"],
  needs: [],
  when: (subject) => {
    const { report, trail } = subject;
    const frees = trail.find(({ symbol, functions }) => freesSkb.test(symbol ?? "") || functions.some((fn) => freesSkb.test(fn.function)));
    const cache = subject.find(/\bBUG (skbuff_\w+) \(|belongs to the cache (skbuff_\w+) of/);
    const before = earlierOf("first free", subject.freedBy, subject);
    if (report.kind === "double-free") {
      if (frees === undefined && cache === null) return null;
    } else {
      // By inference: a use within a free function, of an object that such a function freed; or the socket's count that a freed skb takes down once more.
      if (frees === undefined) return null;
      const freed = cache !== null || subject.freedBy.some(({ symbol, functions }) => freesSkb.test(symbol ?? "") || functions.some((fn) => freesSkb.test(fn.function)));
      const socket = trail.slice(0, 3).some(({ symbol }) => /^(?:sock_[wro]?free|sock_efree|tcp_wfree|skb_release_head_state)/.test(symbol ?? ""));
      if (report.kind === "refcount" ? !socket : !freed) return null;
    }
    const evidence = secondFree(subject);
    if (frees !== undefined) evidence.push({ logLine: frees.logLine, text: frees.text, why: "what is freed is an skb" });
    // A driver of the kernel frees what it sent, as it should: who freed it before may be any module that had it.
    const blame = byTrail(subject);
    const victim = before === null && subject.facts.outOfTree.length > 0 && blame.place !== null && !subject.isOutOfTree(blame.place.frame.module) ? blame.place : null;
    if (victim !== null) return { evidence, blame: nobody, confidence: "medium", suspects: [suspectOf(victim, "it frees the buffer for the second time, and may be right to")] };
    return { evidence, earlier: before === null ? [] : [before.earlier], ...(report.kind === "double-free" ? {} : { confidence: "medium" as const }) };
  },
  blame: byTrail,
  confidence: "high",
  summary: (who, { report }) => `double free of an skb: ${someone(who, "someone")} frees a network buffer that was freed before${report.kind === "double-free" ? "" : " (inferred: the free functions themselves met a buffer that was gone)"}`,
  next: (subject, guilty) => [
    ...guard(subject, guilty),
    ...trace(guilty, "see which buffers it gets, and from whom"),
    ...slubDebug(subject, "FU"),
  ],
};
