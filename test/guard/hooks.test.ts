import { expect, it } from "vitest";
import { missingRole, planHooks, type KernelNames } from "../../src/guard/index.ts";

/** Functions with a type, as this kernel has them, by their number of arguments. */
const typed61: Readonly<Record<string, number>> = {
  __alloc_skb: 4, __build_skb: 2, __consume_stateless_skb: 1, __dev_kfree_skb_irq: 2, __kfree_skb: 1, __kfree_skb_defer: 1, __napi_alloc_skb: 3, __netdev_alloc_skb: 3, __skb_clone: 2, alloc_skb_for_msg: 1,
  build_skb: 2, build_skb_around: 3, consume_skb: 1, kfree_skb_list_reason: 2, kfree_skb_partial: 2, kfree_skb_reason: 2, kfree_skbmem: 1, kmem_cache_alloc_bulk: 4, napi_build_skb: 2, napi_consume_skb: 2,
  napi_skb_cache_get: 0, napi_skb_free_stolen_head: 1, skb_attempt_defer_free: 1, skb_clone: 2, skb_morph: 2, skb_release_head_state: 1,
};
/** The same without some of them. */
const without = (...names: string[]): Readonly<Record<string, number>> => Object.fromEntries(Object.entries(typed61).filter(([name]) => !names.includes(name)));
const tracepoints61 = new Set(["kmalloc", "kmem_cache_alloc", "kfree", "kmem_cache_free"]);

const kernel = (typed: Readonly<Record<string, number>>, functions: readonly string[] = Object.keys(typed), tracepoints: ReadonlySet<string> = tracepoints61): KernelNames => ({
  argumentsOf: (name) => typed[name] ?? null,
  hasFunction: (name) => functions.includes(name),
  hasTracepoint: (name) => tracepoints.has(name),
});

const wishes = { release: true, slab: true, leaks: false, calls: (): boolean => false };
const programs = ({ hooks }: { readonly hooks: readonly { readonly program: string }[] }): string[] => hooks.map(({ program }) => program);

it("takes one hook for the end of an skb, and attaches what clears before what marks", () => {
  const plan = planHooks(kernel(typed61), wishes);
  expect(programs(plan)).toEqual([
    "t_kmem_cache_alloc", "t_kmalloc", "f___skb_clone", "f_skb_clone", "f___alloc_skb", "f___build_skb", "f_build_skb", "f_alloc_skb_for_msg", "f___netdev_alloc_skb", "f_napi_skb_cache_get", "f_kmem_cache_alloc_bulk", "f_build_skb_around", "f___dev_kfree_skb_irq",
    "t_kfree", "t_kmem_cache_free", "f_skb_release_head_state", "f___consume_stateless_skb", "f_napi_skb_free_stolen_head",
  ]);
  expect({ left: plan.left, release: plan.release, cachePut: plan.cachePut, missing: missingRole(plan.hooks) }).toEqual({ left: [], release: true, cachePut: false, missing: null });
});

it("has an allocation seen twice, as the kernel leaves out a program that is stopped on the same processor", () => {
  const turns = ({ hooks }: { readonly hooks: readonly { readonly program: string; readonly turn: string }[] }): object => Object.fromEntries(hooks.filter(({ turn }) => turn !== "first").map(({ program, turn }) => [program, turn]));
  const seconds = { f___alloc_skb: "second", f___build_skb: "second", f_build_skb: "second", f_alloc_skb_for_msg: "second", f___netdev_alloc_skb: "second" };
  expect(turns(planHooks(kernel(typed61), wishes))).toEqual({ ...seconds, f_skb_clone: "second" });
  expect(turns(planHooks(kernel(without("__skb_clone")), wishes))).toEqual({ ...seconds, f_skb_clone: "alone", f_skb_morph: "alone" });
});

it("stands on nobody's way with objects that the modules do not free", () => {
  expect(programs(planHooks(kernel(typed61), { ...wishes, slab: false })).filter((name) => name.startsWith("t_"))).toEqual(["t_kmem_cache_alloc"]);
});

