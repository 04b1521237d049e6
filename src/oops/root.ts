/** The root kind: what the log's text proves to have happened, which may be more than the kernel's own words say. */
import type { Draft } from "./draft.ts";
import type { Header } from "./format.ts";
import { plainName } from "./passed-over.ts";
import type { ReportFrames } from "./report-frames.ts";
import type { CrashKind } from "./types.ts";

export function kindOf(header: Header): CrashKind {
  const { kind } = header.format;
  return typeof kind === "function" ? kind(header.match) : kind;
}

type Rule = (draft: Draft, frames: ReportFrames) => CrashKind | null;

const freeing = /^(?:kfree|__kfree|kmem_cache_free|kmem_cache_free_bulk|__slab_free|do_slab_free|slab_free|___cache_free|__kmem_cache_free|kfree_sensitive|kvfree|set_freepointer|__kmem_cache_free_bulk|slab_free_freelist_hook|free_to_partial_list|__kmem_cache_do_free|kfree_bulk)/;

/**
 * SLUB's freelist check under CONFIG_SLAB_FREELIST_HARDENED: set_freepointer stands near the top of mm/slub.c (lines 300 to 620 from 4.14 to 6.12), and its
 * BUG_ON(object == fp), "naive detection of double free", is the only one there that the free path inlines. The other BUG_ONs under kfree (pages that
 * are no slab's) stand beyond line 3000.
 */
const doubleFree: Rule = (draft, { pc }) => {
  const at = headerMatch(draft, /kernel BUG at (?:\S{1,300}\/)?mm\/slub\.c:(\d{1,7})!/);
  if (at === null || Number(at[1]) >= 1000 || pc?.symbol == null) return null;
  return freeing.test(plainName(pc.symbol)) ? "double-free" : null;
};

/** `free_large_kmalloc` and `free_nonslab_page` complain of a pointer that kmalloc never gave out. */
const invalidFree: Rule = (draft, { pc, trace }) => {
  if (headerMatch(draft, /WARNING: .*mm\/(?:slab_common|slub)\.c/) === null) return null;
  return [pc, trace[0]].some((raw) => raw?.symbol != null && /^(?:free_large_kmalloc|free_nonslab_page)$/.test(plainName(raw.symbol))) ? "invalid-free" : null;
};

/** kfree itself touches nothing but what it finds by the pointer it was given: when that faults, the pointer was no object's. */
const wildFree: Rule = (draft, { pc }) => {
  if (pc?.symbol == null || !/^(?:kfree|kfree_sensitive|kzfree|kvfree)$/.test(plainName(pc.symbol))) return null;
  return headerMatch(draft, /^(?:BUG: unable to handle (?:page fault|kernel paging)|(?:Oops: )?general protection fault|Unable to handle kernel paging)/) === null ? null : "invalid-free";
};

/** KFENCE calls it invalid when an object is freed that is free already, and shows who freed it first (mm/kfence/core.c, kfence_guarded_free). */
const secondFree: Rule = (draft) => (headerMatch(draft, /^BUG: KFENCE: invalid free in /) !== null && draft.stacks.some(({ name }) => name === "freed by") ? "double-free" : null);

/** The page belongs to user space and is there: only SMAP or SMEP forbade it. */
const userPage: Rule = (draft) => {
  if (headerMatch(draft, /^unable to execute userspace code/) !== null) return "user-access";
  const address = headerMatch(draft, /^BUG: unable to handle page fault for address: ([0-9a-f]{8,16})/)?.[1];
  return draft.protection && address !== undefined && /^0000[0-7]/.test(address) && !/^0{13}/.test(address) ? "user-access" : null;
};

/** s390 tells the address behind the header. */
const failing: Rule = (draft) => (draft.failing !== null && /^0{13}/.test(draft.failing) && headerMatch(draft, /^Unable to handle kernel pointer dereference/) !== null ? "null-dereference" : null);

/** KASAN explains a general protection fault in its next line. */
const range: Rule = (draft) => {
  if (draft.range === null) return null;
  if (draft.range.startsWith("null-ptr-deref")) return "null-dereference";
  return draft.range.startsWith("probably user-memory-access") || draft.range.startsWith("user-memory-access") ? "user-access" : null;
};

/** refcount_warn_saturate says it: an increment from 0, or a decrement below it. */
const refcount: Rule = (draft) => (headerMatch(draft, /refcount_t: (?:underflow|addition on 0|decrement hit 0|saturated)/) === null ? null : "refcount");

/** The stack ran into its guard page: the vmalloc'ed stack's double fault, or arm64's overflow stack. */
const stackOverflow: Rule = (draft) => (draft.headers.some(({ header }) => kindOf(header) === "stack-overflow" && header.format.weight >= 7) ? "stack-overflow" : null);

const rules: readonly Rule[] = [doubleFree, invalidFree, wildFree, secondFree, userPage, failing, range, refcount, stackOverflow];

export function rootKind(draft: Draft, main: Header, frames: ReportFrames): CrashKind {
  for (const rule of rules) {
    const kind = rule(draft, frames);
    if (kind !== null) return kind;
  }
  return kindOf(main);
}

function headerMatch(draft: Draft, form: RegExp): RegExpExecArray | null {
  for (const { header } of draft.headers) {
    const { input, index } = header.match;
    const match = form.exec(input.slice(index, index + 1024));
    if (match !== null) return match;
  }
  return null;
}
