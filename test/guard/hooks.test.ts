import { expect, it } from "vitest";
import { missingRole, planHooks, type KernelNames } from "../../src/guard/index.ts";

/** Functions with a type, as this kernel has them, by their number of arguments. */
const typed61: Readonly<Record<string, number>> = {
  __alloc_skb: 4, __build_skb: 2, __consume_stateless_skb: 1, __dev_kfree_skb_irq: 2, __kfree_skb: 1, __kfree_skb_defer: 1, __napi_alloc_skb: 3, __netdev_alloc_skb: 3, __skb_clone: 2, alloc_skb_for_msg: 1,
  build_skb: 2, build_skb_around: 3, consume_skb: 1, kfree_skb_list_reason: 2, kfree_skb_partial: 2, kfree_skb_reason: 2, kfree_skbmem: 1, kmem_cache_alloc_bulk: 4, napi_build_skb: 2, napi_consume_skb: 2,
  napi_skb_cache_get: 0, napi_skb_free_stolen_head: 1, skb_attempt_defer_free: 1, skb_clone: 2, skb_morph: 2,
};
/** The same without some of them. */
const without = (...names: string[]): Readonly<Record<string, number>> => Object.fromEntries(Object.entries(typed61).filter(([name]) => !names.includes(name)));
const tracepoints61 = new Set(["kmalloc", "kmem_cache_alloc", "kfree", "kmem_cache_free"]);

const kernel = (typed: Readonly<Record<string, number>>, functions: readonly string[] = Object.keys(typed), tracepoints: ReadonlySet<string> = tracepoints61): KernelNames => ({
  argumentsOf: (name) => typed[name] ?? null,
  hasFunction: (name) => functions.includes(name),
  hasTracepoint: (name) => tracepoints.has(name),
});

it("takes by its type what has one, and attaches what clears before what marks", () => {
  const { hooks, left, cachePut } = planHooks(kernel(typed61));
  expect(hooks.map(({ program }) => program)).toEqual([
    "t_kmalloc", "t_kmem_cache_alloc", "f___alloc_skb", "f___build_skb", "f_build_skb", "f_napi_build_skb", "f_skb_clone", "f___skb_clone", "f_skb_morph", "f_alloc_skb_for_msg", "f___netdev_alloc_skb",
    "f___napi_alloc_skb", "f_build_skb_around", "f_napi_skb_cache_get", "f_kmem_cache_alloc_bulk", "f_consume_skb", "f___kfree_skb", "f___consume_stateless_skb", "f_skb_attempt_defer_free", "f_kfree_skb_reason",
    "f_kfree_skb_partial", "f___dev_kfree_skb_irq", "f_kfree_skb_list_reason", "f_kfree_skbmem", "f___kfree_skb_defer", "f_napi_skb_free_stolen_head", "f_napi_consume_skb", "t_kfree", "t_kmem_cache_free",
  ]);
  expect({ left, cachePut, missing: missingRole(hooks) }).toEqual({ left: [], cachePut: false, missing: null });
});

it("takes by name what has no type, and says what it leaves out", () => {
  const typed = without("kfree_skbmem", "kmem_cache_alloc_bulk");
  const { hooks, left } = planHooks(kernel({ ...typed, napi_skb_cache_get: 1 }, Object.keys(typed61)));
  expect(hooks.filter(({ way }) => way === "kprobe")).toEqual([{ program: "k_kfree_skbmem", function: "kfree_skbmem", role: "mark", way: "kprobe" }]);
  expect(left).toEqual([
    { function: "napi_skb_cache_get", role: "clear", why: "it takes 1 arguments, and 0 are known" },
    { function: "kmem_cache_alloc_bulk", role: "clear", why: "it has no type in the kernel's BTF" },
  ]);
});

it("knows a processor's cache of skbs that is a function of its own", () => {
  expect(planHooks(kernel({ ...typed61, napi_skb_cache_put: 1 })).cachePut).toBe(true);
});

it.each([
  ["kfree_skbmem", "the end of a free (kfree_skbmem) cannot be watched"],
  ["__alloc_skb", "the allocation of skbs (__alloc_skb) cannot be watched"],
  ["consume_skb", "the begin of a free (consume_skb) cannot be watched"],
])("does without nothing that it rests on: %s", (name, why) => {
  expect(missingRole(planHooks(kernel(without(name))).hooks)).toBe(why);
});

it("does not do without the tracepoint of allocations", () => {
  expect(missingRole(planHooks(kernel(typed61, undefined, new Set(["kfree"]))).hooks)).toBe("the allocation of objects (the tracepoint kmem_cache_alloc) cannot be watched");
});