it("watches other frees of modules that call them, and with leaks what gives and takes unseen", () => {
  const typed = { ...typed61, vfree: 1, kvfree_call_rcu: 2, kmem_cache_free_bulk: 3, skb_copy: 2 };
  const functions = [...Object.keys(typed), "__vmalloc_node_range"];
  const more = (asked: object): string[] => {
    const usual = programs(planHooks(kernel(typed, functions), wishes));
    return programs(planHooks(kernel(typed, functions), { ...wishes, ...asked })).filter((name) => !usual.includes(name));
  };
  expect(more({ calls: (name: string) => name === "kvfree" })).toEqual(["k___vmalloc_node_range", "f_vfree"]);
  expect(more({ calls: (name: string) => name === "kvfree_call_rcu" })).toEqual(["f_kvfree_call_rcu"]);
  expect(more({ leaks: true })).toEqual(["l___alloc_skb", "l___netdev_alloc_skb", "l___napi_alloc_skb", "l_build_skb", "l_napi_build_skb", "l_skb_clone", "l_skb_copy", "f_kvfree_call_rcu", "f_kmem_cache_free_bulk"]);
});

it("takes the callers where clones, and skbs that are kept for a processor, have no function of their own", () => {
  const typed = { ...without("__skb_clone", "napi_skb_cache_get"), napi_alloc_skb: 2 };
  expect(programs(planHooks(kernel(typed), wishes)).filter((name) => /clone|morph|alloc_skb|build_skb/.test(name))).toEqual([
    "f_skb_clone", "f_skb_morph", "f___alloc_skb", "f___build_skb", "f_build_skb", "f_alloc_skb_for_msg", "f___netdev_alloc_skb", "f_napi_build_skb", "f_napi_alloc_skb", "f___napi_alloc_skb", "f_build_skb_around",
  ]);
  // Before 5.12 none is kept to be given out again.
  expect(programs(planHooks(kernel(without("napi_skb_cache_get", "napi_build_skb")), wishes)).filter((name) => name.includes("alloc_skb"))).toEqual([]);
});

it.each([
  ["the kernel lacks it", { ...wishes }, without("skb_release_head_state")],
  ["it would not do", { ...wishes, release: false }, typed61],
])("watches free functions and kfree_skbmem where the end of an skb cannot be watched at once: %s", (_, asked, typed) => {
  const plan = planHooks(kernel(typed), asked);
  expect(plan.hooks.flatMap(({ program, role }) => (role === "clear" ? [] : [`${role} ${program}`]))).toEqual([
    "check f_consume_skb", "check f___kfree_skb", "check f___consume_stateless_skb", "check f_skb_attempt_defer_free", "check f_kfree_skb_reason", "check f_kfree_skb_partial", "check f___dev_kfree_skb_irq",
    "check f_kfree_skb_list_reason", "mark f_kfree_skbmem", "mark f___kfree_skb_defer", "mark f_napi_skb_free_stolen_head", "mark f_napi_consume_skb", "both t_kfree", "both t_kmem_cache_free",
  ]);
  expect({ release: plan.release, missing: missingRole(plan.hooks) }).toEqual({ release: false, missing: null });
});

it("takes by name what has no type, and says what it leaves out", () => {
  const typed = without("kfree_skbmem", "kmem_cache_alloc_bulk", "skb_release_head_state");
  const { hooks, left } = planHooks(kernel({ ...typed, build_skb_around: 1 }, Object.keys(typed61)), wishes);
  expect(hooks.filter(({ way }) => way === "kprobe")).toEqual([{ program: "k_kfree_skbmem", function: "kfree_skbmem", role: "mark", way: "kprobe", turn: "first" }]);
  expect(left).toEqual([
    { function: "kmem_cache_alloc_bulk", role: "clear", why: "it has no type in the kernel's BTF" },
    { function: "build_skb_around", role: "clear", why: "it takes 1 arguments, and 3 are known" },
  ]);
});

it("knows a processor's cache of skbs that is a function of its own", () => {
  expect(planHooks(kernel({ ...without("skb_release_head_state"), napi_skb_cache_put: 1 }), wishes).cachePut).toBe(true);
});

it.each([
  ["kfree_skbmem", "the end of a free (kfree_skbmem) cannot be watched"],
  ["consume_skb", "the begin of a free (consume_skb) cannot be watched"],
])("does without nothing that it rests on: %s", (name, why) => {
  expect(missingRole(planHooks(kernel(without(name, "skb_release_head_state")), wishes).hooks)).toBe(why);
});

it("does not do without the tracepoint of allocations", () => {
  expect(missingRole(planHooks(kernel(typed61, undefined, new Set(["kfree"])), wishes).hooks)).toBe("the allocation of objects (the tracepoint kmem_cache_alloc) cannot be watched");
});
